// Calls that IFUNC resolvers make, before any constructor has run. One that is a single system call works
// everywhere; another may fail where the loader has not come far enough (may_fail), with nothing done. The
// first that ends otherwise is noted.
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct early_outcome {
    int may_fail, wrong;
    const char *first; // that went wrong
};

static void early_note(struct early_outcome *out, int good, const char *name) {
    if (!good && !out->wrong++)
        out->first = name;
}

#define EARLY_MUST(out, condition) early_note(out, (condition) != 0, #condition)

static inline __attribute__((always_inline)) void early_system_calls(struct early_outcome *out) {
    int pair[2], fd;
    EARLY_MUST(out, pipe(pair) == 0 && close(pair[0]) == 0 && close(pair[1]) == 0);
    EARLY_MUST(out, pipe2(pair, O_CLOEXEC) == 0 && dup2(pair[0], pair[1]) == pair[1]);
    EARLY_MUST(out, dup3(pair[0], pair[1], O_CLOEXEC) == pair[1]);
    EARLY_MUST(out, fcntl(pair[0], F_GETFD) == FD_CLOEXEC);
    EARLY_MUST(out, close(pair[0]) == 0 && close(pair[1]) == 0 && close(pair[1]) == -1);
    EARLY_MUST(out, (fd = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0 && close(fd) == 0);
    EARLY_MUST(out, socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && close_range(pair[0], pair[0], 0) == 0);
    EARLY_MUST(out, close(pair[0]) == -1 && close(pair[1]) == 0);
    EARLY_MUST(out, (fd = dup(0)) >= 0 && close(fd) == 0);
    EARLY_MUST(out, (fd = open("/dev/null", O_RDONLY)) >= 0 && close(fd) == 0);
    EARLY_MUST(out, (fd = openat(AT_FDCWD, "/dev/null", O_RDONLY)) >= 0 && close(fd) == 0);
    EARLY_MUST(out, (fd = creat("/dev/null", 0600)) >= 0 && close(fd) == 0);
    EARLY_MUST(out, open("/nowhere/at/all", O_RDONLY) == -1);
    EARLY_MUST(out, (fd = epoll_create1(0)) >= 0 && close(fd) == 0);
    EARLY_MUST(out, (fd = eventfd(0, 0)) >= 0 && close(fd) == 0);
    EARLY_MUST(out, (fd = memfd_create("early", 0)) >= 0 && close(fd) == 0);
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EARLY_MUST(out, page != MAP_FAILED && (*page = 1) && munmap(page, 8192) == 0);
    EARLY_MUST(out, mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
    EARLY_MUST(out, execve("/nowhere/at/all", (char *[]){NULL}, (char *[]){NULL}) == -1);
}

static inline __attribute__((always_inline)) void early_library_calls(struct early_outcome *out) {
    char text[8] = "", name[] = "/tmp/early-XXXXXX";
    FILE *stream = fopen("/proc/self/comm", "r");
    EARLY_MUST(out, stream || out->may_fail);
    if (stream) {
        EARLY_MUST(out, fread(text, 1, 5, stream) == 5 && !memcmp(text, "early", 5));
        EARLY_MUST(out, fclose(stream) == 0);
    }
    DIR *directory = opendir("/proc/self");
    EARLY_MUST(out, directory || out->may_fail);
    if (directory)
        EARLY_MUST(out, closedir(directory) == 0);
    int fd = mkstemp(name);
    EARLY_MUST(out, fd >= 0 || out->may_fail);
    if (fd >= 0)
        EARLY_MUST(out, close(fd) == 0 && unlink(name) == 0);
    EARLY_MUST(out, fopen("/nowhere/at/all", "r") == NULL);
    EARLY_MUST(out, execv("/nowhere/at/all", (char *[]){NULL}) == -1);
}
