// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem mount: the semaphores' file system, with a tmp/ for everybody.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "command.h"
#include "mount.h"

bool mount_present(const char *directory)
{
	struct statfs fs;

	return !statfs(directory, &fs) && fs.f_type == KSEMFS_MAGIC;
}

static int explain_failure(const char *directory)
{
	int error = errno;
	const char *advice = strerror(error);

	if (error == ENODEV)
		advice = "the kernel has no ksemfs: run 'modprobe ksem'";
	else if (error == EPERM)
		advice = "only root can mount it";
	else if (error == ENOENT && !strcmp(directory, KSEM_MOUNT))
		advice = "it comes with the module: run 'modprobe ksem'";
	else if (error == EINVAL)
		advice = "the options are not right: see ksemfs(5)";
	warnx("%s: can't be mounted: %s", directory, advice);
	return EXIT_FAILED;
}

/*
 * 'ksem apply' makes it on its way to a semaphore in it, for nobody but root; or else
 * somebody wants it narrower. Which of them it was does not show, and to open what was
 * closed on purpose is worse than to ask.
 */
static int check_tmp(const char *tmp)
{
	struct stat st;

	if (lstat(tmp, &st))
		warn("%s", tmp);
	else if (!S_ISDIR(st.st_mode))
		warnx("%s: is a semaphore in the place of the directory: 'ksem rm' it", tmp);
	else if ((st.st_mode & 01777) != 01777)
		warnx("%s: has mode %04o, and is not for everybody: 'chmod 1777' makes it so",
		      tmp, st.st_mode & 07777);
	else
		return 0;
	return EXIT_FAILED;
}

/* The umask is cleared, so nothing has to be repaired after mkdir(2). */
static int make_tmp(const char *directory)
{
	char *tmp;
	int status;

	if (asprintf(&tmp, "%s/tmp", directory) < 0)
		must(NULL);
	umask(0);
	if (!mkdir(tmp, 01777) || errno == EEXIST) {
		status = check_tmp(tmp);
	} else {
		warn("%s", tmp);
		status = EXIT_FAILED;
	}
	free(tmp);
	return status;
}

/* A directory of a ksemfs is not where one is mounted. */
static bool is_mounted(const char *directory)
{
	struct statx st;

	return mount_present(directory) && !statx(AT_FDCWD, directory, 0, 0, &st) &&
	       st.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

static int do_mount(const char *directory, const char *options)
{
	if (!is_mounted(directory) &&
	    mount("ksemfs", directory, "ksemfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options))
		return explain_failure(directory);
	return make_tmp(directory);
}

static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "options", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ },
	};
	const char *given = "mode=0755";
	int option;

	while ((option = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
		switch (option) {
		case 'o':
			given = optarg;
			break;
		case 'h':
			return command_help(&command_mount);
		default:
			return command_usage(&command_mount);
		}
	}
	if (argc - optind > 1)
		return command_usage(&command_mount);
	return do_mount(optind < argc ? argv[optind] : KSEM_MOUNT, given);
}

const struct command command_mount = {
	.name = "mount",
	.arguments = "[-o OPTIONS] [DIRECTORY]",
	.summary = "Mount the semaphores' file system, with a tmp/ for everybody",
	.help = "DIRECTORY is " KSEM_MOUNT " by default. Where a ksemfs is mounted already,\n"
		"only its tmp/ is made, if it is missing.\n\n"
		"  -o, --options OPTIONS  mode=, uid=, gid=, max=, as in ksemfs(5) (mode=0755)\n"
		"  -h, --help             this text\n",
	.run = run,
};
