// See stack_table.h. Called by stack.c for frames that differ from the thread's last stack.
#include "preload/stack_table.h"
#include "preload/area.h"
#include "preload/attach.h"
#include "preload/wire/atomic.h"
#include "preload/wire/stacks.h"

enum { NODES_STEP_BYTES = 1 << 16 };

static struct area nodes_area;
static struct area level_area[STACK_INDEX_LEVELS];

static uint32_t level_cells(uint32_t level) {
    return (uint32_t)STACK_INDEX_FIRST_CELLS << (2 * level);
}

// NULL if this address space cannot open it (address-space limits).
static struct wire_stack_node *node(uint32_t id) {
    uint64_t upto = ((uint64_t)id + 1) * sizeof(struct wire_stack_node);
    if (id >= memory->node_limit || !area_open(&nodes_area, memory->nodes_at, upto, NODES_STEP_BYTES))
        return NULL;
    return (struct wire_stack_node *)((char *)memory + memory->nodes_at) + id;
}

static uint32_t *cells_of(uint32_t level) {
    uint64_t bytes = level_cells(level) * sizeof(uint32_t);
    if (!memory->index_at[level] || !area_open(&level_area[level], memory->index_at[level], bytes, bytes))
        return NULL;
    return (uint32_t *)((char *)memory + memory->index_at[level]);
}

static uint64_t hash_of(uint32_t parent, uint32_t module, uint64_t pc) {
    uint64_t h = pc * 0x9e3779b97f4a7c15ull ^ ((uint64_t)parent << 32 | module) * 0xc2b2ae3d27d4eb4full;
    return h ^ h >> 29;
}

static bool is_node(uint32_t id, uint32_t parent, uint32_t module, uint64_t pc) {
    const struct wire_stack_node *n = node(id);
    return n && n->pc == pc && n->parent == parent && n->module == module;
}

static uint32_t find_in(uint32_t level, uint64_t hash, uint32_t parent, uint32_t module, uint64_t pc) {
    uint32_t *cells = cells_of(level), mask = level_cells(level) - 1;
    for (uint32_t i = 0; cells && i <= mask; i++) {
        uint32_t id = atomic_load_acquire(&cells[(hash + i) & mask]); // S2
        if (!id)
            return 0;
        if (is_node(id, parent, module, pc))
            return id;
    }
    return 0;
}

// The node's id in this level after the insert: fresh, or that of a racing writer who was first. 0: no cell
// left.
static uint32_t put_in(uint32_t level, uint64_t hash, uint32_t fresh, uint32_t parent, uint32_t module,
                       uint64_t pc) {
    uint32_t *cells = cells_of(level), mask = level_cells(level) - 1;
    for (uint32_t i = 0; cells && i <= mask; i++) {
        uint32_t *cell = &cells[(hash + i) & mask], seen = atomic_load_acquire(cell); // S2
        if (!seen && atomic_cas_acq_rel(cell, &seen, fresh)) {                        // S1
            atomic_add_relaxed(&memory->index_used[level],
                               1); // a fill figure: late or early makes no difference
            return fresh;
        }
        if (is_node(seen, parent, module, pc))
            return seen;
    }
    return 0;
}

// The level that takes inserts, after moving on from one that is three quarters full.
static uint32_t insert_level(void) {
    uint32_t level =
        atomic_load_relaxed(&memory->index_level); // relaxed: an old level only means a duplicate
    while (level + 1 < STACK_INDEX_LEVELS && memory->index_at[level + 1] &&
           atomic_load_relaxed(&memory->index_used[level]) >= level_cells(level) / 4 * 3)
        if (atomic_cas_acq_rel(&memory->index_level, &level, level + 1))
            level++;
    return level;
}

uint32_t stack_table_intern(uint32_t parent, uint32_t module, uint64_t pc) {
    uint64_t hash = hash_of(parent, module, pc);
    uint32_t newest = atomic_load_relaxed(&memory->index_level); // as above
    for (uint32_t i = 0; i <= newest && newest < STACK_INDEX_LEVELS; i++) {
        uint32_t id = find_in(newest - i, hash, parent, module, pc);
        if (id)
            return id;
    }
    struct wire_stack_node *n = NULL;
    uint32_t fresh = 0;
    if (atomic_load_relaxed(&memory->node_count) <
        memory->node_limit) {                                   // so that a full table cannot wrap the count
        fresh = atomic_add_relaxed(&memory->node_count, 1) + 1; // a ticket; published by S1
        n = node(fresh);
    }
    uint32_t id = 0;
    if (n) {
        *n = (struct wire_stack_node){.pc = pc, .parent = parent, .module = module};
        id = put_in(insert_level(), hash, fresh, parent, module, pc);
    }
    if (!id)
        atomic_add_relaxed(&memory->lost_stacks, 1); // a count
    return id;
}
