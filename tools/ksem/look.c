// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is seen of a semaphore: its counts, its node, who holds and who waits. Looking
 * needs a handle, so what is said of handles leaves that one out.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "look.h"
#include "table.h"

struct look look_at(const char *path, const struct stat *st, int error)
{
	struct look look = {
		.path = path, .st = *st, .error = error, .info.size = sizeof(look.info),
	};
	struct ksem_attr *attr;

	if (error)
		return look;
	attr = must(ksem_attr_new());
	ksem_attr_set_access(attr, O_RDONLY);
	look.k = ksem_open(path, 0, 0, attr);
	if (!look.k || ksem_info(look.k, &look.info))
		look.error = errno;
	ksem_attr_free(attr);
	return look;
}

void look_end(struct look *look)
{
	if (look->k)
		ksem_close(look->k);
}

static void set(json_t *row, const char *key, json_t *value)
{
	if (json_object_set_new(row, key, must(value)))
		must(NULL);
}

/* @id as well where nobody is called so. */
static json_t *owner_name(uid_t id)
{
	const struct passwd *user = getpwuid(id);

	return user ? table_string(user->pw_name) : json_sprintf("%u", id);
}

static json_t *group_name(gid_t id)
{
	const struct group *group = getgrgid(id);

	return group ? table_string(group->gr_name) : json_sprintf("%u", id);
}

static json_t *kind_of(const struct look *look)
{
	unsigned int flags = look->info.out_flags;

	if (look->error == ESHUTDOWN || flags & KSEM_INFO_SHUTDOWN)
		return json_string("shutdown");
	if (look->error)
		return json_null();
	return json_sprintf("%s%s%s%s", flags & KSEM_CREATE_FAIR ? "fair" : "non-fair",
			    flags & KSEM_CREATE_SIGNAL ? ",signal" : "",
			    flags & KSEM_CREATE_PER_PROCESS ? ",per-process" : "",
			    flags & KSEM_CREATE_TEMPORARY ? ",temporary" : "");
}

static void set_node(json_t *row, const struct look *look)
{
	char *name = name_display(look->path);

	set(row, "name", table_string(name));
	set(row, "path", table_string(look->path));
	set(row, "kind", kind_of(look));
	free(name);
	if (!look->st.st_mode)
		return;
	set(row, "mode", json_sprintf("%04o", look->st.st_mode & 0777));
	set(row, "owner", owner_name(look->st.st_uid));
	set(row, "group", group_name(look->st.st_gid));
}

static void set_counts(json_t *row, const struct ksem_info *info)
{
	set(row, "available", json_integer(info->out_available));
	set(row, "capacity", json_integer(info->out_capacity));
	set(row, "held", json_integer(info->out_held));
	set(row, "max", json_integer(info->out_max));
	set(row, "waiters", json_integer(info->out_waiters));
	set(row, "demand", json_integer(info->out_demand));
	set(row, "holders", json_integer(info->out_holders));
	set(row, "handles", json_integer(info->out_handles - 1));
	set(row, "id", json_integer(info->out_id));
	set(row, "label", table_string((const char *)info->out_label));
	set(row, "recovered", json_boolean(info->out_flags & KSEM_INFO_RECOVERED));
}

static void set_history(json_t *row, const struct ksem_info *info)
{
	set(row, "acquires", json_integer(info->out_acquires));
	set(row, "releases", json_integer(info->out_releases));
	set(row, "reclaimed", json_integer(info->out_reclaimed));
	set(row, "waits", json_integer(info->out_waits));
	set(row, "timeouts", json_integer(info->out_timeouts));
	set(row, "interrupts", json_integer(info->out_interrupts));
	set(row, "wait-total", table_seconds(info->out_wait_total_ns));
	set(row, "wait-max", table_seconds(info->out_wait_max_ns));
	/*
	 * Milliseconds, as it is set. A fair semaphore has none, and where it is for ever
	 * there is no number.
	 */
	if (info->out_flags & KSEM_CREATE_FAIR)
		set(row, "handoff", json_null());
	else if (info->out_handoff_ns == KSEM_HANDOFF_NEVER)
		set(row, "handoff", json_string("never"));
	else
		set(row, "handoff", json_real((double)info->out_handoff_ns / NSEC_PER_MSEC));
}

json_t *look_row(const struct look *look)
{
	json_t *row = must(json_object());

	set_node(row, look);
	if (look->error) {
		set(row, "error", json_string(strerror(look->error)));
		return row;
	}
	set_counts(row, &look->info);
	set_history(row, &look->info);
	return row;
}

/* null where there is no such process for us to see. */
static json_t *command_of(unsigned int pid)
{
	char path[64], comm[64] = "";
	FILE *file;

	if (!pid)
		return json_null();
	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return json_null();
	if (!fgets(comm, sizeof(comm), file))
		comm[0] = '\0';
	fclose(file);
	comm[strcspn(comm, "\n")] = '\0';
	return table_string(comm);
}

static json_t *pid_value(unsigned int pid)
{
	return pid ? json_integer(pid) : json_null();
}

static unsigned long long now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

/* @ns is on CLOCK_MONOTONIC; people have calendars. */
static void set_times(json_t *row, unsigned long long ns)
{
	unsigned long long now = now_ns(CLOCK_MONOTONIC);
	unsigned long long age = now > ns ? now - ns : 0;
	time_t since = (now_ns(CLOCK_REALTIME) - age) / NSEC_PER_SEC;
	char text[64];
	struct tm tm;

	localtime_r(&since, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S%z", &tm);
	set(row, "since", json_string(text));
	set(row, "age", table_seconds(age));
}

static json_t *person(const struct look *look, unsigned int pid, unsigned int permits,
		      unsigned long long since_ns)
{
	json_t *row = must(json_object());
	char *name = name_display(look->path);

	set(row, "name", table_string(name));
	set(row, "pid", pid_value(pid));
	set(row, "command", command_of(pid));
	set(row, "permits", json_integer(permits));
	set_times(row, since_ns);
	free(name);
	return row;
}

/* Of those who hold and wait there may be more the next moment than this one. */
#define SPARE	64

void look_holders(const struct look *look, look_visitor visit, void *arg)
{
	struct ksem_holders holders = {
		.size = sizeof(holders),
		.entry_size = sizeof(struct ksem_holder_entry),
	};
	struct ksem_holder_entry *entries = NULL;
	unsigned int i;

	do {
		holders.count = holders.out_total + SPARE;
		entries = must(reallocarray(entries, holders.count, sizeof(*entries)));
		holders.entries = (uintptr_t)entries;
		if (ksem_holders(look->k, &holders))
			break;
	} while (holders.out_total > holders.count);
	for (i = 0; i < holders.out_count; i++) {
		const struct ksem_holder_entry *e = &entries[i];
		/* Who acquired it uses it, whoever opened the handle for it. */
		json_t *row = person(look, e->acquirer_pid ? e->acquirer_pid : e->opener_pid,
				     e->permits, e->since_ns);

		set(row, "opener", pid_value(e->opener_pid));
		set(row, "acquirer", pid_value(e->acquirer_pid));
		visit(row, arg);
	}
	free(entries);
}

void look_waiters(const struct look *look, look_visitor visit, void *arg)
{
	struct ksem_waiters waiters = {
		.size = sizeof(waiters),
		.entry_size = sizeof(struct ksem_waiter_entry),
	};
	struct ksem_waiter_entry *entries = NULL;
	unsigned int i;

	do {
		waiters.count = waiters.out_total + SPARE;
		entries = must(reallocarray(entries, waiters.count, sizeof(*entries)));
		waiters.entries = (uintptr_t)entries;
		if (ksem_waiters(look->k, &waiters))
			break;
	} while (waiters.out_total > waiters.count);
	for (i = 0; i < waiters.out_count; i++) {
		const struct ksem_waiter_entry *e = &entries[i];
		json_t *row = person(look, e->pid, e->permits, e->since_ns);

		set(row, "tid", pid_value(e->tid));
		set(row, "place", json_integer(i + 1));
		visit(row, arg);
	}
	free(entries);
}
