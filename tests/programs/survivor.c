// A program that outlives its analyzer: survivor GO_FILE. Says "ready PID", makes pairs of calls until
// GO_FILE exists, then 200,000 more and three blocks that it keeps; says "done ALLOCATIONS" and ends with
// status 7.
#include "tests/programs/keep.h"

static unsigned long long allocations;

OWN_FRAME static void pairs(int count) {
    for (int i = 0; i < count; i++) {
        free(keep(malloc(30)));
        allocations++;
    }
}

OWN_FRAME static void keep_three(void) {
    for (int i = 0; i < opaque(3); i++)
        keep(malloc(100));
    allocations += 3;
}

static void say(const char *word, unsigned long long number) {
    char line[64];
    int length = snprintf(line, sizeof line, "%s %llu\n", word, number);
    MUST(write(1, line, (size_t)length) == length);
}

int main(int argc, char **argv) {
    MUST(argc == 2);
    pairs(1000);
    say("ready", (unsigned long long)getpid());
    while (access(argv[1], F_OK) != 0)
        pairs(100);
    pairs(200000);
    keep_three();
    say("done", allocations);
    return 7;
}
