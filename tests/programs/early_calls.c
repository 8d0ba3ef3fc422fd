// flags: -l:early_calls.so
// IFUNC resolvers of this program and of a library make calls before any constructor has run; or the
// program's resolver ends the process. early_calls calls|exit|_exit|abort|exec|vfork
#include "tests/programs/early_calls.h"
#include "tests/programs/keep.h"

extern struct early_outcome early_library_outcome;
int early_calls_call(void);

static struct early_outcome outcome;
static char command_line[256]; // the arguments are not known yet but from there

static int one(void) {
    return 1;
}

static const char *first_argument(void) {
    int fd = open("/proc/self/cmdline", O_RDONLY);
    if (fd < 0 || read(fd, command_line, sizeof command_line - 1) < 0)
        return "";
    close(fd);
    return command_line + strlen(command_line) + 1;
}

static void wait_for_child(void) {
    int status = 0;
    pid_t child = vfork();
    if (child == 0)
        _exit(7);
    EARLY_MUST(&outcome, child > 0 && waitpid(child, &status, 0) == child);
    EARLY_MUST(&outcome, WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

typedef int number_function(void);

static number_function *resolve_number(void) {
    const char *what = first_argument();
    if (!strcmp(what, "exit"))
        exit(5);
    if (!strcmp(what, "_exit"))
        _exit(6);
    if (!strcmp(what, "abort"))
        abort();
    if (!strcmp(what, "exec"))
        execl("/bin/sh", "sh", "-c", "exit 9", NULL);
    if (!strcmp(what, "vfork"))
        wait_for_child();
    early_system_calls(&outcome);
    early_library_calls(&outcome);
    return one;
}

int number(void) __attribute__((ifunc("resolve_number")));

static void say(const char *who, const struct early_outcome *of) {
    if (of->wrong)
        fprintf(stderr, "%s: %d wrong, first %s\n", who, of->wrong, of->first);
}

int main(void) {
    MUST(number() == 1 && early_calls_call() == 2);
    say("program", &outcome);
    say("library", &early_library_outcome);
    return outcome.wrong || early_library_outcome.wrong;
}
