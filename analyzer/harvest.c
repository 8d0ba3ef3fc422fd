// See harvest.h. Called by process.c when a process has ended.
#include "analyzer/harvest.h"
#include "analyzer/table.h"
#include "analyzer/vector.h"

struct collecting {
    struct harvest *harvest;
    const struct family *family;
    struct table groups;  // (stack, call) -> group
    struct table modules; // index in the memory -> index in the harvest plus 1; 0 for one that cannot be read
};

// Keeps the lowest addresses, sorted.
static void add_example(struct harvested_group *group, const struct live_block *block) {
    size_t at = group->example_count;
    if (at == HARVEST_EXAMPLES && block->address > group->examples[at - 1].address)
        return;
    if (at < HARVEST_EXAMPLES)
        group->example_count++;
    else
        at--;
    for (; at > 0 && group->examples[at - 1].address > block->address; at--)
        group->examples[at] = group->examples[at - 1];
    group->examples[at].address = block->address;
    group->examples[at].bytes = block->bytes;
}

static void visit(void *context, const struct live_block *block) {
    struct collecting *c = context;
    struct harvest *h = c->harvest;
    int added;
    uint32_t index =
        *table_at(&c->groups, (uint64_t)block->stack << 8 | block->call, (uint32_t)h->group_count, &added);
    if (added) {
        struct harvested_group *fresh = VECTOR_PUSH(h->groups, h->group_count, h->group_room);
        fresh->stack = block->stack;
        fresh->call = block->call;
    }
    struct harvested_group *group = &h->groups[index];
    group->count++;
    group->bytes += block->bytes;
    add_example(group, block);
}

static int32_t module_index(struct collecting *c, uint32_t wire_index) {
    int added;
    uint32_t *known = table_at(&c->modules, wire_index, 0, &added);
    struct wire_module wire;
    char path[4097];
    if (added && family_module(c->family, wire_index, &wire, path, sizeof path)) {
        struct harvest *h = c->harvest;
        struct harvested_module *module = VECTOR_PUSH(h->modules, h->module_count, h->module_room);
        module->path = strdup(path);
        module->load_bias = wire.load_bias;
        module->build_id_bytes = wire.build_id_bytes;
        memcpy(module->build_id, wire.build_id, wire.build_id_bytes);
        *known = (uint32_t)h->module_count;
    }
    return (int32_t)*known - 1;
}

// Callers are interned before what they call, so a node's parent has the smaller id: no loop gets past this.
static bool next_frame(const struct collecting *c, uint32_t id, uint32_t steps, struct wire_stack_node *out) {
    return steps <= c->family->depth + 2 && family_node(c->family, id, out) &&
           out->parent < id; // two markers
}

static void read_stack(struct collecting *c, struct harvested_group *group) {
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
        if (node.module & (STACK_TRUNCATED | STACK_ELIDED))
            continue;
        struct harvested_frame *frame = VECTOR_PUSH(h->frames, h->frame_count, h->frame_room);
        frame->address = node.module & STACK_EXACT_PC ? node.pc : node.pc - 1;
        frame->module = module_index(c, node.module & STACK_MODULE_MASK);
    }
    group->frame_count = h->frame_count - group->first_frame;
}

void harvest_collect(struct harvest *harvest, const struct family *family, const struct live_set *live) {
    struct collecting c = {.harvest = harvest, .family = family};
    live_each(live, visit, &c);
    for (size_t i = 0; i < harvest->group_count; i++)
        read_stack(&c, &harvest->groups[i]);
    table_free(&c.groups);
    table_free(&c.modules);
}

void harvest_free(struct harvest *harvest) {
    for (size_t i = 0; i < harvest->module_count; i++)
        free(harvest->modules[i].path);
    free(harvest->modules);
    free(harvest->groups);
    free(harvest->frames);
    *harvest = (struct harvest){0};
}
