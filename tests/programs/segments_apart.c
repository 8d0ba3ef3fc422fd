// A program whose segments have large holes between them, as some linkers and page sizes leave: the loader
// then tells nobody its whole extent.
// flags: -Wl,-z,max-page-size=0x200000

#include "tests/programs/keep.h"

#include <stdlib.h>

static __attribute__((noinline)) void forget(void) {
    keep(malloc(77));
}

int main(void) {
    forget();
    return 0;
}
