// SPDX-License-Identifier: GPL-2.0-only
/*
 * ksem: ksemfs, semaphores with names
 *
 * A file system of nothing but directories and semaphores. Its nodes are kept in
 * the dcache, as those of ramfs are. One is made in a single step, by an ioctl on
 * its directory; open(2) of it gives a handle that is bound already. To stat(2)
 * it is a FIFO: programs that take tokens from a path insist on one.
 *
 * A node has a reference to its semaphore, and the semaphore, in case it is
 * temporary, a pointer back, which the node's end takes away. So a name can go
 * before its semaphore (unlink, umount: handles stay), and after it never.
 *
 * Locks: ksemfs_lock guards the pointers back, and an inode's i_lock is taken under
 * it; ksemfs_users_lock guards the tree of users. No other is taken under either.
 */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/fsnotify.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/rbtree.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/statfs.h>
#include <linux/sysfs.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "handle.h"

#define KSEMFS_DEFAULT_MODE	0755
#define KSEMFS_DEFAULT_MAX	65536
#define KSEMFS_LONGEST_DELAY	HZ

static unsigned int max_names_per_user = 16384;
module_param(max_names_per_user, uint, 0644);
MODULE_PARM_DESC(max_names_per_user,
		 "Nodes that one user may have made, in all ksemfs together (default 16384)");

static unsigned int max_names_userns = 65536;
module_param(max_names_userns, uint, 0644);
MODULE_PARM_DESC(max_names_userns,
		 "Nodes of all ksemfs mounted in user namespaces together (default 65536)");

static atomic_t ksemfs_userns_nodes = ATOMIC_INIT(0);

/**
 * struct ksemfs_options - how an instance was mounted
 * @mode: permission bits of its root.
 * @uid: the root's owner.
 * @gid: the root's group.
 * @max: nodes that it may have, its root not counted.
 */
struct ksemfs_options {
	umode_t mode;
	kuid_t uid;
	kgid_t gid;
	unsigned int max;
};

/**
 * struct ksemfs_instance - a mounted file system
 * @options: constant but for max, which a remount may change.
 * @nodes: how many it has.
 */
struct ksemfs_instance {
	struct ksemfs_options options;
	atomic_t nodes;
};

/**
 * struct ksemfs_user - who has made nodes
 * @by_uid: in the tree of users; guarded, as all of it, by ksemfs_users_lock.
 * @uid: constant.
 * @nodes: how many; with the last one the user goes.
 */
struct ksemfs_user {
	struct rb_node by_uid;
	kuid_t uid;
	unsigned int nodes;
};

/**
 * struct ksemfs_node - what an inode other than the root has of its own
 * @user: who made it, and is charged for it.
 * @inode: the inode.
 * @sem: the semaphore, referenced; NULL in a directory.
 * @unlink: takes the name away, where release() could not wait for the directory.
 * @delay: of @unlink, in jiffies; its own to change.
 */
struct ksemfs_node {
	struct ksemfs_user *user;
	struct inode *inode;
	struct ksem_sem *sem;
	struct delayed_work unlink;
	unsigned long delay;
};

static DEFINE_SPINLOCK(ksemfs_lock);
static DEFINE_SPINLOCK(ksemfs_users_lock);
static struct rb_root ksemfs_users = RB_ROOT;
static struct workqueue_struct *ksemfs_wq;

static const struct inode_operations ksemfs_dir_iops;
static const struct file_operations ksemfs_dir_fops;
static const struct file_operations ksemfs_node_fops;

/*
 * Limits
 */

static int ksemfs_user_cmp(struct rb_node *node, const struct rb_node *other)
{
	kuid_t a = rb_entry(node, struct ksemfs_user, by_uid)->uid;
	kuid_t b = rb_entry(other, struct ksemfs_user, by_uid)->uid;

	return uid_lt(a, b) ? -1 : uid_gt(a, b);
}

/* One more node of the calling user's, or -ENOSPC, -ENOMEM. */
static struct ksemfs_user *ksemfs_user_get(void)
{
	struct ksemfs_user *fresh = kzalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);
	struct ksemfs_user *user = fresh;
	struct rb_node *found;

	if (!fresh)
		return ERR_PTR(-ENOMEM);
	fresh->uid = current_fsuid();

	spin_lock(&ksemfs_users_lock);
	found = rb_find_add(&fresh->by_uid, &ksemfs_users, ksemfs_user_cmp);
	if (found)
		user = rb_entry(found, struct ksemfs_user, by_uid);
	if (user->nodes < READ_ONCE(max_names_per_user)) {
		user->nodes++;
	} else {
		if (user == fresh)
			rb_erase(&fresh->by_uid, &ksemfs_users);
		user = ERR_PTR(-ENOSPC);
	}
	spin_unlock(&ksemfs_users_lock);
	if (user != fresh)
		kfree(fresh);
	return user;
}

static void ksemfs_user_put(struct ksemfs_user *user)
{
	bool last;

	spin_lock(&ksemfs_users_lock);
	last = !--user->nodes;
	if (last)
		rb_erase(&user->by_uid, &ksemfs_users);
	spin_unlock(&ksemfs_users_lock);
	if (last)
		kfree(user);
}

static bool ksemfs_is_of_userns(const struct super_block *sb)
{
	return sb->s_user_ns != &init_user_ns;
}

/* One more node of the instance, if all limits allow: or -ENOSPC, -ENOMEM. */
static struct ksemfs_user *ksemfs_limit_get(struct super_block *sb)
{
	struct ksemfs_instance *fs = sb->s_fs_info;
	struct ksemfs_user *user;

	if (!ksem_limit_get(&fs->nodes, READ_ONCE(fs->options.max)))
		return ERR_PTR(-ENOSPC);
	if (ksemfs_is_of_userns(sb) &&
	    !ksem_limit_get(&ksemfs_userns_nodes, READ_ONCE(max_names_userns))) {
		user = ERR_PTR(-ENOSPC);
		goto err_instance;
	}
	user = ksemfs_user_get();
	if (IS_ERR(user))
		goto err_userns;
	return user;

err_userns:
	if (ksemfs_is_of_userns(sb))
		atomic_dec(&ksemfs_userns_nodes);
err_instance:
	atomic_dec(&fs->nodes);
	return user;
}

static void ksemfs_limit_put(struct super_block *sb, struct ksemfs_user *user)
{
	struct ksemfs_instance *fs = sb->s_fs_info;

	ksemfs_user_put(user);
	if (ksemfs_is_of_userns(sb))
		atomic_dec(&ksemfs_userns_nodes);
	atomic_dec(&fs->nodes);
}

/*
 * Temporary semaphores
 */

/* As unlink(2) does it, without asking anybody. Both inodes are locked. */
static void ksemfs_unlink(struct inode *dir, struct dentry *dentry)
{
	if (simple_positive(dentry)) {
		/* At once: a bind mount of it elsewhere marks it without a lock. */
		dont_mount(dentry);
		simple_unlink(dir, dentry);
		fsnotify_link_count(d_inode(dentry));
		d_invalidate(dentry);
		fsnotify_unlink(dir, dentry);
	}
}

/*
 * Where the directory or the name is locked, false, and nothing has changed; or where
 * something is mounted on the name in some namespace, if that is not to be waited for.
 */
static bool ksemfs_try_unlink(struct dentry *dentry, bool unmount)
{
	struct dentry *parent = dget_parent(dentry);
	struct inode *dir = d_inode(parent);
	struct inode *inode = d_inode(dentry);
	bool done = false;

	if (!inode_trylock(dir))
		goto out;
	if (inode_trylock(inode)) {
		/* Renaming takes the one lock, mounting the other. */
		done = dentry->d_parent == parent && (unmount || !d_mountpoint(dentry));
		if (done)
			ksemfs_unlink(dir, dentry);
		inode_unlock(inode);
	}
	inode_unlock(dir);
out:
	dput(parent);
	return done;
}

/* The same for an inode, which may have lost its name already. */
static bool ksemfs_try_unlink_inode(struct inode *inode, bool unmount)
{
	struct dentry *dentry = d_find_any_alias(inode);
	bool done = !dentry || ksemfs_try_unlink(dentry, unmount);

	dput(dentry);
	return done;
}

/*
 * Tries again, later each time. It does not wait for the lock itself: who holds that
 * over a page fault would keep the only worker.
 */
static void ksemfs_unlink_work(struct work_struct *work)
{
	struct ksemfs_node *node = container_of(to_delayed_work(work), struct ksemfs_node,
						unlink);
	struct inode *inode = node->inode;
	struct super_block *sb = inode->i_sb;

	if (!ksemfs_try_unlink_inode(inode, true)) {
		node->delay = min_t(unsigned long, 2 * node->delay, KSEMFS_LONGEST_DELAY);
		if (queue_delayed_work(ksemfs_wq, &node->unlink, node->delay))
			return;
	}
	iput(inode);
	deactivate_super(sb);
}

/* The semaphore's file system, kept from being unmounted, if it has one still. */
static struct super_block *ksemfs_super_get(struct ksem_sem *sem, struct inode **inode)
{
	struct super_block *sb = NULL;

	spin_lock(&ksemfs_lock);
	if (sem->node && atomic_inc_not_zero(&sem->node->inode->i_sb->s_active)) {
		sb = sem->node->inode->i_sb;
		/* NULL where it is about to be evicted: then the name has gone. */
		*inode = igrab(sem->node->inode);
	}
	spin_unlock(&ksemfs_lock);
	return sb;
}

/**
 * ksemfs_unlink_spent - take the name of a temporary semaphore away
 * @sem: spent: its last handle has gone, and the caller has that one's reference.
 *
 * Never waits for the directory: a reader of it may hold its lock for as long as he
 * likes, over a page fault, and behind this release() there may be others, of the
 * same process, or of the whole machine (delayed_fput()). Nor for the lock of all mounts,
 * and the end of a file system that a stranger has mounted on the name. Then the name goes
 * later, or makes room when somebody else wants it, see ksemfs_create().
 */
void ksemfs_unlink_spent(struct ksem_sem *sem)
{
	struct inode *inode;
	struct super_block *sb = ksemfs_super_get(sem, &inode);
	struct ksemfs_node *node;

	if (!sb)
		return;
	if (inode) {
		node = inode->i_private;
		/* The work has the references from now on. */
		if (!ksemfs_try_unlink_inode(inode, false) &&
		    queue_delayed_work(ksemfs_wq, &node->unlink, 1))
			return;
		iput(inode);
	}
	deactivate_super(sb);
}

static bool ksemfs_is_spent(const struct dentry *dentry)
{
	const struct ksemfs_node *node = d_is_positive(dentry) ? d_inode(dentry)->i_private : NULL;

	return node && node->sem && ksem_sem_has(node->sem, KSEM_S_SPENT);
}

/*
 * The name of a spent semaphore, which is still there, goes. Returns whether the name is
 * free now, be it by somebody else; false, too, where the caller was killed.
 */
static bool ksemfs_unlink_spent_name(struct file *dir, const char *name)
{
	struct dentry *parent = dir->f_path.dentry;
	struct qstr q = QSTR_INIT(name, strlen(name));
	struct dentry *dentry;
	bool free = false;

	q.hash = full_name_hash(parent, name, q.len);
	if (down_write_killable_nested(&d_inode(parent)->i_rwsem, I_MUTEX_PARENT))
		return false;
	dentry = d_lookup(parent, &q);
	if (dentry && ksemfs_is_spent(dentry)) {
		if (down_write_killable(&d_inode(dentry)->i_rwsem))
			goto out;
		ksemfs_unlink(d_inode(parent), dentry);
		inode_unlock(d_inode(dentry));
	}
	free = !dentry || !simple_positive(dentry);
out:
	inode_unlock(d_inode(parent));
	dput(dentry);
	return free;
}

/*
 * Nodes
 */

/* With a semaphore or, if that is NULL, a directory. Takes a reference of its own. */
static struct ksemfs_node *ksemfs_node_new(struct super_block *sb, struct ksem_sem *sem)
{
	struct ksemfs_user *user = ksemfs_limit_get(sb);
	struct ksemfs_node *node;

	if (IS_ERR(user))
		return ERR_CAST(user);
	node = kzalloc(sizeof(*node), GFP_KERNEL_ACCOUNT);
	if (!node) {
		ksemfs_limit_put(sb, user);
		return ERR_PTR(-ENOMEM);
	}
	node->user = user;
	if (sem) {
		refcount_inc(&sem->refs);
		node->sem = sem;
	}
	return node;
}

static void ksemfs_node_free(struct super_block *sb, struct ksemfs_node *node)
{
	struct ksem_sem *sem = node->sem;

	if (sem) {
		spin_lock(&ksemfs_lock);
		sem->node = NULL;
		spin_unlock(&ksemfs_lock);
		ksem_sem_put(sem);
	}
	ksemfs_limit_put(sb, node->user);
	kfree(node);
}

static struct inode *ksemfs_inode_new(struct super_block *sb)
{
	struct inode *inode = new_inode(sb);

	if (inode) {
		inode->i_ino = get_next_ino();
		simple_inode_init_ts(inode);
	}
	return inode;
}

static void ksemfs_inode_init_dir(struct inode *inode)
{
	inode->i_op = &ksemfs_dir_iops;
	inode->i_fop = &ksemfs_dir_fops;
	/* Its name, and "." in itself. */
	set_nlink(inode, 2);
}

static void ksemfs_inode_init_sem(struct inode *inode, struct ksemfs_node *node)
{
	inode->i_fop = &ksemfs_node_fops;
	INIT_DELAYED_WORK(&node->unlink, ksemfs_unlink_work);
	node->delay = 1;
	/* For readers of ksemfs_unlink_spent() alone: there is no handle yet. */
	spin_lock(&ksemfs_lock);
	node->sem->node = node;
	spin_unlock(&ksemfs_lock);
}

/* The name appears, with all that belongs to it. The directory is locked. */
static int ksemfs_add(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry,
		      umode_t mode, struct ksem_sem *sem)
{
	struct ksemfs_node *node = ksemfs_node_new(dir->i_sb, sem);
	struct inode *inode;

	if (IS_ERR(node))
		return PTR_ERR(node);
	inode = ksemfs_inode_new(dir->i_sb);
	if (!inode) {
		ksemfs_node_free(dir->i_sb, node);
		return -ENOMEM;
	}
	inode_init_owner(idmap, inode, dir, mode);
	inode->i_private = node;
	node->inode = inode;
	if (sem) {
		ksemfs_inode_init_sem(inode, node);
	} else {
		ksemfs_inode_init_dir(inode);
		inc_nlink(dir);
	}
	d_make_persistent(dentry, inode);
	ksem_dir_changed(dir);
	return 0;
}

/*
 * Directories
 */

static KSEM_MKDIR ksemfs_mkdir(struct mnt_idmap *idmap, struct inode *dir,
			       struct dentry *dentry, umode_t mode)
{
	return KSEM_MKDIR_RESULT(ksemfs_add(idmap, dir, dentry, mode | S_IFDIR, NULL));
}

/*
 * Called by vfs_mknod() for create_at, which has left the semaphore in the dentry: so
 * permissions, security modules and notification are the VFS's business. Without one
 * it is mknod(2), which has nothing to make a semaphore of.
 */
static int ksemfs_mknod(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry,
			umode_t mode, dev_t dev)
{
	struct ksem_sem *sem = dentry->d_fsdata;

	return sem ? ksemfs_add(idmap, dir, dentry, mode, sem) : -EPERM;
}

static const struct inode_operations ksemfs_dir_iops = {
	.lookup = simple_lookup,
	.mkdir = ksemfs_mkdir,
	.mknod = ksemfs_mknod,
	.rmdir = simple_rmdir,
	.unlink = simple_unlink,
	.rename = simple_rename,
};

/* Can it be the name of a node? */
static int ksemfs_name_check(const char *name)
{
	if (!*name)
		return -ENOENT;
	return strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, "..") ? -EINVAL : 0;
}

static char *ksemfs_name_copy(u64 address)
{
	char *name;
	int ret;

	if (address != (unsigned long)address)
		return ERR_PTR(-EFAULT);
	name = strndup_user(u64_to_user_ptr(address), NAME_MAX + 1);
	if (IS_ERR(name))
		return PTR_ERR(name) == -EINVAL ? ERR_PTR(-ENAMETOOLONG) : name;
	ret = ksemfs_name_check(name);
	if (!ret)
		return name;
	kfree(name);
	return ERR_PTR(ret);
}

static int ksemfs_try_create(struct file *dir, const char *name, umode_t mode,
			     struct ksem_sem *sem)
{
	struct dentry *dentry;
	int read_only, ret;

	/* Of two errors the other one is told, as by mknod(2). */
	read_only = mnt_want_write_file(dir);
	dentry = ksem_start_creating(dir, name);
	if (IS_ERR(dentry)) {
		ret = PTR_ERR(dentry);
		goto out;
	}
	/* From 6.19 on it may be there. */
	ret = d_is_positive(dentry) ? -EEXIST : read_only;
	if (!ret)
		ret = security_path_mknod(&dir->f_path, dentry, mode, 0);
	if (!ret) {
		dentry->d_fsdata = sem;
		ret = ksem_vfs_mknod(file_mnt_idmap(dir), file_inode(dir), dentry, mode);
		dentry->d_fsdata = NULL;
	}
	ksem_end_creating(dir, dentry);
out:
	if (!read_only)
		mnt_drop_write_file(dir);
	return ret;
}

/* A name that cannot be opened any more is nobody's. */
static int ksemfs_create(struct file *dir, const char *name, umode_t mode, struct ksem_sem *sem)
{
	int ret;

	do {
		ret = ksemfs_try_create(dir, name, mode, sem);
	} while (ret == -EEXIST && ksemfs_unlink_spent_name(dir, name));
	return ret;
}

/* The name, and with it the caller's own handle, if there is one. */
static int ksemfs_create_bound(struct file *dir, const char *name, umode_t mode,
			       struct ksem_sem *sem, struct ksem_handle *h)
{
	int ret;

	if (!h)
		return ksemfs_create(dir, name, mode, sem);
	/* First, so that whoever finds the name finds the handle too. */
	refcount_inc(&sem->refs);
	ret = ksem_handle_bind(h, sem);
	if (ret)
		goto err_put;
	ret = ksemfs_create(dir, name, mode, sem);
	if (ret)
		goto err_unbind;
	ksem_handle_publish(h, sem, READ_ONCE(h->rights));
	return 0;

err_unbind:
	ksem_handle_unbind(h, sem);
err_put:
	ksem_sem_put(sem);
	return ret;
}

static int ksemfs_create_sem(struct file *dir, const struct ksem_create *create, umode_t mode,
			     const char *name, struct ksem_handle *h)
{
	struct ksem_sem *sem;
	int ret;

	sem = ksem_sem_new(create);
	if (IS_ERR(sem))
		return PTR_ERR(sem);
	ret = ksemfs_create_bound(dir, name, mode, sem, h);
	ksem_sem_put(sem);
	return ret;
}

/* With the caller's handle, if there is one. */
static int ksemfs_create_at(struct file *dir, const struct ksem_create_at *at,
			    const struct ksem_create *create, struct ksem_handle *h)
{
	umode_t mode = S_IFIFO | (at->mode & ~current_umask());
	const char *name;
	int ret;

	if (h && ksem_handle_sem(h))
		return -EBUSY;
	name = ksemfs_name_copy(at->name);
	if (IS_ERR(name))
		return PTR_ERR(name);
	ret = ksemfs_create_sem(dir, create, mode, name, h);
	kfree(name);
	return ret;
}

static long ksem_ioctl_create_at(struct file *dir, void __user *uarg)
{
	const u32 flags = KSEM_CREATE_FAIR | KSEM_CREATE_SIGNAL | KSEM_CREATE_PER_PROCESS |
			  KSEM_CREATE_TEMPORARY;
	struct ksem_create create = { };
	struct ksem_handle *h = NULL;
	struct file *file = NULL;
	union ksem_arg arg;
	u32 usize;
	int ret;

	ret = ksem_arg_copy(&arg, sizeof(arg.create_at), flags, uarg, &usize);
	if (ret)
		return ret;
	create.flags = arg.create_at.flags;
	create.initial = arg.create_at.initial;
	create.max = arg.create_at.max;
	create.handoff_ns = arg.create_at.handoff_ns;
	memcpy(create.label, arg.create_at.label, sizeof(create.label));
	ret = ksem_create_check(&create);
	if (ret)
		return ret;
	if (arg.create_at.mode & ~0777 || arg.create_at.fd < -1)
		return -EINVAL;
	if (arg.create_at.fd != -1) {
		h = ksem_handle_get(arg.create_at.fd, &file);
		if (IS_ERR(h))
			return PTR_ERR(h);
	}
	ret = ksemfs_create_at(dir, &arg.create_at, &create, h);
	if (file)
		fput(file);
	return ret;
}

static long ksemfs_dir_ioctl(struct file *dir, unsigned int cmd, unsigned long arg)
{
	if (cmd != KSEM_IOC_CREATE_AT)
		return -ENOTTY;
	return ksem_ioctl_create_at(dir, (void __user *)arg);
}

static const struct file_operations ksemfs_dir_fops = {
	.owner = THIS_MODULE,
	.open = dcache_dir_open,
	.release = dcache_dir_close,
	.llseek = dcache_dir_lseek,
	.read = generic_read_dir,
	.iterate_shared = dcache_readdir,
	.fsync = noop_fsync,
	.unlocked_ioctl = ksemfs_dir_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/*
 * Semaphores
 */

static int ksemfs_node_open(struct inode *inode, struct file *file)
{
	const struct file_operations *fops = &ksem_handle_fops;
	struct ksemfs_node *node = inode->i_private;
	struct ksem_handle *h;
	int ret;

	/* The VFS finds it out too, but too late: a temporary semaphore would be spent. */
	if (file->f_flags & O_DIRECT)
		return -EINVAL;
	ret = ksem_handle_open(inode, file);
	if (ret)
		return ret;
	h = file->private_data;
	refcount_inc(&node->sem->refs);
	ret = ksem_handle_bind(h, node->sem);
	if (ret) {
		ksem_sem_put(node->sem);
		ksem_handle_release(inode, file);
		return ret;
	}
	ksem_handle_publish(h, node->sem, h->rights);
	/* From now on it is a handle as any other. The mount keeps the module. */
	replace_fops(file, fops_get(fops));
	return 0;
}

static const struct file_operations ksemfs_node_fops = {
	.owner = THIS_MODULE,
	.open = ksemfs_node_open,
};

/*
 * The file system
 */

static void ksemfs_evict_inode(struct inode *inode)
{
	truncate_inode_pages_final(&inode->i_data);
	clear_inode(inode);
	if (inode->i_private)
		ksemfs_node_free(inode->i_sb, inode->i_private);
}

static int ksemfs_statfs(struct dentry *dentry, struct kstatfs *buf)
{
	struct ksemfs_instance *fs = dentry->d_sb->s_fs_info;
	unsigned int max = READ_ONCE(fs->options.max);
	unsigned int nodes = atomic_read(&fs->nodes);
	int ret = simple_statfs(dentry, buf);

	buf->f_files = max;
	buf->f_ffree = max - min(nodes, max);
	return ret;
}

static int ksemfs_show_options(struct seq_file *m, struct dentry *root)
{
	struct ksemfs_instance *fs = root->d_sb->s_fs_info;
	const struct ksemfs_options *options = &fs->options;

	seq_printf(m, ",mode=%o", options->mode);
	seq_printf(m, ",uid=%u", from_kuid_munged(seq_user_ns(m), options->uid));
	seq_printf(m, ",gid=%u", from_kgid_munged(seq_user_ns(m), options->gid));
	seq_printf(m, ",max=%u", READ_ONCE(options->max));
	return 0;
}

static const struct super_operations ksemfs_super_operations = {
	.statfs = ksemfs_statfs,
	.drop_inode = inode_just_drop,
	.evict_inode = ksemfs_evict_inode,
	.show_options = ksemfs_show_options,
};

enum ksemfs_param {
	KSEMFS_MODE,
	KSEMFS_UID,
	KSEMFS_GID,
	KSEMFS_MAX,
};

/*
 * Who mounts is told why it can't be where he has somewhere to read it, which is after
 * fsopen(2). For mount(2) the kernel's own functions would say it to the kernel's log,
 * which is not for users to write to.
 */
static int ksemfs_invalid(struct fs_context *fc, const char *why)
{
	if (fc->log.log)
		errorfc(fc, "%s", why);
	return -EINVAL;
}

/* Of the base that is the specification's data. */
static int ksemfs_param_is_number(struct p_log *log, const struct fs_parameter_spec *spec,
				  struct fs_parameter *param, struct fs_parse_result *result)
{
	unsigned int base = (unsigned long)spec->data;

	if (param->type == fs_value_is_string &&
	    !kstrtouint(param->string, base, &result->uint_32))
		return 0;
	if (log->log)
		error_plog(log, "%s: not a number", param->key);
	return -EINVAL;
}

#define KSEMFS_NUMBER(name, option, base) \
	__fsparam(ksemfs_param_is_number, name, option, 0, (void *)(base))

static const struct fs_parameter_spec ksemfs_parameters[] = {
	KSEMFS_NUMBER("mode", KSEMFS_MODE, 8),
	KSEMFS_NUMBER("uid", KSEMFS_UID, 0),
	KSEMFS_NUMBER("gid", KSEMFS_GID, 0),
	KSEMFS_NUMBER("max", KSEMFS_MAX, 0),
	{ }
};

/* The VFS knows one more, the source, and says of all others that it does not. */
static int ksemfs_param_is_unknown(struct fs_context *fc, const struct fs_parameter *param)
{
	if (fc->log.log || (!strcmp(param->key, "source") && !fc->source &&
			    param->type == fs_value_is_string))
		return -ENOPARAM;
	return -EINVAL;
}

static int ksemfs_parse_param(struct fs_context *fc, struct fs_parameter *param)
{
	struct ksemfs_options *options = fc->fs_private;
	struct fs_parse_result result;
	int opt = fs_parse(fc, ksemfs_parameters, param, &result);

	if (opt == -ENOPARAM)
		return ksemfs_param_is_unknown(fc, param);
	if (opt < 0)
		return opt;
	switch (opt) {
	case KSEMFS_MODE:
		if (result.uint_32 & ~01777)
			return ksemfs_invalid(fc, "mode: not within 01777");
		options->mode = result.uint_32;
		break;
	case KSEMFS_UID:
		options->uid = make_kuid(fc->user_ns, result.uint_32);
		if (!uid_valid(options->uid))
			return ksemfs_invalid(fc, "uid: not in the user namespace");
		break;
	case KSEMFS_GID:
		options->gid = make_kgid(fc->user_ns, result.uint_32);
		if (!gid_valid(options->gid))
			return ksemfs_invalid(fc, "gid: not in the user namespace");
		break;
	case KSEMFS_MAX:
		if (result.uint_32 > INT_MAX)
			return ksemfs_invalid(fc, "max: more than 2147483647");
		options->max = result.uint_32;
		break;
	}
	return 0;
}

static int ksemfs_fill_super(struct super_block *sb, struct fs_context *fc)
{
	struct ksemfs_instance *fs;
	struct inode *root;

	fs = kzalloc(sizeof(*fs), GFP_KERNEL_ACCOUNT);
	if (!fs)
		return -ENOMEM;
	/* Freed with the super block, whether this succeeds or not. */
	sb->s_fs_info = fs;
	fs->options = *(struct ksemfs_options *)fc->fs_private;
	if (!uid_valid(fs->options.uid) || !gid_valid(fs->options.gid))
		return ksemfs_invalid(fc, "no uid or gid 0 in the user namespace: give them");
	sb->s_magic = KSEMFS_MAGIC;
	sb->s_op = &ksemfs_super_operations;
	sb->s_iflags |= SB_I_NOEXEC;
	/* Through an overlay a semaphore would be an ordinary pipe. */
	sb->s_stack_depth = FILESYSTEM_MAX_STACK_DEPTH;
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_time_gran = 1;

	root = ksemfs_inode_new(sb);
	if (!root)
		return -ENOMEM;
	root->i_mode = S_IFDIR | fs->options.mode;
	root->i_uid = fs->options.uid;
	root->i_gid = fs->options.gid;
	ksemfs_inode_init_dir(root);
	sb->s_root = d_make_root(root);
	return sb->s_root ? 0 : -ENOMEM;
}

static int ksemfs_get_tree(struct fs_context *fc)
{
	return get_tree_nodev(fc, ksemfs_fill_super);
}

/* mount(8) repeats all options of the mount: those that can't change may be the same. */
static int ksemfs_reconfigure(struct fs_context *fc)
{
	struct ksemfs_instance *fs = fc->root->d_sb->s_fs_info;
	const struct ksemfs_options *options = fc->fs_private;

	if (options->mode != fs->options.mode || !uid_eq(options->uid, fs->options.uid) ||
	    !gid_eq(options->gid, fs->options.gid))
		return ksemfs_invalid(fc, "only max can change: use chmod, chown on the root");
	WRITE_ONCE(fs->options.max, options->max);
	return 0;
}

static void ksemfs_free_fc(struct fs_context *fc)
{
	kfree(fc->fs_private);
}

static const struct fs_context_operations ksemfs_context_operations = {
	.free = ksemfs_free_fc,
	.parse_param = ksemfs_parse_param,
	.get_tree = ksemfs_get_tree,
	.reconfigure = ksemfs_reconfigure,
};

static int ksemfs_init_fs_context(struct fs_context *fc)
{
	struct ksemfs_options *options = kmalloc(sizeof(*options), GFP_KERNEL_ACCOUNT);
	const struct ksemfs_options *now;

	if (!options)
		return -ENOMEM;
	if (fc->purpose == FS_CONTEXT_FOR_RECONFIGURE) {
		now = &((struct ksemfs_instance *)fc->root->d_sb->s_fs_info)->options;
		*options = (struct ksemfs_options) {
			.mode = now->mode,
			.uid = now->uid,
			.gid = now->gid,
			/* Another remount may be changing it. */
			.max = READ_ONCE(now->max),
		};
	} else {
		*options = (struct ksemfs_options) {
			.mode = KSEMFS_DEFAULT_MODE,
			.uid = make_kuid(fc->user_ns, 0),
			.gid = make_kgid(fc->user_ns, 0),
			.max = KSEMFS_DEFAULT_MAX,
		};
	}
	fc->fs_private = options;
	fc->ops = &ksemfs_context_operations;
	return 0;
}

static void ksemfs_kill_sb(struct super_block *sb)
{
	struct ksemfs_instance *fs = sb->s_fs_info;

	ksem_kill_sb(sb);
	kfree(fs);
}

static struct file_system_type ksemfs_type = {
	.owner = THIS_MODULE,
	.name = "ksemfs",
	.init_fs_context = ksemfs_init_fs_context,
	.parameters = ksemfs_parameters,
	.kill_sb = ksemfs_kill_sb,
	.fs_flags = FS_USERNS_MOUNT,
};
MODULE_ALIAS_FS("ksemfs");

/* What it needs. */
int ksemfs_init(void)
{
	int ret;

	/*
	 * One at a time. Two that try for the same directory are in each other's way, and
	 * of hundreds, one of which is preempted with the lock, all others come in vain.
	 */
	ksemfs_wq = alloc_ordered_workqueue("ksemfs", 0);
	if (!ksemfs_wq)
		return -ENOMEM;
	ret = sysfs_create_mount_point(fs_kobj, "ksem");
	if (ret)
		destroy_workqueue(ksemfs_wq);
	return ret;
}

void ksemfs_exit(void)
{
	sysfs_remove_mount_point(fs_kobj, "ksem");
	/* Its last work may have dropped the last super block, but not returned. */
	destroy_workqueue(ksemfs_wq);
}

/* From now on it can be mounted. */
int ksemfs_register(void)
{
	return register_filesystem(&ksemfs_type);
}

void ksemfs_unregister(void)
{
	unregister_filesystem(&ksemfs_type);
}
