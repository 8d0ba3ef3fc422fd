// flags: -std=c++17 -fsized-deallocation -faligned-new -l:nested_heap.so
// A library's new, delete, calloc, realloc and reallocarray call its malloc and free by name: each block is
// one block.
#include "tests/programs/allocator_new.h"

#include <malloc.h>

extern "C" int nested_heap_calls();

OWN_FRAME static void leak_calloc() {
    keep(calloc(3, 50));
}

OWN_FRAME static void leak_realloc() {
    keep(realloc(keep(malloc(60)), 600));
}

// A block that the thread's latest ones have displaced is given back all the same.
OWN_FRAME static void free_old_blocks() {
    enum { OLD_BLOCKS = 10000 };
    static char *blocks[OLD_BLOCKS];
    for (int i = 0; i < OLD_BLOCKS; i++)
        blocks[i] = static_cast<char *>(keep(new char[8]));
    for (int i = 0; i < OLD_BLOCKS / 2; i++)
        delete[] blocks[i];
    for (int i = OLD_BLOCKS / 2; i < OLD_BLOCKS; i++)
        free(keep(realloc(blocks[i], 16)));
}

int main(int argc, char **argv) {
    if (!allocator_new_work(argc, argv))
        return 0;
    leak_calloc();
    leak_realloc();
    free_old_blocks();
    free(keep(realloc(keep(calloc(7, 10)), 700)));
    MUST(nested_heap_calls() > 0);
    return 0;
}
