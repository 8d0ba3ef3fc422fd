// Inlined functions and lines: the block of 70 bytes is acquired by an inlined function of an inlined
// function; the calls marked below are the last on their line and the line after them belongs to another
// statement.
#include "tests/programs/keep.h"

static volatile int touched;

__attribute__((always_inline)) static inline void inlined_inner(void) {
    keep(malloc(70)); // line of inlined_inner
    touched++;
}

__attribute__((always_inline)) static inline void inlined_outer(void) {
    inlined_inner(); // line of inlined_outer
    touched++;
}

OWN_FRAME static void holds_inlined(void) {
    inlined_outer(); // line of holds_inlined
    touched++;
}

__attribute__((noinline, noreturn)) static void never_returns(void) {
    keep(malloc(80)); // line of never_returns
    exit(touched == 3 ? 0 : 1);
}

OWN_FRAME static void following_function(void) {
    touched--;
}

OWN_FRAME static void call_is_last(void) {
    never_returns(); // line of call_is_last: the return address lies in the next function
}

OWN_FRAME static void after_the_last(void) {
    touched = 99;
}

int main(int argc, char **argv) {
    (void)argv;
    holds_inlined(); // line of main's first call
    if (argc > 5) {
        following_function();
        after_the_last();
    }
    call_is_last(); // line of main's second call
}
