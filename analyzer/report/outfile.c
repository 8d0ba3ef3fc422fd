// Files that appear whole; see outfile.h. Knows nothing of reports; called by formats.c.
#include "analyzer/report/outfile.h"
#include "analyzer/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_ATTEMPTS = 100 };

static int write_fully(int fd, const char *data, size_t bytes) {
    while (bytes > 0) {
        ssize_t written = write(fd, data, bytes);
        if (written >= 0) {
            data += written;
            bytes -= (size_t)written;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            // The program may have made our common stderr non-blocking.
            struct pollfd ready = {.fd = fd, .events = POLLOUT};
            if (poll(&ready, 1, -1) < 0 && errno != EINTR)
                return -errno;
        } else if (errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}

// The descriptor that path stands for, -1 if for none. Opening /dev/stdout anew would truncate a file that
// the shell had opened for appending, and fail for a socket.
static int named_descriptor(const char *path) {
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
    if (strcmp(path, "/dev/stdout") == 0)
        return STDOUT_FILENO;
    if (strcmp(path, "/dev/stderr") == 0)
        return STDERR_FILENO;
    for (size_t i = 0; i < 2; i++) {
        const char *digits = path + strlen(folders[i]);
        if (strncmp(path, folders[i], strlen(folders[i])) != 0 ||
            strspn(digits, "0123456789") != strlen(digits))
            continue;
        if (*digits && strlen(digits) < 10)
            return atoi(digits);
    }
    return -1;
}

static int write_special(const char *path, const char *data, size_t bytes) {
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return -errno;
    int rc = write_fully(fd, data, bytes);
    if (close(fd) != 0 && rc == 0)
        rc = -errno;
    return rc;
}

// The directory that a path lies in, with its final slash; "./" for a bare name. The caller frees.
static char *directory_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? strndup(path, (size_t)(slash + 1 - path)) : strdup("./");
}

// Creates a file in the directory under a name that nothing else has. Its descriptor and *name, to free; or
// -errno.
static int create_beside(const char *path, mode_t mode, char **name) {
    char *directory = directory_of(path);
    if (!directory)
        return -ENOMEM;
    int fd = -1;
    int rc = -EEXIST;
    for (int i = 0; i < NAME_ATTEMPTS && rc == -EEXIST; i++) {
        if (asprintf(name, "%s.seep-%ld-%d.tmp", directory, (long)getpid(), i) < 0) {
            rc = -ENOMEM;
            break;
        }
        fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        rc = fd < 0 ? -errno : 0;
        if (fd < 0)
            free(*name);
    }
    free(directory);
    return rc < 0 ? rc : fd;
}

// old: the file to replace, NULL if there is none.
static int replace_file(const char *path, const struct stat *old, const char *data, size_t bytes) {
    char *name;
    int fd = create_beside(path, 0666, &name);
    if (fd < 0)
        return fd;
    int rc = write_fully(fd, data, bytes);
    if (rc == 0 && old && fchmod(fd, old->st_mode & 0777) != 0)
        rc = -errno;
    if (close(fd) != 0 && rc == 0)
        rc = -errno;
    if (rc == 0 && rename(name, path) != 0)
        rc = -errno;
    if (rc < 0)
        unlink(name);
    free(name);
    return rc;
}

int outfile_write(const char *path, const char *data, size_t bytes) {
    int fd = named_descriptor(path);
    if (fd >= 0)
        return write_fully(fd, data, bytes);
    struct stat status;
    bool exists = stat(path, &status) == 0;
    if (exists && S_ISDIR(status.st_mode))
        return -EISDIR;
    if (exists && !S_ISREG(status.st_mode))
        return write_special(path, data, bytes);
    char *target = realpath(path, NULL); // NULL if it isn't there yet
    int rc = replace_file(target ? target : path, exists ? &status : NULL, data, bytes);
    free(target);
    return rc;
}

int outfile_check(const char *path) {
    int fd = named_descriptor(path);
    if (fd >= 0)
        return fcntl(fd, F_GETFD) < 0 ? -errno : 0;
    struct stat status;
    bool exists = stat(path, &status) == 0;
    if (exists && S_ISDIR(status.st_mode))
        return -EISDIR;
    if (exists && !S_ISREG(status.st_mode))
        return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0 ? 0 : -errno;
    size_t length = strlen(path);
    if (length == 0 || path[length - 1] == '/')
        return -EISDIR;
    if (strlen(base_name(path)) > NAME_MAX)
        return -ENAMETOOLONG;
    char *target = realpath(path, NULL);
    char *directory = directory_of(target ? target : path);
    int rc = directory ? 0 : -ENOMEM;
    if (directory &&
        (stat(directory, &status) != 0 || faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) != 0))
        rc = -errno;
    free(target);
    free(directory);
    return rc;
}

bool outfile_is_terminal(const char *path) {
    int named = named_descriptor(path);
    if (named >= 0)
        return isatty(named);
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISCHR(status.st_mode))
        return false;
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    bool is = fd >= 0 && isatty(fd);
    if (fd >= 0)
        close(fd);
    return is;
}
