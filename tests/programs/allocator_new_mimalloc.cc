// flags: -std=c++17 -fsized-deallocation -faligned-new -lmimalloc
// Links mimalloc, which defines most forms of new and delete; what new gave must lie in its regions.
#define NEW_ENDS_THE_PROGRAM // built as C
#include "tests/programs/allocator_new.h"

#include <mimalloc.h>

int main(int argc, char **argv) {
    MUST(mi_version() > 0);
    void *block = allocator_new_work(argc, argv);
    if (!block)
        return 0;
    MUST(mi_is_in_heap_region(block));
    return 0;
}
