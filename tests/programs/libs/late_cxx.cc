// flags: -std=c++17
// A C++ library for a C program: leaks 70 bytes by new and 80 by new[], deletes others, throws and catches
// bad_alloc.
#include <cstdint>
#include <new>

static void *volatile kept;

__attribute__((noinline)) static void late_leaks() {
    kept = ::operator new(70);
    kept = new char[80];
    asm volatile("");
}

__attribute__((noinline)) static bool late_throws() {
    volatile std::size_t huge = static_cast<std::size_t>(PTRDIFF_MAX) - 4096;
    try {
        kept = ::operator new(huge);
    } catch (const std::bad_alloc &) {
        return true;
    }
    return false;
}

__attribute__((noinline)) static void late_deletes() {
    struct alignas(128) wide {
        char bytes[128];
    };
    for (int i = 0; i < 100; i++) {
        wide *volatile one = new wide;
        delete one;
        int *volatile many = new int[10];
        delete[] many;
        int *volatile none = new (std::nothrow) int;
        ::operator delete(none, std::nothrow);
    }
}

extern "C" int late_work() {
    late_leaks();
    late_deletes();
    return late_throws();
}
