// See harvest.h. Called by process.c when a process has ended.
#include "analyzer/harvest.h"
#include "analyzer/must.h"
#include "analyzer/table.h"
#include "analyzer/text.h"
#include "analyzer/vector.h"

struct harvester {
    struct harvest *harvest;
    const struct family *family;
    const struct verdicts *verdict; // of the live set that is visited; NULL: none
    size_t visited;                 // blocks of it
    struct table groups;            // (stack, call, kind, verdict) -> group
    struct table modules; // index in the memory -> index in the harvest plus 1; 0 for one that cannot be read
};

// What the group's first example points to.
static void explain(struct harvested_group *group, const struct verdicts *verdict, size_t nth) {
    struct classify_block targets[HARVEST_TARGETS];
    group->targets_all = verdict_targets(verdict, nth, targets, HARVEST_TARGETS);
    group->target_count = group->targets_all < HARVEST_TARGETS ? group->targets_all : HARVEST_TARGETS;
    for (size_t i = 0; i < group->target_count; i++) {
        group->targets[i].address = targets[i].address;
        group->targets[i].bytes = targets[i].bytes;
    }
}

// Keeps the lowest addresses, sorted.
static void add_example(struct harvested_group *group, const struct harvest_item *item) {
    size_t at = group->example_count;
    if (at == HARVEST_EXAMPLES && item->address > group->examples[at - 1].address)
        return;
    if (at < HARVEST_EXAMPLES)
        group->example_count++;
    else
        at--;
    for (; at > 0 && group->examples[at - 1].address > item->address; at--)
        group->examples[at] = group->examples[at - 1];
    group->examples[at] = *item;
}

static bool same_word(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void tally(struct harvested_group *group, const struct harvest_item *item) {
    const char *type = item->kind == SITE_MAP ? item->target : item->type;
    const char *state = item->kind == SITE_MAP ? NULL : item->state;
    if (!type)
        return;
    size_t i = 0;
    while (i < group->tally_count &&
           !(same_word(group->tallies[i].type, type) && same_word(group->tallies[i].state, state)))
        i++;
    if (i == HARVEST_TALLIES)
        return;
    if (i == group->tally_count)
        group->tallies[group->tally_count++] = (struct harvested_tally){.type = type, .state = state};
    group->tallies[i].count++;
}

size_t harvest_stack(struct harvester *c, enum site_kind kind, enum verdict verdict, uint8_t call,
                     uint32_t stack) {
    struct harvest *h = c->harvest;
    int added;
    uint64_t key = ((uint64_t)stack << 8 | call) << 8 | (uint64_t)verdict << 4 | kind;
    uint32_t index = *table_at(&c->groups, key, (uint32_t)h->group_count, &added);
    if (added)
        *VECTOR_PUSH(h->groups, h->group_count, h->group_room) =
            (struct harvested_group){.kind = kind, .verdict = verdict, .call = call, .stack = stack};
    return index;
}

struct harvested_group *harvest_add(struct harvester *c, const struct harvest_item *item) {
    size_t index = harvest_stack(c, item->kind, item->verdict, item->call, item->stack);
    struct harvested_group *group = &c->harvest->groups[index];
    group->count++;
    group->bytes += item->bytes;
    add_example(group, item);
    tally(group, item);
    return group;
}

static void visit(void *context, const struct live_block *block) {
    struct harvester *c = context;
    size_t nth = c->visited++;
    enum verdict verdict = c->verdict ? verdict_of(c->verdict, nth) : VERDICT_UNCLASSIFIED;
    struct harvested_group *group = harvest_add(c, &(struct harvest_item){.kind = SITE_HEAP,
                                                                          .verdict = verdict,
                                                                          .call = block->call,
                                                                          .stack = block->stack,
                                                                          .address = block->address,
                                                                          .bytes = block->bytes});
    if (!c->verdict)
        return;
    if (group->examples[0].address == block->address)
        explain(group, c->verdict, nth);
    struct classify_kept kept = verdict_kept(c->verdict, nth);
    group->kept_blocks += kept.blocks;
    group->kept_bytes += kept.bytes;
}

void harvest_live(struct harvester *harvester, const struct live_set *live, const struct verdicts *verdict) {
    harvester->verdict = verdict;
    harvester->visited = 0;
    live_each(live, visit, harvester);
}

// A hook stands on the stack of whatever the function allocates that it goes on to: the program knows nothing
// of it.
static bool is_ours(const char *path) {
    return strcmp(base_name(path), "libseep.so") == 0;
}

static int32_t module_index(struct harvester *c, uint32_t wire_index) {
    int added;
    uint32_t *known = table_at(&c->modules, wire_index, 0, &added);
    struct wire_module wire;
    char path[4097];
    if (added && family_module(c->family, wire_index, &wire, path, sizeof path)) {
        struct harvest *h = c->harvest;
        struct harvested_module *module = VECTOR_PUSH(h->modules, h->module_count, h->module_room);
        module->path = strdup(path);
        module->is_ours = is_ours(path);
        module->load_bias = wire.load_bias;
        module->build_id_bytes = wire.build_id_bytes;
        memcpy(module->build_id, wire.build_id, wire.build_id_bytes);
        *known = (uint32_t)h->module_count;
    }
    return (int32_t)*known - 1;
}

// Callers are interned before what they call, so a node's parent has the smaller id: no loop gets past this.
static bool next_frame(const struct harvester *c, uint32_t id, uint32_t steps, struct wire_stack_node *out) {
    return steps <= c->family->depth + 2 && family_node(c->family, id, out) &&
           out->parent < id; // two markers
}

// Unless it is a mark, or a frame of ours.
static void add_frame(struct harvester *c, const struct wire_stack_node *node) {
    struct harvest *h = c->harvest;
    if (node->module & (STACK_TRUNCATED | STACK_ELIDED))
        return;
    int32_t module = module_index(c, node->module & STACK_MODULE_MASK);
    if (module >= 0 && h->modules[module].is_ours)
        return;
    struct harvested_frame *frame = VECTOR_PUSH(h->frames, h->frame_count, h->frame_room);
    frame->address = node->module & STACK_EXACT_PC ? node->pc : node->pc - 1;
    frame->module = module;
}

static void read_stack(struct harvester *c, struct harvested_group *group) {
    struct harvest *h = c->harvest;
    struct wire_stack_node node;
    group->first_frame = h->frame_count;
    uint32_t id = group->stack;
    group->truncated = id == 0;
    for (uint32_t steps = 0; id != 0; id = node.parent) {
        if (!next_frame(c, id, ++steps, &node)) {
            group->truncated = true;
            h->frame_count = group->first_frame; // none of it can be believed, nor may it cost memory
            h->damaged_stacks++;
            break;
        }
        if (node.module & STACK_TRUNCATED)
            group->truncated = true;
        add_frame(c, &node);
    }
    group->frame_count = h->frame_count - group->first_frame;
}

struct harvester *harvest_begin(struct harvest *harvest, const struct family *family) {
    struct harvester *c = must(calloc(1, sizeof *c));
    *c = (struct harvester){.harvest = harvest, .family = family};
    return c;
}

void harvest_end(struct harvester *c) {
    for (size_t i = 0; i < c->harvest->group_count; i++)
        read_stack(c, &c->harvest->groups[i]);
    table_free(&c->groups);
    table_free(&c->modules);
    free(c);
}

void harvest_collect(struct harvest *harvest, const struct family *family, const struct live_set *live,
                     const struct verdicts *verdict) {
    struct harvester *harvester = harvest_begin(harvest, family);
    harvest_live(harvester, live, verdict);
    harvest_end(harvester);
}

struct glance {
    struct harvester harvester;
    struct table seen; // nodes of the stack table
};

// What was seen already, its callers have been, too.
static void glance_at(void *context, const struct live_block *block) {
    struct glance *glance = context;
    struct wire_stack_node node;
    int fresh = 1;
    for (uint32_t id = block->stack, steps = 0; id != 0; id = node.parent) {
        table_at(&glance->seen, id, 0, &fresh);
        if (!fresh || !next_frame(&glance->harvester, id, ++steps, &node))
            break;
        add_frame(&glance->harvester, &node);
    }
}

void harvest_glance(struct harvest *harvest, const struct family *family, const struct live_set *live) {
    struct glance glance = {.harvester = {.harvest = harvest, .family = family}};
    live_some(live, HARVEST_GLANCE_BLOCKS, glance_at, &glance);
    table_free(&glance.seen);
    table_free(&glance.harvester.modules);
}

static int by_bytes(const void *left, const void *right) {
    const struct turnover_entry *a = left, *b = right;
    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    return a->stack < b->stack ? -1 : a->stack > b->stack;
}

void harvest_acquired(struct harvest *harvest, const struct family *family, struct turnover *acquired) {
    struct harvester c = {.harvest = harvest, .family = family};
    size_t count;
    struct turnover_entry *entries = turnover_entries(acquired, &count);
    qsort(entries, count, sizeof *entries, by_bytes);
    for (size_t i = 0; i < count; i++) {
        struct harvested_group *group;
        if (i < HARVEST_ACQUIRED)
            group = VECTOR_PUSH(harvest->acquired, harvest->acquired_count, harvest->acquired_room);
        else
            group = &harvest->acquired[HARVEST_ACQUIRED - 1];
        group->stack = i < HARVEST_ACQUIRED - 1 ? entries[i].stack : 0;
        group->count += entries[i].count;
        group->bytes += entries[i].bytes;
    }
    for (size_t i = 0; i < harvest->acquired_count; i++)
        read_stack(&c, &harvest->acquired[i]);
    table_free(&c.modules);
}

void harvest_free(struct harvest *harvest) {
    for (size_t i = 0; i < harvest->module_count; i++)
        free(harvest->modules[i].path);
    free(harvest->modules);
    free(harvest->groups);
    free(harvest->misuses);
    free(harvest->acquired);
    free(harvest->frames);
    *harvest = (struct harvest){0};
}
