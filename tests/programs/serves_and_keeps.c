// flags: -l:serves_and_keeps.so
// A library of this program serves its blocks, and holds one of 200 bytes in memory that it mapped; one of
// 100 bytes is lost.
#include "tests/programs/libs/serves_and_keeps.h"
#include "tests/programs/keep.h"

int main(void) {
    keep_in_own_mapping(malloc(200));
    keep_in_freed_memory(malloc(100));
    return 0;
}
