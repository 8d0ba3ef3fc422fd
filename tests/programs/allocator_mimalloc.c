// flags: -lmimalloc
// Links mimalloc; the blocks must lie in its regions.
#include "tests/programs/allocator_work.h"

#include <mimalloc.h>

int main(int argc, char **argv) {
    MUST(mi_version() > 0);
    if (!allocator_work(argc, argv))
        return 0;
    MUST(mi_is_in_heap_region(work_block));
    return 0;
}
