// See libc_start.h. Called by the constructor. The initializers are found as the loader finds them, in libc's
// dynamic section; libc.so.6 has had no others (DT_INIT) since glibc 2.34.
#include "preload/libc_start.h"

#include <dlfcn.h>
#include <gnu/lib-names.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>

typedef void initializer(int argc, char **argv, char **envp);

static bool is_libc(const struct link_map *map) {
    const char *slash = strrchr(map->l_name, '/');
    return slash && strcmp(slash + 1, LIBC_SO) == 0;
}

// From our own entry on: those that LD_PRELOAD names stand before libc.
static const struct link_map *find_libc(void) {
    struct dl_find_object found;
    if (_dl_find_object((void *)libc_start, &found) != 0)
        return NULL;
    const struct link_map *map = found.dlfo_link_map;
    while (map && !is_libc(map))
        map = map->l_next;
    return map;
}

void libc_start(int argc, char **argv, char **envp) {
    const struct link_map *libc = find_libc();
    if (!libc)
        return;
    initializer *const *all = NULL;
    size_t count = 0;
    for (const ElfW(Dyn) *entry = libc->l_ld; entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == DT_INIT_ARRAY)
            all = (initializer *const *)(libc->l_addr + entry->d_un.d_ptr);
        else if (entry->d_tag == DT_INIT_ARRAYSZ)
            count = entry->d_un.d_val / sizeof *all;
    }
    for (size_t i = 0; all && i < count; i++)
        all[i](argc, argv, envp);
}
