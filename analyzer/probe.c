// Tries the system's features one by one. Must not print and must clean up after itself. Called by
// command_doctor.c.
#include "analyzer/probe.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <gnu/libc-version.h>
#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

int probe_memfd(void) {
    int fd = memfd_create("seep-probe", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

int probe_pidfd(void) {
    int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

// Waits for the child's end; its exit status, or -ECHILD if it has none.
static int wait_for(pid_t child) {
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -ECHILD;
}

int probe_wipe_on_fork(void) {
    size_t bytes = (size_t)sysconf(_SC_PAGESIZE);
    volatile int *page = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return -errno;
    int answer = 0;
    *page = 1;
    if (madvise((void *)page, bytes, MADV_WIPEONFORK) != 0)
        answer = -errno;
    if (answer == 0) {
        pid_t child = fork();
        if (child == 0)
            _exit(*page);
        if (child < 0)
            answer = -errno;
        else if (wait_for(child) != 0)
            answer = -ENOTSUP;
    }
    munmap((void *)page, bytes);
    return answer;
}

static int seize_and_read(pid_t child, const int *word) {
    int copy = 0;
    struct iovec here = {&copy, sizeof copy}, there = {(void *)word, sizeof *word};
    if (ptrace(PTRACE_SEIZE, child, NULL, NULL) != 0)
        return -errno;
    if (ptrace(PTRACE_INTERRUPT, child, NULL, NULL) != 0 || waitpid(child, NULL, __WALL) != child)
        return -errno;
    if (process_vm_readv(child, &here, 1, &there, 1, 0) != (ssize_t)sizeof copy)
        return -errno;
    return copy == *word ? 0 : -EIO;
}

int probe_ptrace(void) {
    static const int word = 0x5eed;
    pid_t child = fork();
    if (child < 0)
        return -errno;
    if (child == 0)
        for (;;)
            pause();
    int answer = seize_and_read(child, &word);
    kill(child, SIGKILL);
    wait_for(child);
    return answer;
}

int probe_yama_scope(void) {
    int scope = -ENOENT;
    FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
    if (file == NULL)
        return -ENOENT;
    if (fscanf(file, "%d", &scope) != 1)
        scope = -ENOENT;
    fclose(file);
    return scope;
}

int probe_library(const char *name, char *message, size_t message_bytes) {
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        snprintf(message, message_bytes, "%s", dlerror());
        return -ENOENT;
    }
    dlclose(library);
    return 0;
}

bool probe_glibc(int major, int minor, const char **version) {
    int have_major = 0, have_minor = 0;
    *version = gnu_get_libc_version();
    if (sscanf(*version, "%d.%d", &have_major, &have_minor) != 2)
        return false;
    return have_major > major || (have_major == major && have_minor >= minor);
}

struct build_id {
    uint8_t bytes[64];
    size_t count;
};

static void take_build_id(const uint8_t *at, size_t bytes, struct build_id *out) {
    while (bytes >= sizeof(ElfW(Nhdr))) {
        const ElfW(Nhdr) *note = (const void *)at;
        size_t name = (note->n_namesz + 3u) & ~3u, content = (note->n_descsz + 3u) & ~3u;
        if (name + content > bytes - sizeof *note)
            return;
        const uint8_t *id = at + sizeof *note + name;
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(note + 1, "GNU", 4) == 0 &&
            note->n_descsz <= sizeof out->bytes) {
            memcpy(out->bytes, id, note->n_descsz);
            out->count = note->n_descsz;
            return;
        }
        at += sizeof *note + name + content;
        bytes -= sizeof *note + name + content;
    }
}

static int visit_object(struct dl_phdr_info *info, size_t size, void *out) {
    (void)size;
    const char *slash = strrchr(info->dlpi_name, '/');
    if (slash == NULL || strcmp(slash, "/libc.so.6") != 0)
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_NOTE)
            take_build_id((const uint8_t *)info->dlpi_addr + info->dlpi_phdr[i].p_vaddr,
                          info->dlpi_phdr[i].p_memsz, out);
    return 1;
}

int probe_libc_debug_file(char *path, size_t bytes) {
    struct build_id id = {.count = 0};
    dl_iterate_phdr(visit_object, &id);
    if (id.count < 2)
        return -ENODATA;
    int used = snprintf(path, bytes, "/usr/lib/debug/.build-id/%02x/", id.bytes[0]);
    for (size_t i = 1; i < id.count && (size_t)used < bytes; i++)
        used += snprintf(path + used, bytes - (size_t)used, "%02x", id.bytes[i]);
    if ((size_t)used < bytes)
        snprintf(path + used, bytes - (size_t)used, ".debug");
    return access(path, R_OK) == 0 ? 0 : -ENOENT;
}
