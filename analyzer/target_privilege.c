// Set-user-ID, set-group-ID and file capabilities of a program, as the kernel will weigh them at execve.
// Must answer "none" only when the loader will honour LD_PRELOAD. Called by target.c.
// Source: Linux fs/exec.c (bprm_fill_uid), security/commoncap.c (cap_bprm_creds_from_file), capabilities(7).
#include "analyzer/target_privilege.h"

#include <endian.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

static bool has_capabilities(int fd) {
    struct vfs_ns_cap_data data;
    memset(&data, 0, sizeof data);
    ssize_t bytes = fgetxattr(fd, "security.capability", &data, sizeof data);
    if (bytes < (ssize_t)sizeof data.magic_etc)
        return false;
    // With the effective flag even an empty set switches secure mode on.
    bool any = (le32toh(data.magic_etc) & VFS_CAP_FLAGS_EFFECTIVE) != 0;
    for (int i = 0; i < VFS_CAP_U32; i++)
        any = any || data.data[i].permitted != 0 || data.data[i].inheritable != 0;
    return any;
}

int privilege_raised(int fd) {
    struct stat file;
    struct statvfs mount;
    if (fstat(fd, &file) != 0 || fstatvfs(fd, &mount) != 0)
        return -errno;
    if (mount.f_flag & ST_NOSUID)
        return PRIVILEGE_NONE;
    bool bits_count = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1;
    if (bits_count && (file.st_mode & S_ISUID) && file.st_uid != getuid())
        return PRIVILEGE_SETUID;
    // Without group execute permission the bit means mandatory locking.
    if (bits_count && (file.st_mode & S_ISGID) && (file.st_mode & S_IXGRP) && file.st_gid != getgid())
        return PRIVILEGE_SETGID;
    if (getuid() != 0 && has_capabilities(fd))
        return PRIVILEGE_CAPABILITIES;
    return PRIVILEGE_NONE;
}
