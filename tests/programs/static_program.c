// flags: -static
// Statically linked: nothing can be preloaded into it. Ends with status 17.
#include "tests/programs/keep.h"

int main(void) {
    MUST(keep(malloc(10)));
    return 17;
}
