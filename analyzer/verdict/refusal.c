// See refusal.h. Called by examine.c.
#include "analyzer/verdict/refusal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int yama_scope(void) {
    int scope = 0;
    FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
    if (file && fscanf(file, "%d", &scope) != 1)
        scope = 0;
    if (file)
        fclose(file);
    return scope;
}

static void not_allowed(char *out, size_t bytes) {
    int scope = yama_scope();
    if (scope >= 2)
        snprintf(out, bytes, "ptrace is refused: kernel.yama.ptrace_scope is %d; 1 or less would allow it%s",
                 scope, scope == 2 ? ", or running seep as root" : "");
    else if (scope == 1 && geteuid() != 0)
        snprintf(
            out, bytes,
            "ptrace is refused: kernel.yama.ptrace_scope is 1, which lets seep look only at what descends "
            "from it; 0 would allow it, or seep run for what was started with LD_PRELOAD");
    else
        snprintf(
            out, bytes,
            "ptrace is refused: in a container, --cap-add=SYS_PTRACE and a seccomp profile with ptrace and "
            "process_vm_readv would allow it; a program that changed its user or is not dumpable needs "
            "root");
}

void refusal_words(int error, char *out, size_t bytes) {
    switch (-error) {
    case EPERM:
    case EACCES:
    case ENOSYS:
        not_allowed(out, bytes);
        return;
    case EBUSY:
        snprintf(out, bytes, "another program traces it (gdb, strace); without that one it can be looked at");
        return;
    case ETIMEDOUT:
        snprintf(out, bytes,
                 "one of its threads did not stop within 2 seconds: it waits for a vfork child or "
                 "for a device");
        return;
    case ECANCELED:
        snprintf(out, bytes, "it ended while one of its threads replaced the program");
        return;
    case EAGAIN:
        snprintf(out, bytes, "its threads could not be stopped outside of realloc");
        return;
    case ENOENT:
        snprintf(out, bytes, "its pid is not known here: it lives in another pid namespace");
        return;
    case ESRCH:
        snprintf(out, bytes, "it was killed before it could be looked at");
        return;
    default:
        snprintf(out, bytes, "its threads could not be stopped: %s", strerror(-error));
    }
}
