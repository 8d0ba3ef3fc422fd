// See next.h. Called by hooks_cxx.c. What is found for a caller is kept by the page of its code, so that a
// call costs a look into one cell.
#include "preload/next.h"

#include "preload/phase.h"
#include "preload/scope.h"
#include "preload/wire/atomic.h"

#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>

enum { CELLS = 1024, COUNT = sizeof(struct real_functions) / sizeof(void *) };
enum { PAGE_BITS = 12, INDEX_BITS = 8, FORGOTTEN_BITS = 20, BUSY = 1 };
_Static_assert(COUNT <= 1 << INDEX_BITS, "an index fits a tag");

#define RECORDED (1ull << 63) // in a value, beside the function's address

struct real_functions next_known_straight;
static uint32_t forgotten;

// A tag says page, function and how much was forgotten before. N1: the writer marks the cell busy,
// store-releases the value, then the tag; N2: the reader load-acquires the tag and the value, and looks at
// the tag again.
static struct cell {
    uint64_t tag; // 0: empty
    uint64_t value;
} cells[CELLS];

static const char *const names[] = {
#define HOOK(name, type, parameters) [NEXT_INDEX(name)] = #name,
#include "preload/hooks.def"
#undef HOOK
};

static bool starts_with(const char *text, const char *start) {
    return strncmp(text, start, strlen(start)) == 0;
}

static bool is_runtime(const struct link_map *map) {
    const char *slash = strrchr(map->l_name, '/'), *base = slash ? slash + 1 : map->l_name;
    return starts_with(base, "libstdc++.so") || starts_with(base, "libc++.so") ||
           starts_with(base, "libc++abi.so");
}

static void *known(uint32_t index) {
    return ((void *const *)&real)[index];
}

void next_prepare(void) {
    for (uint32_t i = 0; i < COUNT; i++) {
        struct dl_find_object found;
        if (starts_with(names[i], "_Z") && known(i) && _dl_find_object(known(i), &found) == 0 &&
            is_runtime(found.dlfo_link_map))
            ((void **)&next_known_straight)[i] = known(i);
    }
}

void next_forget(void) {
    atomic_add_acq_rel(&forgotten, 1);
}

static uint64_t tag_of(uintptr_t address, uint32_t index, uint32_t now) {
    return (uint64_t)(address >> PAGE_BITS) << (INDEX_BITS + FORGOTTEN_BITS) |
           (uint64_t)index << FORGOTTEN_BITS | (now & ((1u << FORGOTTEN_BITS) - 1));
}

static struct cell *cell_of(uint64_t tag) {
    return &cells[(tag >> FORGOTTEN_BITS) * 0x9e3779b97f4a7c15ull >> 54];
}
_Static_assert(CELLS == 1 << (64 - 54), "cell_of gives ten bits");

static uint64_t look(uint64_t tag) {
    struct cell *cell = cell_of(tag);
    if (atomic_load_acquire(&cell->tag) != tag)
        return 0;
    uint64_t value = atomic_load_acquire(&cell->value);
    return atomic_load_relaxed(&cell->tag) == tag ? value : 0; // N2
}

static void keep(uint64_t tag, uint64_t value) {
    struct cell *cell = cell_of(tag);
    uint64_t old = atomic_load_relaxed(&cell->tag); // relaxed: the CAS decides
    if (old == BUSY || !atomic_cas_acq_rel(&cell->tag, &old, BUSY))
        return;
    atomic_store_release(&cell->value, value);
    atomic_store_release(&cell->tag, tag); // N1
}

static uint64_t search(uint32_t index, const struct link_map *caller) {
    const struct link_map *where;
    void *function = scope_find(caller, names[index], &where);
    if (!function)
        return 0;
    return (uintptr_t)function | (is_runtime(where) ? 0 : RECORDED);
}

// The function for this caller, with RECORDED; 0: none.
static uint64_t find(uint32_t index, uintptr_t caller) {
    uint32_t now = atomic_load_acquire(&forgotten); // before the search: what it finds holds for now or later
    uint64_t tag = tag_of(caller, index, now), value = look(tag);
    if (value)
        return value;
    struct dl_find_object found;
    if (_dl_find_object((void *)caller, &found) != 0)
        return search(index, NULL);
    uint64_t object = tag_of((uintptr_t)found.dlfo_map_start, index, now);
    if (!(value = look(object)) && (value = search(index, found.dlfo_link_map)))
        keep(object, value);
    if (value)
        keep(tag, value);
    return value;
}

void *next_straight(uint32_t index, uintptr_t caller) {
    if (phase == PHASE_EARLY || known(index))
        return NULL;
    uint64_t value = find(index, caller);
    return value & RECORDED ? NULL : (void *)value;
}

void *next_recorded(uint32_t index, uintptr_t caller) {
    return known(index) ? known(index) : (void *)(find(index, caller) & ~RECORDED);
}
