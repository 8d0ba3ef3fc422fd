// A library whose IFUNC resolver calls much of libc: it runs while libraries are still being relocated.
#include "tests/programs/early_calls.h"

struct early_outcome early_library_outcome;

static int two(void) {
    return 2;
}

typedef int number_function(void);

static number_function *resolve_number(void) {
    early_library_outcome.may_fail = 1;
    early_system_calls(&early_library_outcome);
    early_library_calls(&early_library_outcome);
    return two;
}

int early_calls_number(void) __attribute__((ifunc("resolve_number")));
int early_calls_call(void);

int early_calls_call(void) {
    return early_calls_number();
}
