// flags: -std=c++17
// An allocator in layers: all but malloc and free call others of the public functions by name, as a program
// would.
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <new>

extern "C" void *__libc_malloc(std::size_t bytes);
extern "C" void *__libc_memalign(std::size_t alignment, std::size_t bytes);
extern "C" void __libc_free(void *block);

static int calls;

extern "C" {
void *malloc(std::size_t bytes) noexcept {
    return __libc_malloc(bytes);
}

void free(void *block) noexcept {
    int error = errno;
    __libc_free(block);
    errno = error;
}

void *memalign(std::size_t alignment, std::size_t bytes) noexcept {
    return __libc_memalign(alignment, bytes);
}

// The compiler would make a call of itself of malloc and memset.
static void *(*volatile by_name)(std::size_t) = malloc;

void *calloc(std::size_t count, std::size_t bytes) noexcept {
    std::size_t total;
    if (__builtin_mul_overflow(count, bytes, &total))
        return nullptr;
    calls++;
    void *block = by_name(total);
    return block ? std::memset(block, 0, total) : nullptr;
}

void *realloc(void *block, std::size_t bytes) noexcept {
    void *fresh = by_name(bytes);
    calls++;
    if (!fresh || !block)
        return fresh;
    std::size_t had = malloc_usable_size(block);
    std::memcpy(fresh, block, had < bytes ? had : bytes);
    free(block);
    return fresh;
}

int nested_heap_calls() {
    return calls;
}
}

void *operator new(std::size_t bytes) {
    calls++;
    if (void *block = malloc(bytes))
        return block;
    throw std::bad_alloc();
}

void *operator new[](std::size_t bytes) {
    return ::operator new(bytes);
}

void *operator new(std::size_t bytes, std::align_val_t alignment) {
    if (void *block = memalign(static_cast<std::size_t>(alignment), bytes))
        return block;
    throw std::bad_alloc();
}

void operator delete(void *block) noexcept {
    free(block);
}

void operator delete[](void *block) noexcept {
    ::operator delete(block);
}

void operator delete(void *block, std::size_t) noexcept {
    ::operator delete(block);
}

void operator delete(void *block, std::align_val_t) noexcept {
    free(block);
}
