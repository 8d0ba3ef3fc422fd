// flags: -l:count.so -std=c++17 -fsized-deallocation
// Every form of new and delete: each leaks one block of a size of its own, and frees one.
#include "tests/programs/count.h"
#include "tests/programs/keep.h"

#include <cstdint>
#include <new>

struct alignas(128) wide {
    char bytes[256];
};
struct counted_array {
    ~counted_array() {
        keep(this);
    }
    char bytes[5];
};

OWN_FRAME static void leak_scalar() {
    keep(new char);
    keep(new (std::nothrow) char);
}

OWN_FRAME static void leak_arrays() {
    keep(new char[1000]);
    keep(new (std::nothrow) char[2000]);
    keep(new counted_array[10]); // with a cookie of 8 bytes: 58
}

OWN_FRAME static void leak_aligned() {
    auto *one = static_cast<wide *>(keep(new wide));
    auto *many = static_cast<wide *>(keep(new wide[2]));
    MUST(reinterpret_cast<std::uintptr_t>(one) % 128 == 0 &&
         reinterpret_cast<std::uintptr_t>(many) % 128 == 0);
}

OWN_FRAME static void delete_all_forms() {
    delete static_cast<int *>(keep(new int(1)));
    delete[] static_cast<int *>(keep(new int[9]));
    delete[] static_cast<counted_array *>(keep(new counted_array[3]));
    delete static_cast<wide *>(keep(new wide));
    delete[] static_cast<wide *>(keep(new wide[3]));
    ::operator delete(keep(::operator new(40)), 40);
    ::operator delete(keep(::operator new(50, std::nothrow)), std::nothrow);
    ::operator delete(keep(::operator new(64, std::align_val_t(64))), 64, std::align_val_t(64));
    delete static_cast<int *>(keep(nullptr));
    alignas(8) char room[8];
    keep(new (room) int(3)); // placement: no allocation
}

OWN_FRAME static void fail_both_ways() {
    volatile std::size_t huge = static_cast<std::size_t>(PTRDIFF_MAX) - 4096;
    bool thrown = false;
    try {
        keep(::operator new(huge));
    } catch (const std::bad_alloc &) {
        thrown = true;
    }
    MUST(thrown);
    MUST(!keep(::operator new(huge, std::nothrow)));
}

int main() {
    leak_scalar();
    leak_arrays();
    leak_aligned();
    delete_all_forms();
    fail_both_ways();
    return 0;
}
