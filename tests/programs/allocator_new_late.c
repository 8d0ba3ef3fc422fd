// A C program that loads a C++ library for itself alone: twice, at two places, if the library can be
// unloaded.
//   allocator_new_late LIBRARY
#define _GNU_SOURCE
#include "tests/programs/keep.h"

#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <sys/mman.h>

// Where the library lay; 0: once is enough.
OWN_FRAME static ElfW(Addr) use(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        dprintf(2, "%s\n", dlerror());
    MUST(library);
    int (*work)(void) = (int (*)(void))dlsym(library, "late_work");
    MUST(work && work());
    int (*own_counts)(void) = (int (*)(void))dlsym(library, "late_own_counts");
    MUST(!own_counts || own_counts());
    struct link_map *map;
    MUST(dlinfo(library, RTLD_DI_LINKMAP, &map) == 0);
    ElfW(Addr) at = map->l_addr;
    MUST(dlclose(library) == 0);
    bool stays = dlopen(path, RTLD_NOW | RTLD_NOLOAD) != NULL;
    MUST(!stays || own_counts); // libstdc++'s references may mean its new, and hold it
    return own_counts ? 0 : at;
}

int main(int argc, char **argv) {
    MUST(argc == 2);
    MUST(!dlsym(RTLD_DEFAULT, "__cxa_throw"));
    ElfW(Addr) first = use(argv[1]);
    if (!first)
        return 0;
    // What lay there is taken, so that the library comes to lie elsewhere.
    void *taken =
        mmap((void *)first, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    MUST(taken == (void *)first);
    MUST(use(argv[1]) != first);
    return 0;
}
