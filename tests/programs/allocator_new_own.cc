// flags: -std=c++17 -fsized-deallocation -faligned-new
// The program replaces new and delete itself: its own come before any library's.
#include "tests/programs/allocator_new.h"

static int made, deleted;

void *operator new(std::size_t bytes) {
    void *block = malloc(bytes);
    if (!block)
        throw std::bad_alloc();
    made++;
    return block;
}

void operator delete(void *block) noexcept {
    deleted += block != nullptr;
    free(block);
}

void operator delete(void *block, std::size_t) noexcept {
    ::operator delete(block);
}

int main(int argc, char **argv) {
    if (!allocator_new_work(argc, argv))
        return 0;
    MUST(made == 2 + 2 + 6 && deleted == 6); // those without alignment; libstdc++'s array forms call these
    return 0;
}
