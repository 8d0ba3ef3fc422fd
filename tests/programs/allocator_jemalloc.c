// flags: -ljemalloc
// Links jemalloc; its own figures must show that it serves the blocks.
#include "tests/programs/allocator_work.h"

#include <jemalloc/jemalloc.h>

static size_t figure(const char *name) {
    unsigned long long epoch = 1;
    size_t value = 0, bytes = sizeof epoch;
    MUST(mallctl("epoch", &epoch, &bytes, &epoch, sizeof epoch) == 0);
    bytes = sizeof value;
    MUST(mallctl(name, &value, &bytes, NULL, 0) == 0);
    return value;
}

int main(int argc, char **argv) {
    size_t before = figure("stats.allocated");
    if (!allocator_work(argc, argv))
        return 0;
    MUST(figure("stats.allocated") >= before + WORK_KEPT * WORK_BLOCK_BYTES);
    MUST(malloc_usable_size(work_block) == nallocx(WORK_BLOCK_BYTES, 0));
    return 0;
}
