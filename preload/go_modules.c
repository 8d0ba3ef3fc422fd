// See go_modules.h. Neither section headers nor the runtime's list of modules can be relied on in memory, so
// the table is found by its first eight bytes, in what the object's file fills of its readable segments, and
// then checked. Executables have it in a read-only segment, position-independent ones among their relocated
// data.
//
// Ordering edges:
//   G1  store-release of a module's end -> G2  load-acquire of it: its table is complete. Forgetting stores
//   0.
//
// Must not: take locks, call libc beyond memory functions. Called by go_rules.c and unwind_go.c.

#include "preload/go_modules.h"

#include "preload/probe.h"
#include "preload/raw.h"
#include "preload/wire/atomic.h"

#include <elf.h>
#include <link.h>

enum {
    MODULES = 64,
    PLAIN_OBJECTS =
        256, // objects without a table that are remembered as such, so as not to search them again
    TABLE_ALIGNMENT = 8, // the linker gives it 32, but nobody promises
    PAGE = 4096,
    // Words of the runtime's moduledata: the table's place, the names' place, and the text's.
    DATA_WORDS = 24,
    DATA_NAMES = 1,
    DATA_FIRST_PC = 20,
    DATA_TEXT = 22,
};

static struct module {
    uintptr_t object_start, object_end; // of the object, as _dl_find_object has it
    uintptr_t start, end;               // of the text; end 0: no module here (G1)
    struct go_table table;
} modules[MODULES];

static struct { uintptr_t start, end; } plain[PLAIN_OBJECTS];
static uint32_t plain_next;
static uint32_t module_count; // those beyond were never used; published with the module, G1

struct span {
    uintptr_t start, end;
};

typedef bool visitor(struct span span, void *argument); // true: stop

// Some linkers put what is only read into one segment with the code.
static bool has_data_beside_code(const ElfW(Phdr) * segments, int count) {
    for (int i = 0; i < count; i++)
        if (segments[i].p_type == PT_LOAD && (segments[i].p_flags & (PF_R | PF_W | PF_X)) == PF_R)
            return false;
    return true;
}

// The parts of the object's file-backed segments that hold data. True if a visitor said to stop.
static bool each_segment(const struct dl_find_object *found, uint32_t flags, visitor *visit, void *argument) {
    uintptr_t start = (uintptr_t)found->dlfo_map_start, bias = found->dlfo_link_map->l_addr;
    if (memcmp((const void *)start, ELFMAG, SELFMAG) != 0)
        return false;
    const ElfW(Ehdr) *header = (const void *)start;
    if (header->e_phentsize != sizeof(ElfW(Phdr)) ||
        header->e_phoff + header->e_phnum * sizeof(ElfW(Phdr)) > PAGE)
        return false;
    const ElfW(Phdr) *segments = (const void *)(start + header->e_phoff);
    uint32_t not_data = has_data_beside_code(segments, header->e_phnum) ? 0 : PF_X;
    for (int i = 0; i < header->e_phnum; i++) {
        struct span span = {bias + segments[i].p_vaddr, bias + segments[i].p_vaddr + segments[i].p_filesz};
        if (segments[i].p_type != PT_LOAD || (segments[i].p_flags & (PF_R | not_data)) != PF_R ||
            (flags && !(segments[i].p_flags & flags)) || span.start < start ||
            span.end > (uintptr_t)found->dlfo_map_end)
            continue;
        if (visit(span, argument))
            return true;
    }
    return false;
}

// The program may have taken its own pages away: the first word of each is asked for.
static bool is_readable(uintptr_t at) {
    return at % PAGE != 0 || probe_word(at);
}

struct search {
    const struct dl_find_object *found;
    struct go_table table;
    uintptr_t at; // of the table
};

// Where the runtime's own record of this table says the text begins.
// This and find_table look at memory of any kind, so no sanitizer's opinion is asked.
__attribute__((no_sanitize("address", "thread"))) static bool find_text(struct span span, void *argument) {
    struct search *search = argument;
    uintptr_t at = (span.start + sizeof at - 1) & ~(sizeof at - 1);
    for (; at + DATA_WORDS * sizeof at <= span.end; at += sizeof at) {
        if (!is_readable(at))
            return false;
        const uintptr_t *words = (const uintptr_t *)at;
        if (words[0] != search->at || words[DATA_NAMES] != search->at + search->table.names_at)
            continue;
        search->table.text_start = words[DATA_TEXT];
        return go_table_address(&search->table, 0) == words[DATA_FIRST_PC];
    }
    return false;
}

static bool is_in_object(const struct search *search) {
    const struct go_table *table = &search->table;
    return go_table_address(table, 0) >= (uintptr_t)search->found->dlfo_map_start &&
           go_table_address(table, table->function_count) <= (uintptr_t)search->found->dlfo_map_end;
}

__attribute__((no_sanitize("address", "thread"))) static bool find_table(struct span span, void *argument) {
    struct search *search = argument;
    uintptr_t at = (span.start + TABLE_ALIGNMENT - 1) & ~(uintptr_t)(TABLE_ALIGNMENT - 1);
    for (; at + GO_TABLE_LEAST_BYTES <= span.end; at += TABLE_ALIGNMENT) {
        if (!is_readable(at))
            return false;
        if (!go_table_head(*(const uint64_t *)at) ||
            go_table_open(&search->table, (const void *)at, span.end - at) != 0)
            continue;
        search->at = at;
        bool needs_text = search->table.version >= GO_TABLE_118 && search->table.text_start == 0;
        if (needs_text && !each_segment(search->found, PF_W, find_text, search))
            continue;
        if (is_in_object(search))
            return true;
    }
    return false;
}

static const struct go_table *add(const struct search *search) {
    for (int i = 0; i < MODULES; i++) {
        struct module *module = &modules[i];
        if (atomic_load_relaxed(&module->end) != 0) // only this side writes, under the gate
            continue;
        module->object_start = (uintptr_t)search->found->dlfo_map_start;
        module->object_end = (uintptr_t)search->found->dlfo_map_end;
        module->table = search->table;
        module->start = go_table_address(&search->table, 0);
        atomic_store_release(&module->end,
                             go_table_address(&search->table, search->table.function_count)); // G1
        if ((uint32_t)i >= module_count)
            atomic_store_release(&module_count, (uint32_t)i + 1); // G1
        return &module->table;
    }
    return NULL;
}

// Was the object searched before?
static bool is_searched(uintptr_t start, uintptr_t end) {
    for (int i = 0; i < MODULES; i++)
        if (atomic_load_relaxed(&modules[i].end) != 0 && modules[i].object_start == start) // likewise
            return true;
    for (int i = 0; i < PLAIN_OBJECTS; i++)
        if (plain[i].start == start && plain[i].end == end)
            return true;
    return false;
}

static const struct module *module_of_text(uintptr_t address) {
    uint32_t count = atomic_load_acquire(&module_count); // G2
    for (uint32_t i = 0; i < count; i++) {
        uintptr_t end = atomic_load_acquire(&modules[i].end); // G2
        if (address < end && address >= modules[i].start)
            return &modules[i];
    }
    return NULL;
}

const struct go_table *go_modules_table(uintptr_t address, const struct dl_find_object *found) {
    const struct module *known = module_of_text(address);
    if (known)
        return &known->table;
    uintptr_t start = (uintptr_t)found->dlfo_map_start, end = (uintptr_t)found->dlfo_map_end;
    if (is_searched(start, end))
        return NULL;
    struct search search = {.found = found};
    const struct go_table *table = each_segment(found, 0, find_table, &search) ? add(&search) : NULL;
    if (table)
        return go_table_covers(table, address) ? table : NULL;
    plain[plain_next % PLAIN_OBJECTS].start = start;
    plain[plain_next++ % PLAIN_OBJECTS].end = end;
    return NULL;
}

bool go_modules_have(uintptr_t address) {
    return module_of_text(address) != NULL;
}

// Go's linker marks its libraries as never to be unloaded, so a module that lies where it lay is the same.
void go_modules_forget(void) {
    memset(plain, 0, sizeof plain);
    for (int i = 0; i < MODULES; i++) {
        struct dl_find_object found;
        bool stays = _dl_find_object((void *)modules[i].object_start, &found) == 0 &&
                     (uintptr_t)found.dlfo_map_start == modules[i].object_start &&
                     (uintptr_t)found.dlfo_map_end == modules[i].object_end;
        if (!stays)
            atomic_store_release(&modules[i].end, 0); // G1
    }
}
