// flags: -ltcmalloc_minimal
// Links tcmalloc; it must know the blocks as its own.
#include "tests/programs/allocator_work.h"

#include <gperftools/malloc_extension_c.h>

int main(int argc, char **argv) {
    if (!allocator_work(argc, argv))
        return 0;
    MUST(MallocExtension_GetOwnership(work_block) == MallocExtension_kOwned);
    size_t allocated = 0;
    MUST(MallocExtension_GetNumericProperty("generic.current_allocated_bytes", &allocated));
    MUST(allocated >= WORK_KEPT * WORK_BLOCK_BYTES);
    return 0;
}
