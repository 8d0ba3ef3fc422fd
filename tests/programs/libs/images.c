// A library that maps 64 MiB for each image, and forgets to unmap it.
#include <string.h>
#include <sys/mman.h>

int image_open(const char *name);

int image_open(const char *name) {
    size_t bytes = (size_t)64 << 20;
    char *pixels = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pixels == MAP_FAILED)
        return -1;
    memset(pixels, name[0], bytes);
    __asm__ volatile("" : : "r"(pixels) : "memory"); // the compiler must not see that nothing reads it
    return 0;
}
