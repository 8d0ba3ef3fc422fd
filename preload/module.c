// See module.h. Called by stack.c for frames that are new to their thread. The loader's view
// (_dl_find_object) needs no lock and is always current: an address on a live stack lies in an object that
// cannot be unloaded meanwhile.
#include "preload/module.h"
#include "preload/area.h"
#include "preload/attach.h"
#include "preload/main_program.h"
#include "preload/probe.h"
#include "preload/raw.h"
#include "preload/wire/atomic.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>

enum { CELLS = 1024, MODULES_STEP_BYTES = 1 << 14, STRINGS_STEP_BYTES = 1 << 14, NOTES_BYTES = 1 << 16 };

// This process's cache: object's start -> index. Insert-only by start; found again only under the number of
// unloads that it was resolved under.
static struct {
    uint64_t start;
    uint64_t unloads_and_index; // MO1 store-release -> MO2 load-acquire: the entry it names is complete
} cells[CELLS];

uint32_t module_unload_count;
static struct area modules_area, strings_area;

void module_note_unload(void) {
    atomic_add_acq_rel(&module_unload_count, 1); // MU1: what resolves after this sees the loader's new state
}

static void copy_path(struct module_identity *out, const char *directory, const char *name) {
    size_t room = sizeof out->path - 1, n = 0;
    for (; directory && *directory && n < room; directory++)
        out->path[n++] = *directory;
    if (n && n < room)
        out->path[n++] = '/';
    for (; *name && n < room; name++)
        out->path[n++] = *name;
    out->path[n] = '\0';
    out->path_bytes = (uint32_t)n;
}

static void find_path(struct module_identity *out, const struct link_map *map) {
    const char *name = map->l_name ? map->l_name : "";
    if (name[0] == '/') {
        copy_path(out, NULL, name);
    } else if (name[0] == '\0') {
        copy_path(out, NULL, main_program_path());
    } else if (strncmp(name, "linux-vdso", 10) == 0 || strncmp(name, "linux-gate", 10) == 0) {
        copy_path(out, NULL, "[vdso]");
    } else { // dlopen of a relative path
        long n = raw_syscall2(SYS_getcwd, (long)out->directory, sizeof out->directory);
        copy_path(out, raw_failed(n) ? NULL : out->directory, name);
    }
}

// The GNU build-id among the notes of one segment that is mapped at notes.
static void find_build_id(struct module_identity *out, const char *notes, size_t bytes) {
    while (bytes >= sizeof(ElfW(Nhdr))) {
        const ElfW(Nhdr) *note = (const void *)notes;
        size_t name = ((size_t)note->n_namesz + 3) & ~(size_t)3,
               desc = ((size_t)note->n_descsz + 3) & ~(size_t)3;
        size_t all = sizeof *note + name + desc;
        if (all > bytes)
            return;
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(note + 1, "GNU", 4) == 0 &&
            note->n_descsz <= WIRE_BUILD_ID_BYTES) {
            memcpy(out->build_id, (const char *)(note + 1) + name, note->n_descsz);
            out->build_id_bytes = note->n_descsz;
            return;
        }
        notes += all;
        bytes -= all;
    }
}

static bool is_header(uintptr_t at) {
    return memcmp((const void *)at, ELFMAG, SELFMAG) == 0;
}

// The first segment holds the ELF header with every linker. Of an object with holes the loader tells the
// segment that the address lies in; then it is looked for where the first one usually is.
static const ElfW(Ehdr) * header_of(const struct dl_find_object *found) {
    uintptr_t start = (uintptr_t)found->dlfo_map_start, bias = found->dlfo_link_map->l_addr;
    if (is_header(start))
        return (const void *)start;
    return bias && probe_word(bias) && is_header(bias) ? (const void *)bias : NULL;
}

static void identify(struct module_identity *out, const struct dl_find_object *found) {
    out->start = (uintptr_t)found->dlfo_map_start;
    out->end = (uintptr_t)found->dlfo_map_end;
    out->load_bias = found->dlfo_link_map->l_addr;
    out->build_id_bytes = 0;
    find_path(out, found->dlfo_link_map);

    const ElfW(Ehdr) *header = header_of(found);
    if (!header || header->e_phentsize != sizeof(ElfW(Phdr)))
        return;
    const ElfW(Phdr) *segments = (const void *)((const char *)header + header->e_phoff);
    for (int i = 0; i < header->e_phnum && !out->build_id_bytes; i++) {
        uintptr_t at = out->load_bias + segments[i].p_vaddr;
        if (segments[i].p_type == PT_NOTE && segments[i].p_memsz < NOTES_BYTES && probe_word(at) &&
            probe_word(at + segments[i].p_memsz - 1))
            find_build_id(out, (const char *)at, segments[i].p_memsz);
    }
}

static bool same(const struct wire_module *entry, const struct module_identity *id) {
    const char *path = (const char *)memory + memory->strings_at + entry->path_offset;
    return entry->start == id->start && entry->end == id->end && entry->load_bias == id->load_bias &&
           entry->path_bytes == id->path_bytes && entry->build_id_bytes == id->build_id_bytes &&
           memcmp(entry->build_id, id->build_id, id->build_id_bytes) == 0 &&
           memcmp(path, id->path, id->path_bytes) == 0;
}

static struct wire_module *entry_at(uint32_t index) {
    if (index >= WIRE_MAX_MODULES ||
        !area_open(&modules_area, memory->modules_at, (index + 1ull) * sizeof(struct wire_module),
                   MODULES_STEP_BYTES))
        return NULL;
    return (struct wire_module *)((char *)memory + memory->modules_at) + index;
}

static uint32_t find_entry(const struct module_identity *id) {
    uint32_t count =
        atomic_load_relaxed(&memory->module_count); // relaxed: a missed entry only means a duplicate
    for (uint32_t i = 1; i <= count; i++) {
        struct wire_module *entry = entry_at(i);
        if (!entry)
            break;
        if (atomic_load_acquire(&entry->ready) && // M2
            area_open(&strings_area, memory->strings_at, (uint64_t)entry->path_offset + entry->path_bytes + 1,
                      STRINGS_STEP_BYTES) &&
            same(entry, id))
            return i;
    }
    return 0;
}

static uint32_t append(const struct module_identity *id) {
    uint32_t offset = 0, index = 0;
    // Looked at first, so that full tables cannot wrap their counts.
    if (atomic_load_relaxed(&memory->module_count) < WIRE_MAX_MODULES &&
        atomic_load_relaxed(&memory->string_bytes) < memory->string_limit) {
        offset = atomic_add_relaxed(&memory->string_bytes, id->path_bytes + 1); // tickets, published by M1
        index = atomic_add_relaxed(&memory->module_count, 1) + 1;
    }
    struct wire_module *entry = index ? entry_at(index) : NULL;
    if (!entry || offset > memory->string_limit - PATH_MAX ||
        !area_open(&strings_area, memory->strings_at, (uint64_t)offset + id->path_bytes + 1,
                   STRINGS_STEP_BYTES)) {
        atomic_add_relaxed(&memory->lost_modules, 1); // a count
        return 0;
    }
    memcpy((char *)memory + memory->strings_at + offset, id->path, id->path_bytes + 1);
    entry->path_offset = offset;
    entry->path_bytes = id->path_bytes;
    entry->start = id->start;
    entry->end = id->end;
    entry->load_bias = id->load_bias;
    entry->build_id_bytes = id->build_id_bytes;
    memcpy(entry->build_id, id->build_id, id->build_id_bytes);
    atomic_store_release(&entry->ready, 1); // M1
    return index;
}

static uint32_t resolve(struct module_identity *scratch, const struct dl_find_object *found) {
    identify(scratch, found);
    uint32_t index = find_entry(scratch);
    return index ? index : append(scratch);
}

uint32_t module_of(struct module_identity *scratch, uintptr_t address) {
    uint32_t now =
        module_unloads(); // before the look-up: what is cached below is then valid for `now` or later
    struct dl_find_object found;
    if (_dl_find_object((void *)address, &found) != 0)
        return 0;
    uint64_t start = (uintptr_t)found.dlfo_map_start;
    for (uint32_t i = 0, at = (uint32_t)(start >> 12) * 2654435761u; i < 8; i++) {
        uint64_t *cell_start = &cells[(at + i) % CELLS].start,
                 seen = atomic_load_relaxed(cell_start); // key never changes
        if (!seen && atomic_cas_acq_rel(cell_start, &seen, start))
            seen = start;
        if (seen != start)
            continue;
        uint64_t *cell = &cells[(at + i) % CELLS].unloads_and_index, value = atomic_load_acquire(cell); // MO2
        if ((uint32_t)value && value >> 32 == now)
            return (uint32_t)value;
        uint32_t index = resolve(scratch, &found);
        atomic_store_release(cell, (uint64_t)now << 32 | index); // MO1
        return index;
    }
    return resolve(scratch, &found); // a crowded neighbourhood: slower, not wrong
}
