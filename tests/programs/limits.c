// flags: -pthread
// Takes something away from itself after the start, then works: 1,000 blocks in each of a thread and a forked
// child, of which each leaks ten. limits CASE
#define _GNU_SOURCE
#include "tests/programs/cases.h"
#include "tests/programs/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

OWN_FRAME static void limited_work(void) {
    void *blocks[1000];
    for (int i = 0; i < 1000; i++)
        blocks[i] = keep(malloc(40));
    for (int i = 10; i < 1000; i++)
        free(blocks[i]);
}

static void *thread_main(void *unused) {
    limited_work();
    return unused;
}

static void work_in_a_thread(void) {
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, thread_main, NULL) == 0);
    pthread_join(thread, NULL);
}

static void work_in_a_child(void) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        limited_work();
        exit(5);
    }
    MUST(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 5);
}

static void nothing(void) {
}

static void changes_root(void) {
    MUST(chroot("/proc/self/fdinfo") == 0 && chdir("/") == 0);
}

static void drops_privileges(void) {
    MUST(setgid(65534) == 0 && setuid(65534) == 0);
}

static void cannot_open_files(void) {
    struct rlimit none = {3, 3};
    MUST(setrlimit(RLIMIT_NOFILE, &none) == 0);
}

static void cannot_write_files(void) {
    struct rlimit none = {0, 0};
    MUST(setrlimit(RLIMIT_FSIZE, &none) == 0);
}

static void closes_everything(void) {
    for (int fd = 0; fd < 1024; fd++)
        close(fd);
}

static long resident_kib(void) {
    char status[8192];
    int fd = open("/proc/self/status", O_RDONLY);
    ssize_t length = read(fd, status, sizeof status - 1);
    close(fd);
    MUST(length > 0);
    status[length] = '\0';
    char *line = strstr(status, "VmRSS:");
    MUST(line);
    return atol(line + 6);
}

static void locks_its_memory(void) {
    MUST(mlockall(MCL_CURRENT | MCL_FUTURE) == 0);
}

#define ALLOW(name)                                                                                          \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

// What a sandbox lets through; anything else kills the process.
static void enters_a_sandbox(void) {
    static struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(read),
        ALLOW(write),
        ALLOW(close),
        ALLOW(mmap),
        ALLOW(munmap),
        ALLOW(mprotect),
        ALLOW(madvise),
        ALLOW(brk),
        ALLOW(futex),
        ALLOW(exit),
        ALLOW(exit_group),
        ALLOW(rt_sigaction),
        ALLOW(rt_sigprocmask),
        ALLOW(rt_sigreturn),
        ALLOW(clock_gettime),
        ALLOW(clock_nanosleep),
        ALLOW(nanosleep),
        ALLOW(sched_yield),
        ALLOW(getpid),
        ALLOW(gettid),
        ALLOW(clone),
        ALLOW(clone3),
        ALLOW(set_robust_list),
        ALLOW(rseq),
        ALLOW(wait4),
        ALLOW(set_tid_address),
        ALLOW(getrandom),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = {.len = COUNT_OF(filter), .filter = filter};
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static const struct program_case cases[] = {
    CASE(nothing),           CASE(changes_root),       CASE(drops_privileges),
    CASE(cannot_open_files), CASE(cannot_write_files), CASE(closes_everything),
    CASE(locks_its_memory),  CASE(enters_a_sandbox),
};

int main(int argc, char **argv) {
    MUST(argc == 2);
    const struct program_case *chosen = named_case(cases, COUNT_OF(cases), argv[1]);
    chosen->run();
    work_in_a_thread();
    work_in_a_child();
    if (chosen->run == locks_its_memory)
        MUST(resident_kib() < 256 * 1024);
    return 30;
}
