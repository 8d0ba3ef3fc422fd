// links: analyzer/probe.c
// The probes agree with what can be seen of this machine in another way, and leave nothing behind.
#include "analyzer/probe.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <stddef.h>

static int count_descriptors(void) {
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(folder);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

// What the probe answers in a process where this system call fails with EPERM.
static int answer_without(int number, int (*probe)(void)) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    int status;
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
            prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
            _exit(255);
        _exit(-probe());
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    return -WEXITSTATUS(status);
}

START_TEST(what_is_forbidden_is_reported_with_its_reason) {
    ck_assert_int_eq(answer_without(SYS_memfd_create, probe_memfd), -EPERM);
    ck_assert_int_eq(answer_without(SYS_pidfd_open, probe_pidfd), -EPERM);
    ck_assert_int_eq(answer_without(SYS_madvise, probe_wipe_on_fork), -EPERM);
    ck_assert_int_eq(answer_without(SYS_ptrace, probe_ptrace), -EPERM);
    ck_assert_int_eq(answer_without(SYS_process_vm_readv, probe_ptrace), -EPERM);
}
END_TEST

START_TEST(what_is_allowed_works) {
    ck_assert_int_eq(answer_without(SYS_acct, probe_memfd), 0);
    ck_assert_int_eq(probe_pidfd(), 0);
    ck_assert_int_eq(probe_wipe_on_fork(), 0);
}
END_TEST

START_TEST(nothing_is_left_behind) {
    char message[512];
    int before = count_descriptors();
    probe_memfd();
    probe_pidfd();
    probe_wipe_on_fork();
    probe_ptrace();
    probe_yama_scope();
    probe_library("libm.so.6", message, sizeof message);
    ck_assert_int_eq(count_descriptors(), before);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}
END_TEST

START_TEST(the_glibc_version_is_compared_by_number) {
    const char *version;
    int major, minor;
    probe_glibc(0, 0, &version);
    ck_assert_int_eq(sscanf(version, "%d.%d", &major, &minor), 2);
    ck_assert(probe_glibc(major, minor, &version));
    ck_assert(probe_glibc(major - 1, minor + 1, &version));
    ck_assert(!probe_glibc(major, minor + 1, &version));
    ck_assert(!probe_glibc(major + 1, 0, &version));
}
END_TEST

START_TEST(a_missing_library_is_named) {
    char message[512] = "";
    ck_assert_int_eq(probe_library("libm.so.6", message, sizeof message), 0);
    ck_assert_int_eq(probe_library("libseep-no-such.so.1", message, sizeof message), -ENOENT);
    ck_assert_ptr_nonnull(strstr(message, "libseep-no-such.so.1"));
}
END_TEST

START_TEST(the_debug_file_is_that_of_libc_as_readelf_sees_it) {
    char path[PATH_MAX] = "", line[256], hex[160] = "", wanted[256];
    int answer = probe_libc_debug_file(path, sizeof path);
    FILE *libc = popen("readelf -n $(ldd /bin/sh | sed -n 's/.*libc.so.6 => \\([^ ]*\\).*/\\1/p')", "r");
    ck_assert_ptr_nonnull(libc);
    while (fgets(line, sizeof line, libc) != NULL)
        if (strstr(line, "Build ID:") != NULL)
            sscanf(strstr(line, "Build ID:"), "Build ID: %159s", hex);
    pclose(libc);
    ck_assert_uint_gt(strlen(hex), 4);
    snprintf(wanted, sizeof wanted, "/usr/lib/debug/.build-id/%.2s/%s.debug", hex, hex + 2);
    ck_assert_str_eq(path, wanted);
    ck_assert_int_eq(answer, access(wanted, R_OK) == 0 ? 0 : -ENOENT);
}
END_TEST

static void add_tests(TCase *probes) {
    tcase_add_test(probes, what_is_forbidden_is_reported_with_its_reason);
    tcase_add_test(probes, what_is_allowed_works);
    tcase_add_test(probes, nothing_is_left_behind);
    tcase_add_test(probes, the_glibc_version_is_compared_by_number);
    tcase_add_test(probes, a_missing_library_is_named);
    tcase_add_test(probes, the_debug_file_is_that_of_libc_as_readelf_sees_it);
}
SEEP_TEST_MAIN("probe")
