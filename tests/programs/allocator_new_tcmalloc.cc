// flags: -std=c++17 -fsized-deallocation -faligned-new -ltcmalloc_minimal
// Links tcmalloc; it must know what new gave as its own.
#include "tests/programs/allocator_new.h"

#include <gperftools/malloc_extension_c.h>

int main(int argc, char **argv) {
    void *block = allocator_new_work(argc, argv);
    if (!block)
        return 0;
    MUST(MallocExtension_GetOwnership(block) == MallocExtension_kOwned);
    return 0;
}
