/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ksem: what differs between the kernels that the module builds for, and
 * nothing else. The rest of the module is written for the newest of them.
 */
#ifndef KSEM_COMPAT_H
#define KSEM_COMPAT_H

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/namei.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <linux/time_namespace.h>
#include <linux/version.h>

/* 6.13 renamed it when it began to set the callback too. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define hrtimer_setup_sleeper_on_stack	hrtimer_init_sleeper_on_stack
#endif

/*
 * CLOCK_MONOTONIC of the caller's time namespace, in ns, and back. The kernel's
 * own timens_ktime_to_host() is not exported.
 */
static inline s64 ksem_timens_offset(void)
{
#ifdef CONFIG_TIME_NS
	struct timespec64 *offset = &current->nsproxy->time_ns->offsets.monotonic;

	return offset->tv_sec * NSEC_PER_SEC + offset->tv_nsec;
#else
	return 0;
#endif
}

/* 6.14: two bits say who is told of what happens to a file. */
#ifndef FMODE_FSNOTIFY_MASK
#define FMODE_FSNOTIFY_MASK	FMODE_NONOTIFY
#endif

/*
 * File systems
 */

/* 6.3: a mount's map of ids is no longer a user namespace. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define mnt_idmap		user_namespace
#define file_mnt_idmap		file_mnt_user_ns
#endif

/* 6.7: times have no names. A change of a directory is one of its contents too. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
static inline void simple_inode_init_ts(struct inode *inode)
{
	inode->i_atime = current_time(inode);
	inode->i_mtime = inode->i_atime;
	inode->i_ctime = inode->i_atime;
}

static inline void ksem_dir_changed(struct inode *dir)
{
	dir->i_mtime = current_time(dir);
	dir->i_ctime = dir->i_mtime;
}
#else
static inline void ksem_dir_changed(struct inode *dir)
{
	inode_set_mtime_to_ts(dir, inode_set_ctime_current(dir));
}
#endif

/* 6.15: mkdir may give another dentry back than it was given. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
#define KSEM_MKDIR		int
#define KSEM_MKDIR_RESULT(err)	(err)
#else
#define KSEM_MKDIR		struct dentry *
#define KSEM_MKDIR_RESULT(err)	ERR_PTR(err)
#endif

/* 6.18 renamed it. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
#define inode_just_drop		generic_delete_inode
#endif

/*
 * 6.19: dentries know that they are to stay, directories are locked by the call that
 * looks a name up, and creation has one argument more.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
static inline void d_make_persistent(struct dentry *dentry, struct inode *inode)
{
	d_instantiate(dentry, inode);
	dget(dentry);
}

#define ksem_kill_sb		kill_litter_super
#define ksem_vfs_mknod(idmap, dir, dentry, mode)	vfs_mknod(idmap, dir, dentry, mode, 0)

/* The directory, locked, and in it a name that is not there yet. EINTR: killed. */
static inline struct dentry *ksem_start_creating(struct file *dir, const char *name)
{
	struct inode *inode = file_inode(dir);
	struct dentry *dentry;

	if (down_write_killable_nested(&inode->i_rwsem, I_MUTEX_PARENT))
		return ERR_PTR(-EINTR);
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
	dentry = lookup_one(file_mnt_idmap(dir), name, dir->f_path.dentry, strlen(name));
#else
	dentry = lookup_one(file_mnt_idmap(dir), &QSTR(name), dir->f_path.dentry);
#endif
	if (!IS_ERR(dentry) && d_is_positive(dentry)) {
		dput(dentry);
		dentry = ERR_PTR(-EEXIST);
	}
	if (IS_ERR(dentry))
		inode_unlock(inode);
	return dentry;
}

static inline void ksem_end_creating(struct file *dir, struct dentry *dentry)
{
	inode_unlock(file_inode(dir));
	dput(dentry);
}
#else
#define ksem_kill_sb		kill_anon_super
#define ksem_vfs_mknod(idmap, dir, dentry, mode)	vfs_mknod(idmap, dir, dentry, mode, 0, NULL)

static inline struct dentry *ksem_start_creating(struct file *dir, const char *name)
{
	return start_creating_killable(file_mnt_idmap(dir), dir->f_path.dentry, &QSTR(name));
}

static inline void ksem_end_creating(struct file *dir, struct dentry *dentry)
{
	end_creating(dentry);
}
#endif

#endif /* KSEM_COMPAT_H */
