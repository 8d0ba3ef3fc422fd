// See stack_table.h. Called by stack.c: find for every acquire whose stack is not the thread's last one,
// intern for stacks that are new.
#include "preload/stack_table.h"

#include "preload/area.h"
#include "preload/attach.h"
#include "preload/wire/atomic.h"
#include "preload/wire/stacks.h"

enum { NODES_STEP_BYTES = 1 << 16 };

static struct area nodes_area;
static struct area level_area[STACK_INDEX_LEVELS];

static inline uint32_t level_cells(uint32_t level) {
    return (uint32_t)STACK_INDEX_FIRST_CELLS << (2 * level);
}

// NULL if this address space cannot open it (address-space limits).
static inline struct wire_stack_cell *cells_of(uint32_t level) {
    uint64_t bytes = level_cells(level) * sizeof(struct wire_stack_cell);
    if (!memory->index_at[level] || !area_open(&level_area[level], memory->index_at[level], bytes, bytes))
        return NULL;
    return (struct wire_stack_cell *)((char *)memory + memory->index_at[level]);
}

static inline uint32_t newest_level(void) {
    uint32_t level = atomic_load_relaxed(&memory->index_level); // relaxed: an old one only means a duplicate
    return level < STACK_INDEX_LEVELS ? level : STACK_INDEX_LEVELS - 1;
}

static inline struct wire_stack_cell *find_cell(uint32_t level, uint64_t hash) {
    struct wire_stack_cell *cells = cells_of(level);
    uint32_t mask = level_cells(level) - 1;
    for (uint32_t i = 0; cells && i <= mask; i++) {
        struct wire_stack_cell *cell = &cells[(hash + i) & mask];
        uint64_t seen = atomic_load_relaxed(&cell->hash); // relaxed: the id's edge S2 covers what is used
        if (seen == hash)
            return cell;
        if (!seen)
            break;
    }
    return NULL;
}

// The level that takes inserts, after moving on from one that is three quarters full.
static uint32_t insert_level(void) {
    uint32_t level = newest_level();
    while (level + 1 < STACK_INDEX_LEVELS && memory->index_at[level + 1] &&
           atomic_load_relaxed(&memory->index_used[level]) >=
               level_cells(level) / 4 * 3) // a fill figure: roughly
        if (atomic_cas_acq_rel(&memory->index_level, &level, level + 1))
            level++;
    return level;
}

// The cell of this hash in the level that takes inserts, claimed if it is new. NULL: no room.
static struct wire_stack_cell *claim_cell(uint64_t hash) {
    uint32_t level = insert_level(), mask = level_cells(level) - 1;
    struct wire_stack_cell *cells = cells_of(level);
    for (uint32_t i = 0; cells && i <= mask; i++) {
        struct wire_stack_cell *cell = &cells[(hash + i) & mask];
        uint64_t seen = atomic_load_relaxed(&cell->hash); // relaxed: never changes once set
        if (!seen && atomic_cas_acq_rel(&cell->hash, &seen, hash)) {
            atomic_add_relaxed(&memory->index_used[level], 1);
            return cell;
        }
        if (seen == hash)
            return cell;
    }
    return NULL;
}

// A stack of an older level moves to the newest, so that a program's working set is found at the first look.
static __attribute__((noinline)) uint32_t find_older(uint32_t newest, uint64_t hash) {
    for (uint32_t level = newest; level-- > 0;) {
        struct wire_stack_cell *cell = find_cell(level, hash);
        uint32_t id = cell ? atomic_load_acquire(&cell->id) : 0; // S2
        if (!id)
            continue;
        struct wire_stack_cell *fresh = claim_cell(hash);
        uint32_t none = 0;
        if (fresh)
            (void)atomic_cas_acq_rel(&fresh->id, &none, id); // S1; who was first has an id of the same stack
        return id;
    }
    return 0;
}

uint32_t stack_table_find(uint64_t hash) {
    uint32_t newest = newest_level();
    struct wire_stack_cell *cell = find_cell(newest, hash);
    uint32_t id = cell ? atomic_load_acquire(&cell->id) : 0; // S2; 0: as if not there
    return likely(id) ? id : find_older(newest, hash);
}

// A new node, not published yet. 0: the table is full.
static uint32_t new_node(uint32_t parent, uint32_t module, uint64_t pc) {
    if (atomic_load_relaxed(&memory->node_count) + 1 >= memory->node_limit) // so that the count cannot wrap
        return 0;
    uint32_t id = atomic_add_relaxed(&memory->node_count, 1) + 1; // a ticket; published by S1
    uint64_t upto = ((uint64_t)id + 1) * sizeof(struct wire_stack_node);
    if (id >= memory->node_limit || !area_open(&nodes_area, memory->nodes_at, upto, NODES_STEP_BYTES))
        return 0;
    struct wire_stack_node *node = (struct wire_stack_node *)((char *)memory + memory->nodes_at) + id;
    *node = (struct wire_stack_node){.pc = pc, .parent = parent, .module = module};
    return id;
}

uint32_t stack_table_intern(uint64_t hash, uint32_t parent, uint32_t module, uint64_t pc) {
    uint32_t known = stack_table_find(hash);
    if (known)
        return known;
    struct wire_stack_cell *cell = claim_cell(hash);
    uint32_t fresh = cell ? new_node(parent, module, pc) : 0;
    if (!fresh) {
        atomic_add_relaxed(&memory->lost_stacks, 1); // a count
        return 0;
    }
    uint32_t seen = 0;
    if (atomic_cas_acq_rel(&cell->id, &seen, fresh)) // S1
        return fresh;
    return seen;
}
