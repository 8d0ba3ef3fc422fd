// Finds the file behind a program's name the way execvp and the kernel do: PATH, #! lines, the shell for
// plain text. Must execute nothing. Called by target.c; how a #! line reads is target_script.c's. Source:
// execvp(3) and POSIX's exec, Linux fs/exec.c and fs/binfmt_script.c.
#include "analyzer/target_find.h"
#include "analyzer/text.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    max_scripts = 5, // the kernel's limit on scripts that are run by scripts
};

// Opens what execve would accept. -errno as execve, and -EPERM for a file that may be executed but not read.
static int open_executable(const char *path) {
    struct stat status;
    if (stat(path, &status) != 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -EACCES;
    if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0)
        return -errno;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return errno == EACCES ? -EPERM : -errno;
    return fd;
}

static bool is_env(const char *path) {
    return strcmp(base_name(path), "env") == 0;
}

// Follows #! lines as execve(path) does. 0: file->fd holds an ELF file. -errno as execve would give;
// file->path then names the file that caused it.
static int follow_scripts(const char *path, struct image_file *file) {
    file->fd = -1;
    file->by_script = false;
    file->env_program[0] = '\0';
    file->asked[0] = file->path[0] = '\0';
    if (strlen(path) >= sizeof file->path)
        return -ENAMETOOLONG;
    strcpy(file->asked, path);
    strcpy(file->path, path);
    for (int scripts = 0; scripts <= max_scripts; scripts++) {
        char head[SCRIPT_HEAD_BYTES];
        struct script_line line;
        int fd = open_executable(file->path);
        if (fd < 0)
            return fd;
        ssize_t got = pread(fd, head, sizeof head, 0);
        int kind = got < 0 ? -errno : script_line_read(head, (size_t)got, &line);
        if (kind == 0 && got >= SELFMAG && memcmp(head, ELFMAG, SELFMAG) == 0) {
            file->fd = fd;
            return 0;
        }
        close(fd);
        if (kind <= 0)
            return kind < 0 ? kind : -ENOEXEC;
        if (is_env(line.interpreter))
            script_env_program(line.argument, file->env_program, sizeof file->env_program);
        file->by_script = true;
        strcpy(file->path, line.interpreter);
    }
    return -ELOOP;
}

// The errors after which execvp tries the next folder of PATH.
static bool keeps_searching(int status) {
    return status == -ENOENT || status == -ENOTDIR || status == -EACCES || status == -ESTALE ||
           status == -ENODEV || status == -ETIMEDOUT;
}

// Looks name up as execvp does; *file receives what was found, or what came closest.
static int search_path(const char *name, struct image_file *file) {
    if (name[0] == '\0' || strchr(name, '/') != NULL)
        return follow_scripts(name, file);
    const char *folders = getenv("PATH");
    if (folders == NULL)
        folders = "/bin:/usr/bin";
    int failure = -ENOENT;
    struct image_file closest = {.fd = -1};
    for (const char *at = folders;; at++) {
        size_t length = strcspn(at, ":");
        char candidate[4096];
        if (length + strlen(name) + 2 <= sizeof candidate) {
            snprintf(candidate, sizeof candidate, "%.*s%s%s", (int)length, at, length != 0 ? "/" : "", name);
            int status = follow_scripts(candidate, file);
            if (!keeps_searching(status))
                return status;
            if (status == -EACCES || (closest.path[0] == '\0' && file->by_script)) {
                failure = status;
                closest = *file;
            }
        }
        at += length;
        if (*at == '\0')
            break;
    }
    *file = closest;
    return failure;
}

// execvp hands a file that the kernel does not know to the shell. Text may be a script; anything else is no
// program.
static bool is_text(const char *path) {
    char head[SCRIPT_HEAD_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return false;
    ssize_t got = pread(fd, head, sizeof head, 0);
    close(fd);
    if (got < 0)
        return false;
    const char *newline = memchr(head, '\n', (size_t)got);
    return memchr(head, '\0', newline != NULL ? (size_t)(newline - head) : (size_t)got) == NULL;
}

int target_find(const char *name, struct image_file *file) {
    int status = search_path(name, file);
    if (status != -ENOEXEC || !is_text(file->asked))
        return status;
    char asked[sizeof file->asked];
    strcpy(asked, file->asked);
    status = follow_scripts("/bin/sh", file);
    strcpy(file->asked, asked);
    file->by_script = true;
    return status;
}
