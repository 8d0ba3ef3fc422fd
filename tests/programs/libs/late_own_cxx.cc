// flags: -std=c++17
// As late_cxx.so, with a new and delete of its own, which the library's own code must get.
#include "tests/programs/libs/late_cxx.cc"

#include <cstdlib>

static int made, deleted;

void *operator new(std::size_t bytes) {
    void *block = std::malloc(bytes);
    if (!block)
        throw std::bad_alloc();
    made++;
    return block;
}

void operator delete(void *block) noexcept {
    deleted++;
    std::free(block);
}

void operator delete(void *block, std::size_t) noexcept {
    ::operator delete(block);
}

extern "C" int late_own_counts() {
    return made == 2 + 200 && deleted == 200;
}
