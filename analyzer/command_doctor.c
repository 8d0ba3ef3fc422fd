// `seep doctor [PROGRAM]`: says what works here, a line each, and whether PROGRAM can be run under seep.
// Prints and weighs; the trying itself is probe.c's, judging programs target.c's, finding the library
// library.c's. A "no" that only costs part of a report leaves the exit status 0 and says what it costs.
#include "analyzer/commands.h"
#include "analyzer/library.h"
#include "analyzer/probe.h"
#include "analyzer/target.h"

#include <elfutils/libdwfl.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#if defined(__x86_64__)
#define UNWINDER "libunwind-x86_64.so.8"
#elif defined(__aarch64__)
#define UNWINDER "libunwind-aarch64.so.8"
#endif
#define LOCAL_UNWINDER "libunwind.so.8"

// Prints one line and hands its answer on.
__attribute__((format(printf, 2, 3))) static bool say(bool good, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs(good ? "ok  " : "no  ", stdout);
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
    return good;
}

static bool check_library(void) {
    char path[PATH_MAX], message[1024];
    if (library_find(path, sizeof path, message, sizeof message) != 0)
        return say(false, "library: %s", message);
    if (target_judge_library(path, message, sizeof message) != 0)
        return say(false, "library: %s", message);
    return say(true, "library: %s", path);
}

static bool check_system(void) {
    struct utsname system;
    const char *version;
    if (uname(&system) == 0)
        say(true, "kernel: %s %s on %s", system.sysname, system.release, system.machine);
    if (!probe_glibc(2, 35, &version))
        return say(false, "glibc: %s, and libseep.so needs 2.35: run seep on a newer system", version);
    return say(true, "glibc: %s", version);
}

static bool check_unwinder(const char *name) {
    char message[512];
    if (probe_library(name, message, sizeof message) != 0)
        return say(false, "unwinder: %s; install libunwind8 (Debian, Ubuntu) or libunwind (Fedora)", message);
    return say(true, "unwinder: %s", name);
}

static bool check_feature(const char *name, int answer, const char *advice) {
    if (answer != 0)
        return say(false, "%s: %s; %s", name, strerror(-answer), advice);
    return say(true, "%s", name);
}

// Not needed to report what is outstanding: only to say whether anything still points at it.
static void check_ptrace(void) {
    static const char *const scopes[] = {"unrestricted", "children and those who ask", "administrators only",
                                         "nobody"};
    int scope = probe_yama_scope(), answer = probe_ptrace();
    const char *who = scope >= 0 && scope <= 3 ? scopes[scope] : "no Yama";
    if (answer == 0)
        say(true, "ptrace: a child can be seized and read (%s)", who);
    else if (scope >= 2)
        say(false,
            "ptrace: %s (Yama: %s); without it blocks stay unclassified: sysctl kernel.yama.ptrace_scope=1",
            strerror(-answer), who);
    else
        say(false, "ptrace: %s; without it blocks stay unclassified: in a container add --cap-add=SYS_PTRACE",
            strerror(-answer));
}

// Not needed either: without it frames within libc have names but no lines.
static void check_debug_info(void) {
    char path[PATH_MAX];
    int answer = probe_libc_debug_file(path, sizeof path);
    say(true, "symbols: elfutils %s", dwfl_version(NULL));
    if (answer == 0)
        say(true, "libc's debug file: %s", path);
    else if (answer == -ENODATA)
        say(false, "libc's debug file: libc has no build-id; frames in libc will have no lines");
    else
        say(false,
            "libc's debug file: no %s; frames in libc will have no lines: install libc6-dbg (Debian, Ubuntu) "
            "or run "
            "debuginfo-install glibc (Fedora)",
            path);
}

static int check_program(const char *program) {
    static struct target_verdict verdict; // some kilobytes
    target_judge(program, &verdict);
    if (verdict.answer == TARGET_OK) {
        const char *traced =
            verdict.go ? "; it is built by Go: it is traced (ptrace) from its start to its end, unless "
                         "--verdict off"
                       : "";
        if (strcmp(program, verdict.path) == 0)
            say(true, "program: %s can be run under seep%s", program, traced);
        else
            say(true, "program: %s can be run under seep, by %s%s", program, verdict.path, traced);
        return 0;
    }
    say(false, "program: %s", verdict.message);
    return verdict.answer == TARGET_NOT_FOUND ? STATUS_NOT_FOUND : STATUS_REFUSED;
}

int command_doctor(const struct options *options) {
    static const char old_kernel[] = "a newer kernel or a laxer seccomp filter is needed";
    bool good = check_library();
    good &= check_system();
    good &= check_unwinder(UNWINDER);
    good &= check_unwinder(LOCAL_UNWINDER);
    good &= check_feature("memfd_create", probe_memfd(), old_kernel);
    good &= check_feature("pidfd", probe_pidfd(), old_kernel);
    good &= check_feature("MADV_WIPEONFORK", probe_wipe_on_fork(), old_kernel);
    check_ptrace();
    check_debug_info();
    int program = options->argument_count > 0 ? check_program(options->arguments[0]) : 0;
    if (fflush(stdout) != 0)
        return STATUS_FAILED;
    return good ? program : STATUS_FAILED;
}
