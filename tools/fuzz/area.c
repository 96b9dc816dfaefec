// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem-fuzz: memory for arguments
 *
 * The same pages twice: as this program writes and reads them, always there; and as the
 * kernel is told of them, where some are read-only or missing, and a sibling takes
 * one away for a moment. So nobody but the kernel ever meets a hole.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

/* By page. What is not named is a hole. */
enum {
	AREA_STRUCTURE = 0,
	AREA_READ_ONLY = 2,
	AREA_ENTRIES = 4,	/* two pages */
	AREA_ENTRIES_END = 6,
	AREA_PAGES = 8,
};

static int area_fd = -1;
static unsigned int areas;

static void *map_pages(void *at, unsigned int page, unsigned int first, unsigned int nr)
{
	void *p = mmap(at, (size_t)nr * page, PROT_READ | PROT_WRITE,
		       MAP_SHARED | (at ? MAP_FIXED : 0), area_fd, (off_t)first * page);

	if (p == MAP_FAILED)
		fuzz_die("mmap");
	return p;
}

void fuzz_area_init(struct fuzz_area *a, unsigned int page)
{
	a->number = areas++;
	if (area_fd < 0)
		area_fd = fuzz_move_fd(memfd_create("area", MFD_CLOEXEC), FUZZ_FD_OWN);
	if (area_fd < 0 || ftruncate(area_fd, (off_t)areas * AREA_PAGES * page))
		fuzz_die("memfd");
	a->own = map_pages(NULL, page, a->number * AREA_PAGES, AREA_PAGES);
	a->call = map_pages(NULL, page, a->number * AREA_PAGES, AREA_PAGES);
	mprotect(a->call + page, page, PROT_NONE);
	mprotect(a->call + AREA_READ_ONLY * page, page, PROT_READ);
	mprotect(a->call + (AREA_READ_ONLY + 1) * page, page, PROT_NONE);
	mprotect(a->call + AREA_ENTRIES_END * page, 2 * page, PROT_NONE);
}

/* Takes the structure's page away, or the right to write there, and gives it back. */
void fuzz_area_protect(struct fuzz_area *a, unsigned int page, unsigned int how)
{
	unsigned char *at = a->call + AREA_STRUCTURE * page;

	if (how < 2) {
		mprotect(at, page, how ? PROT_READ : PROT_NONE);
		mprotect(at, page, PROT_READ | PROT_WRITE);
		return;
	}
	/* Never free for anybody else to be mapped there. */
	if (mmap(at, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	    MAP_FAILED)
		fuzz_die("mmap");
	map_pages(at, page, a->number * AREA_PAGES + AREA_STRUCTURE, 1);
}

/* The addresses of which nothing is known but that they are bad. */
static unsigned long bad_address(unsigned int ptr)
{
	switch (ptr) {
	case PTR_KERNEL:
		/* Where 64-bit kernels begin to map memory, or above what 32 bits may have. */
		return sizeof(long) == 8 ? -(1UL << (sizeof(long) * 8 - 17)) : -4096UL;
	case PTR_TOP:
		return -8UL;
	default:
		return 0;
	}
}

/* Puts the structure where the call wants it. Returns what the kernel is told. */
unsigned long fuzz_area_place(struct fuzz_area *a, unsigned int page, const struct fuzz_call *c,
			      const void *arg, unsigned int bytes)
{
	unsigned int room = bytes < page ? page - bytes : 0;

	switch (c->ptr) {
	case PTR_PAGE:
		a->at = AREA_STRUCTURE * page;
		break;
	case PTR_PAGE_END:
		a->at = AREA_STRUCTURE * page + room;
		break;
	case PTR_UNALIGNED:
		a->at = AREA_STRUCTURE * page + (room < 5 ? room : 5);
		break;
	case PTR_READ_ONLY:
		a->at = AREA_READ_ONLY * page;
		break;
	case PTR_ACROSS:
		a->at = AREA_STRUCTURE * page + page - 8;
		break;
	case PTR_GUARD:
		a->at = (AREA_STRUCTURE + 1) * page;
		break;
	default:
		return bad_address(c->ptr);
	}
	memcpy(a->own + a->at, arg, bytes);
	return (unsigned long)a->call + a->at;
}

/* Where a list of so many bytes goes: at the end of its pages, if there is room. */
unsigned long fuzz_area_entries(struct fuzz_area *a, unsigned int page, unsigned int ptr,
				__u64 bytes)
{
	unsigned long end = (unsigned long)a->call + AREA_ENTRIES_END * page;

	switch (ptr) {
	case PTR_PAGE:
		return end - 2 * page;
	case PTR_PAGE_END:
		return bytes <= 2 * page ? end - bytes : end - 2 * page;
	case PTR_UNALIGNED:
		return end - 2 * page + 3;
	case PTR_READ_ONLY:
		return (unsigned long)a->call + AREA_READ_ONLY * page;
	case PTR_ACROSS:
		return end - 8;
	case PTR_GUARD:
		return end;
	default:
		return bad_address(ptr);
	}
}
