// A library with an IFUNC resolver that allocates: it runs while the program is being relocated, before any
// constructor.
#include <stdlib.h>

void *early_library_block; // 300 bytes

static int two(void) {
    return 2;
}

typedef int number_function(void);

static number_function *resolve_number(void) {
    early_library_block = malloc(300);
    return two;
}

int early_library_number(void) __attribute__((ifunc("resolve_number")));
int early_library_call(void);

int early_library_call(void) {
    return early_library_number();
}
