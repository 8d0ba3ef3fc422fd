// Loads a library by its name alone, which only this program's own RUNPATH finds, and has it free a block of
// 100 bytes that the program allocated.
#define _GNU_SOURCE
#include "tests/programs/cases.h"
#include "tests/programs/keep.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/wait.h>

static void drop_in(void *library) {
    void (*drop)(void *) = (void (*)(void *))dlsym(library, "drop");
    MUST(drop);
    drop(malloc(100));
}

static void bound_as_others(void) {
    void *library = dlopen("frees.so", RTLD_NOW);
    MUST(library);
    drop_in(library);
}

// Its calls go to libc, past what is preloaded.
static void bound_deeply(void) {
    void *library = dlopen("frees.so", RTLD_NOW | RTLD_DEEPBIND);
    MUST(library);
    drop_in(library);
}

// Nothing is loaded there.
static void the_program_itself(void) {
    MUST(dlopen(NULL, RTLD_NOW | RTLD_DEEPBIND));
}

static void in_a_child(void) {
    void *library = dlopen("frees.so", RTLD_NOW | RTLD_DEEPBIND);
    MUST(library);
    pid_t child = fork();
    if (child == 0) {
        drop_in(library);
        exit(0);
    }
    int status;
    MUST(waitpid(child, &status, 0) == child && status == 0);
}

// It has another libc there.
static void in_a_namespace(void) {
    void *library = dlmopen(LM_ID_NEWLM, "frees.so", RTLD_NOW);
    MUST(library);
    int (*allocates)(void) = (int (*)(void))dlsym(library, "allocates");
    MUST(allocates && allocates());
}

static void in_the_first_namespace(void) {
    void *library = dlmopen(LM_ID_BASE, "frees.so", RTLD_NOW);
    MUST(library);
    drop_in(library);
}

int main(int argc, char **argv) {
    static const struct program_case cases[] = {CASE(bound_as_others),    CASE(bound_deeply),
                                                CASE(the_program_itself), CASE(in_a_child),
                                                CASE(in_a_namespace),     CASE(in_the_first_namespace)};
    named_case(cases, sizeof cases / sizeof *cases, argc > 1 ? argv[1] : NULL)->run();
    return 0;
}
