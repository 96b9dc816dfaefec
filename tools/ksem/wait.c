// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem wait: until nobody holds and nobody is queued.
 */
#include <errno.h>
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

#define LOOK_AGAIN_MS	1000

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

/* Milliseconds until @deadline_ns, rounded up, but at most until it is time to look. */
static int pause_ms(long long deadline_ns)
{
	long long left = (deadline_ns - now_ns() + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC;

	return left < LOOK_AGAIN_MS ? left : LOOK_AGAIN_MS;
}

/*
 * Each permit that comes back is an edge, and so is a queue that becomes empty while
 * something is free. In a deficit nothing is free at the end: that is what the second
 * is for. Nothing is acquired: that would be in the others' way.
 */
static int watch(const struct ksem *k)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int set = epoll_create1(EPOLL_CLOEXEC);

	if (set < 0 || epoll_ctl(set, EPOLL_CTL_ADD, ksem_fd(k), &event))
		err(EXIT_FAILED, "epoll");
	return set;
}

static int wait_until_idle(const struct ksem *k, int set, long long deadline_ns)
{
	struct ksem_info info = { .size = sizeof(info) };
	struct epoll_event event;
	int pause;

	for (;;) {
		if (ksem_info(k, &info))
			err(EXIT_FAILED, "info");
		if (!info.out_held && !info.out_waiters)
			return 0;
		pause = pause_ms(deadline_ns);
		if (pause <= 0)
			return EXIT_TIMED_OUT;
		epoll_wait(set, &event, 1, pause);
	}
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "wait", required_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ },
	};
	long long deadline_ns = INT64_MAX;
	struct timespec relative;
	struct ksem *k;
	int option, set, status = 0;

	while ((option = getopt_long(argc, argv, "w:h", options, NULL)) != -1) {
		if (option == 'h')
			return command_help(&command_wait);
		if (option != 'w' || !number_seconds(optarg, &relative))
			return command_usage(&command_wait);
		deadline_ns = now_ns() + relative.tv_sec * NSEC_PER_SEC + relative.tv_nsec;
	}
	if (optind == argc)
		return command_usage(&command_wait);
	for (; optind < argc && !status; optind++) {
		k = name_open(argv[optind], O_RDONLY);
		if (!k)
			return EXIT_FAILED;
		set = watch(k);
		status = wait_until_idle(k, set, deadline_ns);
		close(set);
		ksem_close(k);
	}
	return status;
}

const struct command command_wait = {
	.name = "wait",
	.arguments = "[-w SECONDS] NAME...",
	.summary = "Wait until nobody holds permits and nobody is queued",
	.help = "One after the other, where there are several.\n\n"
		"  -w, --wait SECONDS  no longer than that: exit status 124 then\n"
		"  -h, --help          this text\n",
	.run = run,
};
