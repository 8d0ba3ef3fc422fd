// flags: -no-pie -fno-pie
// Linked at a fixed address, and takes malloc's: its linker makes an entry of its own that stands for malloc
// in the whole process. Calls it by name, and by that address.
#include "tests/programs/keep.h"

int main(void) {
    void *(*volatile allocate)(size_t) = malloc;
    keep(malloc(5));
    keep(allocate(30));
    return 0;
}
