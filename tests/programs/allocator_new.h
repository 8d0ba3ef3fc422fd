// What a C++ program does with every form of new and delete: of each it makes one block and leaves it, and
// makes one and deletes it. "idle" as the first argument does nothing, so that the difference between two
// runs is exactly this.
#pragma once

#include "tests/programs/keep.h"

#include <cstddef>
#include <cstdint>
#include <new>

struct alignas(128) wide {
    char bytes[256];
};

OWN_FRAME static void *leak_new() { // 24
    return keep(::operator new(24));
}
OWN_FRAME static void leak_new_array() { // 25
    keep(::operator new[](25));
}
OWN_FRAME static void leak_new_nothrow() { // 26
    keep(::operator new(26, std::nothrow));
}
OWN_FRAME static void leak_new_array_nothrow() { // 27
    keep(::operator new[](27, std::nothrow));
}
OWN_FRAME static void leak_new_aligned() { // 256
    MUST(reinterpret_cast<std::uintptr_t>(keep(new wide)) % 128 == 0);
}
OWN_FRAME static void leak_new_array_aligned() { // 512
    MUST(reinterpret_cast<std::uintptr_t>(keep(new wide[2])) % 128 == 0);
}
OWN_FRAME static void leak_new_aligned_nothrow() { // 256
    MUST(reinterpret_cast<std::uintptr_t>(keep(new (std::nothrow) wide)) % 128 == 0);
}
OWN_FRAME static void leak_new_array_aligned_nothrow() { // 512
    MUST(reinterpret_cast<std::uintptr_t>(keep(new (std::nothrow) wide[2])) % 128 == 0);
}

// Six blocks of 40 bytes and six of 64.
OWN_FRAME static void delete_every_form() {
    const auto by_64 = std::align_val_t(64);
    ::operator delete(keep(::operator new(40)));
    ::operator delete[](keep(::operator new[](40)));
    ::operator delete(keep(::operator new(40)), 40);
    ::operator delete[](keep(::operator new[](40)), 40);
    ::operator delete(keep(::operator new(40, std::nothrow)), std::nothrow);
    ::operator delete[](keep(::operator new[](40, std::nothrow)), std::nothrow);
    ::operator delete(keep(::operator new(64, by_64)), by_64);
    ::operator delete[](keep(::operator new[](64, by_64)), by_64);
    ::operator delete(keep(::operator new(64, by_64)), 64, by_64);
    ::operator delete[](keep(::operator new[](64, by_64)), 64, by_64);
    ::operator delete(keep(::operator new(64, by_64, std::nothrow)), by_64, std::nothrow);
    ::operator delete[](keep(::operator new[](64, by_64, std::nothrow)), by_64, std::nothrow);
    ::operator delete(nullptr);
}

__attribute__((unused)) OWN_FRAME static void throw_bad_alloc() {
    volatile std::size_t huge = static_cast<std::size_t>(PTRDIFF_MAX) - 4096;
    bool thrown = false, thrown_aligned = false;
    try {
        keep(::operator new(huge));
    } catch (const std::bad_alloc &) {
        thrown = true;
    }
    try {
        keep(::operator new[](huge, std::align_val_t(64)));
    } catch (const std::bad_alloc &) {
        thrown_aligned = true;
    }
    MUST(thrown && thrown_aligned);
    MUST(!keep(::operator new(huge, std::nothrow)));
}

// Returns the first leaked block; NULL: idle.
OWN_FRAME static void *allocator_new_work(int argc, char **argv) {
#ifndef NEW_ENDS_THE_PROGRAM // instead of throwing
    throw_bad_alloc();       // in both runs, since what an exception takes for itself is not what is measured
#endif
    if (argc == 2 && !strcmp(argv[1], "idle"))
        return NULL;
    void *block = leak_new();
    leak_new_array();
    leak_new_nothrow();
    leak_new_array_nothrow();
    leak_new_aligned();
    leak_new_array_aligned();
    leak_new_aligned_nothrow();
    leak_new_array_aligned_nothrow();
    delete_every_form();
    AFTER_CALL;
    return block;
}
