// flags: -l:constructor_arguments.so
// Everything a program can easily see of itself and that must be as without seep, as text.
#define _GNU_SOURCE
#include "tests/programs/keep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

extern char **environ;
extern int constructor_argc;
extern char **constructor_argv, **constructor_environment;

static void show_directory(const char *what, const char *path, int targets) {
    DIR *directory = opendir(path);
    MUST(directory);
    int entries = 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (entry->d_name[0] == '.')
            continue;
        entries++;
        if (targets && atoi(entry->d_name) != dirfd(directory))
            printf("%s %s\n", what, entry->d_name);
    }
    printf("%s: %d, listed through %d\n", what, entries, dirfd(directory));
    closedir(directory);
}

static void show_descriptors(void) {
    show_directory("descriptors", "/proc/self/fd", 1);
    int first = open("/dev/null", O_RDONLY), second = dup(first);
    printf("opened as %d, dup'd as %d\n", first, second);
    close(second);
    close(first);
    for (int fd = 0; fd < 3; fd++)
        printf("%d: flags %#x %#x\n", fd, fcntl(fd, F_GETFD), fcntl(fd, F_GETFL) & ~O_APPEND);
}

static void show_signals(void) {
    sigset_t mask, pending;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    sigpending(&pending);
    stack_t stack;
    sigaltstack(NULL, &stack);
    printf("alternate stack: %d\n", stack.ss_flags);
    for (int number = 1; number < SIGRTMAX; number++) {
        struct sigaction action = {.sa_handler = SIG_DFL};
        if (sigaction(number, NULL, &action) == 0)
            printf("signal %d: blocked %d, pending %d, handler %s, flags %#x\n", number,
                   sigismember(&mask, number), sigismember(&pending, number),
                   action.sa_handler == SIG_DFL   ? "default"
                   : action.sa_handler == SIG_IGN ? "ignored"
                                                  : "set",
                   (unsigned)action.sa_flags);
    }
}

static void show_environment(void) {
    for (char **variable = environ; *variable; variable++)
        if (strncmp(*variable, "LD_PRELOAD=", 11) != 0 && strncmp(*variable, "SEEP_", 5) != 0)
            printf("environment %s\n", *variable);
}

static void show_limits(void) {
    for (int resource = 0; resource < RLIM_NLIMITS; resource++) {
        struct rlimit limit;
        if (getrlimit((__rlimit_resource_t)resource, &limit) == 0)
            printf("limit %d: %llu %llu\n", resource, (unsigned long long)limit.rlim_cur,
                   (unsigned long long)limit.rlim_max);
    }
}

static void show_timers(void) {
    for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++) {
        struct itimerval timer;
        getitimer((__itimer_which_t)which, &timer);
        printf("timer %d: %ld %ld\n", which, (long)timer.it_value.tv_sec, (long)timer.it_value.tv_usec);
    }
}

static void show_rest(int argc, char **argv, int errno_at_start) {
    char directory[4096], name[17] = "";
    printf("errno at start %d\n", errno_at_start);
    for (int i = 1; i < argc; i++)
        printf("argument %s\n", argv[i]);
    printf("in %s\n", getcwd(directory, sizeof directory));
    prctl(PR_GET_NAME, name);
    printf("name %s, dumpable %d, subreaper ", name, prctl(PR_GET_DUMPABLE));
    int subreaper = -1, death_signal = -1;
    prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
    prctl(PR_GET_PDEATHSIG, &death_signal);
    mode_t mask = umask(0);
    printf("%d, death signal %d, umask %o, nice %d\n", subreaper, death_signal, mask,
           getpriority(PRIO_PROCESS, 0));
    printf("no new privileges %d, seccomp %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0),
           prctl(PR_GET_SECCOMP));
}

// What libc and constructors were told of the program's arguments and environment.
static void show_start(int argc, char **argv, char **environment) {
    printf("environ is main's: %d, HOME %s\n", environ == environment, getenv("HOME"));
    printf("invoked as %s, short %s\n", program_invocation_name, program_invocation_short_name);
    printf("the constructor got argc %d, argv %d, environment %d\n", constructor_argc == argc,
           constructor_argv == argv, constructor_environment != NULL);
}

int main(int argc, char **argv, char **environment) {
    int errno_at_start = errno;
    int waited = wait(NULL);
    printf("wait gives %d, errno %d\n", waited, errno);
    show_start(argc, argv, environment);
    show_rest(argc, argv, errno_at_start);
    show_directory("threads", "/proc/self/task", 0);
    show_descriptors();
    show_signals();
    show_environment();
    show_limits();
    show_timers();
    return 0;
}
