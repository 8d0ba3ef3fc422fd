// flags: -std=c++17 -fsized-deallocation -faligned-new -ljemalloc
// Links jemalloc; its own figures must show that it serves new.
#include "tests/programs/allocator_new.h"

#include <jemalloc/jemalloc.h>

int main(int argc, char **argv) {
    void *block = allocator_new_work(argc, argv);
    if (!block)
        return 0;
    unsigned arena = ~0u;
    size_t bytes = sizeof arena;
    MUST(mallctl("arenas.lookup", &arena, &bytes, &block, sizeof block) == 0 && arena != ~0u);
    MUST(malloc_usable_size(block) == nallocx(24, 0));
    return 0;
}
