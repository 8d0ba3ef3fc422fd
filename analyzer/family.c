// See family.h. Made by session.c for each program that connects; read by drain.c and harvest.c.
#include "analyzer/family.h"
#include "preload/wire/atomic.h"
#include "preload/wire/board.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define GIB ((uint64_t)1 << 30)

static const uint64_t usual_bytes = 16 * GIB; // sparse; thousands of families fit an address space
static const uint64_t least_bytes = 16 << 20;

static uint64_t page_up(uint64_t bytes) {
    return (bytes + 4095) & ~(uint64_t)4095;
}

// As much as the limits of both sides allow.
static uint64_t choose_bytes(uint64_t address_space) {
    uint64_t bytes = usual_bytes;
    if (address_space != UINT64_MAX && bytes > address_space / 8)
        bytes = address_space / 8;
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && bytes > limit.rlim_cur)
        bytes = limit.rlim_cur;
    return bytes / 4096 * 4096;
}

// Fills the constants of a memory of `bytes`: half of what the fixed tables leave goes to extents at least.
static int lay_out(struct wire_memory *memory, uint64_t bytes, const struct family_options *options) {
    uint64_t at = page_up(sizeof *memory);
    memory->processes_at = at;
    at += page_up(WIRE_PROCESSES * sizeof(struct wire_process));
    memory->extent_states_at = at;
    uint64_t most_extents = bytes / WIRE_EXTENT_BYTES;
    at += page_up(most_extents * sizeof(uint32_t));
    memory->modules_at = at;
    at += page_up(WIRE_MAX_MODULES * sizeof(struct wire_module));
    memory->strings_at = at;
    memory->string_limit = bytes < GIB ? WIRE_STRING_BYTES / 16 : WIRE_STRING_BYTES;
    at += page_up(memory->string_limit);
    uint64_t all_cells = 0;
    for (uint32_t level = 0; level < STACK_INDEX_LEVELS; level++) {
        uint64_t cells = (uint64_t)STACK_INDEX_FIRST_CELLS << (2 * level);
        if (cells * sizeof(struct wire_stack_cell) > bytes / 32)
            break;
        memory->index_at[level] = at;
        at += page_up(cells * sizeof(struct wire_stack_cell));
        all_cells += cells;
    }
    memory->nodes_at = at;
    // Not more than the index takes at three quarters full: in a full one each new frame is a long search.
    uint64_t nodes = bytes / 16 / sizeof(struct wire_stack_node);
    memory->node_limit = (uint32_t)(nodes < all_cells / 4 * 3 ? nodes : all_cells / 4 * 3);
    at += page_up(memory->node_limit * sizeof(struct wire_stack_node));
    memory->extents_at = at;
    if (at + WIRE_EXTENT_BYTES > bytes)
        return -ENOMEM;
    memory->extent_count = (uint32_t)((bytes - at) / WIRE_EXTENT_BYTES);
    memory->bytes = bytes;
    memory->ring_slots = options->ring_slots;
    memory->depth = options->depth;
    memory->follow = options->follow;
    memory->track = options->track;
    memory->examine = options->examine;
    memory->turnover = options->turnover;
    memory->compare_stacks = options->compare_stacks;
    memory->version = WIRE_VERSION;
    memory->magic = WIRE_MEMORY_MAGIC;
    return 0;
}

static int map_memory(struct family *family, uint64_t bytes) {
    if (ftruncate(family->fd, (off_t)bytes) != 0)
        return -errno;
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, family->fd, 0);
    if (at == MAP_FAILED)
        return -errno;
    family->memory = at;
    family->bytes = bytes;
    return 0;
}

// The memory, as large as this address space takes it.
static int make_memory(struct family *family, uint64_t bytes) {
    family->fd = memfd_create("seep", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (family->fd < 0)
        return -errno;
    int bad = -ENOMEM;
    for (; bad == -ENOMEM && bytes >= least_bytes; bytes = bytes / 2 / 4096 * 4096)
        bad = map_memory(family, bytes);
    if (!bad) // a target that shrinks the file would end us by SIGBUS
        fcntl(family->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
    return bad;
}

struct family *family_new(const struct family_options *options) {
    struct family *family = calloc(1, sizeof *family);
    if (!family)
        return NULL;
    family->fd = -1;
    int bad = make_memory(family, choose_bytes(options->address_space));
    if (!bad)
        bad = lay_out(family->memory, family->bytes, options);
    if (!bad) {
        const struct wire_memory *memory = family->memory;
        family->processes_at = memory->processes_at;
        family->extent_states_at = memory->extent_states_at;
        family->modules_at = memory->modules_at;
        family->strings_at = memory->strings_at;
        family->nodes_at = memory->nodes_at;
        family->extents_at = memory->extents_at;
        family->node_limit = memory->node_limit;
        family->extent_count = memory->extent_count;
        family->string_bytes = memory->string_limit;
        family->ring_slots = memory->ring_slots;
        family->depth = memory->depth;
        family->turnover = options->turnover;
        family->follow = options->follow;
        family->extents = calloc(family->extent_count, sizeof *family->extents);
        bad = family->extents ? 0 : -ENOMEM;
    }
    if (bad) {
        family_free(family);
        errno = -bad;
        return NULL;
    }
    return family;
}

void family_free(struct family *family) {
    if (!family)
        return;
    if (family->memory)
        munmap(family->memory, family->bytes);
    if (family->fd >= 0)
        close(family->fd);
    free(family->extents);
    free(family);
}

// The file can be sealed against writing only while nobody has a writable shared mapping of it, whatever is
// open in it: so ours goes away for the question, and after a yes the memory can only be read.
bool family_deserted(struct family *family) {
    if (family->deserted)
        return true;
    munmap(family->memory, family->bytes);
    bool held = fcntl(family->fd, F_ADD_SEALS, F_SEAL_WRITE) != 0 && errno == EBUSY;
    void *at = mmap(NULL, family->bytes, held ? PROT_READ | PROT_WRITE : PROT_READ,
                    (held ? MAP_SHARED : MAP_PRIVATE) | MAP_NORESERVE, family->fd, 0);
    if (at == MAP_FAILED) { // into the hole that it left: only a system in its last throes
        fputs("seep: out of memory: cannot map again what a program recorded\n", stderr);
        abort();
    }
    family->memory = at;
    family->deserted = !held;
    return family->deserted;
}

static void *at(const struct family *family, uint64_t offset) {
    return (char *)family->memory + offset;
}

struct wire_process *family_process(const struct family *family, uint32_t slot) {
    return (struct wire_process *)at(family, family->processes_at) + slot;
}

uint32_t *family_extent_state(const struct family *family, uint32_t extent) {
    return (uint32_t *)at(family, family->extent_states_at) + extent;
}

struct wire_thread *family_thread(const struct family *family, uint32_t extent) {
    return at(family, family->extents_at + (uint64_t)extent * WIRE_EXTENT_BYTES);
}

struct wire_nursery *family_nursery(const struct family *family, uint32_t extent) {
    return (void *)((char *)family_thread(family, extent) + WIRE_THREAD_HEAD_BYTES);
}

const struct wire_record *family_slots(const struct family *family, uint32_t extent) {
    return (const void *)((char *)family_thread(family, extent) + WIRE_SLOTS_AT);
}

size_t family_own_areas(const struct family *family, struct wire_own *out) {
    size_t count = 0;
    for (size_t i = 0; i < WIRE_OWN_AREAS; i++) {
        struct wire_own *own = &family->memory->own[i];
        struct wire_own copy = {.bytes = atomic_load_acquire(&own->bytes)}; // OW2
        copy.start = atomic_load_relaxed(&own->start);                      // relaxed: ordered by OW2
        if (copy.start && copy.bytes && copy.bytes <= UINT64_MAX - copy.start)
            out[count++] = copy;
    }
    return count;
}

bool family_node(const struct family *family, uint32_t id, struct wire_stack_node *out) {
    if (id == 0 || id >= family->node_limit)
        return false;
    *out = ((const struct wire_stack_node *)at(family, family->nodes_at))[id];
    return true;
}

bool family_module(const struct family *family, uint32_t index, struct wire_module *out, char *path,
                   size_t path_bytes) {
    if (index == 0 || index >= WIRE_MAX_MODULES)
        return false;
    struct wire_module *entry = (struct wire_module *)at(family, family->modules_at) + index;
    if (!atomic_load_acquire(&entry->ready)) // M2
        return false;
    *out = *entry;
    uint64_t room = family->string_bytes;
    if (out->path_offset >= room || out->path_bytes >= room - out->path_offset ||
        out->path_bytes >= path_bytes || out->build_id_bytes > WIRE_BUILD_ID_BYTES)
        return false;
    memcpy(path, at(family, family->strings_at + out->path_offset), out->path_bytes);
    path[out->path_bytes] = '\0';
    return true;
}
