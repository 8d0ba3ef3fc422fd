// A handler that leaks 48 bytes, run by raise() on the thread's stack, or on an alternate one when told
// "alternate".
#define _GNU_SOURCE
#include "tests/programs/keep.h"

#include <signal.h>

static char alternate[64 << 10];

OWN_FRAME static void leak_in_handler(void) {
    keep(malloc(48));
    AFTER_CALL;
}

static void handler(int signal) {
    (void)signal;
    leak_in_handler();
    AFTER_CALL;
}

OWN_FRAME static void interrupted(void) {
    raise(SIGUSR1);
    AFTER_CALL;
}

int main(int argc, char **argv) {
    int on_alternate = argc == 2 && !strcmp(argv[1], "alternate");
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    struct sigaction action = {.sa_handler = handler, .sa_flags = on_alternate ? SA_ONSTACK : 0};
    MUST(sigaltstack(&stack, NULL) == 0);
    MUST(sigaction(SIGUSR1, &action, NULL) == 0);
    interrupted();
    return 0;
}
