// See scope.h. Called by next.c, a few times in a program's life.
//
// The loader's list is read while others may change it. So an entry is believed only if the loader, asked by
// _dl_find_object (which needs no lock) for its dynamic section, names the same entry; before that is asked,
// the kernel says whether it can be read at all. Entries of what the caller needs can't go away, its own code
// being on the stack.
#include "preload/scope.h"

#include "preload/probe.h"
#include "preload/raw.h"

#include <dlfcn.h>
#include <elf.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

enum { MOST_OBJECTS = 1 << 14, UNSEEN = UINT16_MAX, PAGE = 4096 };

struct object {
    const struct link_map *map;
    uint32_t name_hash, soname_hash; // what others may call it by
    uint16_t seen;                   // the root whose list it was last put on
};

struct view {
    struct object *objects;
    uint16_t *list; // indices of objects
    size_t count, listed;
};

enum { VIEW_BYTES = MOST_OBJECTS * (sizeof(struct object) + sizeof(uint16_t)) };

// What the dynamic section says.
struct dynamic {
    const ElfW(Sym) * symbols;
    const char *strings;
    const uint32_t *gnu_hash, *sysv_hash; // NULL: it has none
    const char *soname;                   // NULL: it has none
};

static bool is_readable(const struct link_map *map) {
    uintptr_t first = (uintptr_t)map, last = (uintptr_t)(&map->l_prev + 1) - sizeof(uint64_t);
    return first % _Alignof(struct link_map) == 0 && probe_word(first) &&
           (first / PAGE == last / PAGE || probe_word(last));
}

static bool is_live(const struct link_map *map) {
    struct dl_find_object found;
    return _dl_find_object((void *)map->l_ld, &found) == 0 && found.dlfo_link_map == map;
}

// The next entry that can be read at all.
static const struct link_map *after(const struct link_map *map, int *left) {
    const struct link_map *next = map->l_next;
    return next && --*left > 0 && is_readable(next) ? next : NULL;
}

static const struct link_map *own_map(void) {
    struct dl_find_object found;
    return _dl_find_object((void *)scope_find, &found) == 0 ? found.dlfo_link_map : NULL;
}

// The loader makes these addresses absolute where it can write them.
static const void *address_in(const struct link_map *map, const ElfW(Dyn) * entry) {
    return (const void *)(entry->d_un.d_ptr < map->l_addr ? map->l_addr + entry->d_un.d_ptr
                                                          : entry->d_un.d_ptr);
}

static struct dynamic read_dynamic(const struct link_map *map) {
    struct dynamic out = {0};
    const ElfW(Dyn) *soname = NULL;
    for (const ElfW(Dyn) *entry = map->l_ld; entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == DT_SYMTAB)
            out.symbols = address_in(map, entry);
        else if (entry->d_tag == DT_STRTAB)
            out.strings = address_in(map, entry);
        else if (entry->d_tag == DT_GNU_HASH)
            out.gnu_hash = address_in(map, entry);
        else if (entry->d_tag == DT_HASH)
            out.sysv_hash = address_in(map, entry);
        else if (entry->d_tag == DT_SONAME)
            soname = entry;
    }
    if (soname && out.strings)
        out.soname = out.strings + soname->d_un.d_val;
    return out;
}

static bool is_definition(const struct dynamic *dynamic, uint32_t index, const char *name) {
    const ElfW(Sym) *symbol = &dynamic->symbols[index];
    return symbol->st_shndx != SHN_UNDEF && symbol->st_value && ELF64_ST_TYPE(symbol->st_info) == STT_FUNC &&
           strcmp(dynamic->strings + symbol->st_name, name) == 0;
}

// GNU's table: number of buckets, first symbol in it, words of the filter, the filter's shift; the filter,
// the buckets, and for each symbol its hash, whose lowest bit ends a bucket.
static uint32_t find_by_gnu_hash(const struct dynamic *dynamic, const char *name) {
    uint32_t hash = 5381;
    for (const unsigned char *c = (const unsigned char *)name; *c; c++)
        hash = hash * 33 + *c;
    const uint32_t *table = dynamic->gnu_hash;
    uint32_t bucket_count = table[0], first = table[1], filter_words = table[2], shift = table[3];
    const ElfW(Addr) *filter = (const void *)(table + 4);
    const uint32_t *buckets = (const void *)(filter + filter_words), *hashes = buckets + bucket_count;
    enum { BITS = 8 * sizeof *filter };
    ElfW(Addr) word = filter[hash / BITS % filter_words];
    if (!bucket_count || !(word >> hash % BITS & word >> (hash >> shift) % BITS & 1))
        return 0;
    uint32_t at = buckets[hash % bucket_count];
    if (at < first)
        return 0;
    for (;; at++) {
        if ((hashes[at - first] | 1) == (hash | 1) && is_definition(dynamic, at, name))
            return at;
        if (hashes[at - first] & 1)
            return 0;
    }
}

// The old table: number of buckets, number of symbols; the buckets, and for each symbol the next of its
// bucket.
static uint32_t find_by_sysv_hash(const struct dynamic *dynamic, const char *name) {
    const uint32_t *table = dynamic->sysv_hash;
    for (uint32_t at = 1; at < table[1]; at++)
        if (is_definition(dynamic, at, name))
            return at;
    return 0;
}

static void *definition_in(const struct link_map *map, const char *name) {
    struct dynamic dynamic = read_dynamic(map);
    uint32_t at = 0;
    if (!dynamic.symbols || !dynamic.strings)
        return NULL;
    if (dynamic.gnu_hash)
        at = find_by_gnu_hash(&dynamic, name);
    else if (dynamic.sysv_hash)
        at = find_by_sysv_hash(&dynamic, name);
    return at ? (void *)(map->l_addr + dynamic.symbols[at].st_value) : NULL;
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static uint32_t hash_text(const char *text) { // FNV-1a
    uint32_t hash = 0x811c9dc5;
    while (*text)
        hash = (hash ^ (unsigned char)*text++) * 0x01000193;
    return hash;
}

// The objects behind us in the order of loading, as they are now.
static bool view_open(struct view *view) {
    long at =
        raw_syscall6(SYS_mmap, 0, VIEW_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (raw_failed(at))
        return false;
    *view = (struct view){.objects = (struct object *)at};
    view->list = (uint16_t *)(view->objects + MOST_OBJECTS);
    int left = MOST_OBJECTS;
    const struct link_map *map = own_map();
    while (map && (map = after(map, &left))) {
        if (!is_live(map))
            continue;
        const char *soname = read_dynamic(map).soname;
        uint32_t name_hash = hash_text(base_name(map->l_name));
        view->objects[view->count++] =
            (struct object){map, name_hash, soname ? hash_text(soname) : name_hash, UNSEEN};
    }
    return true;
}

static void view_close(const struct view *view) {
    raw_syscall2(SYS_munmap, (long)view->objects, VIEW_BYTES);
}

// Puts an object and all that it needs, breadth first, on the list. True if `wanted` is among them.
static bool list_needed(struct view *view, uint16_t root, const struct link_map *wanted) {
    bool found = false;
    view->list[0] = root;
    view->listed = 1;
    view->objects[root].seen = root;
    for (size_t i = 0; i < view->listed; i++) {
        const struct link_map *map = view->objects[view->list[i]].map;
        const char *strings = read_dynamic(map).strings;
        found |= map == wanted;
        for (const ElfW(Dyn) *entry = map->l_ld; strings && entry->d_tag != DT_NULL; entry++) {
            if (entry->d_tag != DT_NEEDED)
                continue;
            uint32_t hash = hash_text(base_name(strings + entry->d_un.d_val));
            uint16_t k = 0;
            while (k < view->count && view->objects[k].name_hash != hash &&
                   view->objects[k].soname_hash != hash)
                k++;
            if (k == view->count || view->objects[k].seen == root)
                continue;
            view->objects[k].seen = root;
            view->list[view->listed++] = k;
        }
    }
    return found;
}

static const struct object *first_in_scope(struct view *view, const struct link_map *caller,
                                           const char *name) {
    for (uint16_t root = 0; root < view->count; root++) {
        if (!list_needed(view, root, caller))
            continue;
        for (size_t i = 0; i < view->listed; i++)
            if (definition_in(view->objects[view->list[i]].map, name))
                return &view->objects[view->list[i]];
        return NULL;
    }
    return NULL;
}

static const struct object *choose(struct view *view, const struct link_map *caller, const char *name) {
    const struct object *first = NULL;
    for (size_t i = 0; i < view->count; i++) {
        if (!definition_in(view->objects[i].map, name))
            continue;
        if (first) {
            const struct object *scoped = first_in_scope(view, caller, name);
            return scoped ? scoped : first;
        }
        first = &view->objects[i];
    }
    return first;
}

void *scope_find(const struct link_map *caller, const char *name, const struct link_map **where) {
    struct view view;
    if (!view_open(&view))
        return NULL;
    const struct object *chosen = choose(&view, caller, name);
    void *function = chosen ? definition_in(chosen->map, name) : NULL;
    if (function)
        *where = chosen->map;
    view_close(&view);
    return function;
}
