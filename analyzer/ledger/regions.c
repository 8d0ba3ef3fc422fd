// See regions.h. A treap ordered by start: cutting out a range is two splits, so nothing is moved one by one.
// Called by mappings.c.
#include "analyzer/ledger/regions.h"
#include "analyzer/must.h"
#include "analyzer/vector.h"

struct node {
    struct region region;
    uint32_t left, right; // 0: none
    uint32_t priority;    // not below its children's
};

struct regions {
    struct node *nodes; // node 0 is not used
    size_t count, room;
    uint32_t root;
    uint32_t unused; // a list of nodes given back, by right; 0: empty
    size_t regions;
    uint32_t random;
};

struct regions *regions_new(void) {
    struct regions *regions = must(calloc(1, sizeof *regions));
    regions->random = 0x9e3779b9;
    VECTOR_PUSH(regions->nodes, regions->count, regions->room);
    return regions;
}

void regions_free(struct regions *regions) {
    if (!regions)
        return;
    free(regions->nodes);
    free(regions);
}

static uint32_t next_random(struct regions *r) { // xorshift
    r->random ^= r->random << 13;
    r->random ^= r->random >> 17;
    r->random ^= r->random << 5;
    return r->random;
}

static uint32_t new_node(struct regions *r, const struct region *region) {
    uint32_t number = r->unused;
    if (number) {
        r->unused = r->nodes[number].right;
    } else {
        number = (uint32_t)r->count;
        VECTOR_PUSH(r->nodes, r->count, r->room);
    }
    r->nodes[number] = (struct node){.region = *region, .priority = next_random(r)};
    r->regions++;
    return number;
}

// Parts the tree below `root` into those that start below `at` and the others.
static void split(struct regions *r, uint32_t root, uint64_t at, uint32_t *below, uint32_t *above) {
    while (root) {
        struct node *node = &r->nodes[root];
        if (node->region.start < at) {
            *below = root;
            below = &node->right;
            root = node->right;
        } else {
            *above = root;
            above = &node->left;
            root = node->left;
        }
    }
    *below = *above = 0;
}

// All of `below` lies below all of `above`.
static uint32_t join(struct regions *r, uint32_t below, uint32_t above) {
    uint32_t root, *at = &root;
    while (below && above)
        if (r->nodes[below].priority >= r->nodes[above].priority) {
            *at = below;
            at = &r->nodes[below].right;
            below = *at;
        } else {
            *at = above;
            at = &r->nodes[above].left;
            above = *at;
        }
    *at = below ? below : above;
    return root;
}

// The same, and what reaches over `at` is cut in two.
static void part(struct regions *r, uint32_t root, uint64_t at, uint32_t *below, uint32_t *above) {
    split(r, root, at, below, above);
    uint32_t last = *below;
    while (last && r->nodes[last].right)
        last = r->nodes[last].right;
    if (!last || r->nodes[last].region.end <= at)
        return;
    struct region rest = r->nodes[last].region;
    r->nodes[last].region.end = rest.start = at;
    *above = join(r, new_node(r, &rest), *above);
}

static void give_back(struct regions *r, uint32_t root, region_visit *taken, void *context) {
    if (!root)
        return;
    give_back(r, r->nodes[root].left, taken, context);
    if (taken)
        taken(context, &r->nodes[root].region);
    give_back(r, r->nodes[root].right, taken, context);
    r->nodes[root].right = r->unused;
    r->unused = root;
    r->regions--;
}

void regions_cut(struct regions *regions, uint64_t start, uint64_t end, region_visit *taken, void *context) {
    if (start >= end)
        return;
    uint32_t below, inside, above;
    part(regions, regions->root, start, &below, &inside);
    part(regions, inside, end, &inside, &above);
    give_back(regions, inside, taken, context);
    regions->root = join(regions, below, above);
}

void regions_enter(struct regions *regions, const struct region *region) {
    uint32_t below, above;
    split(regions, regions->root, region->start, &below, &above);
    below = join(regions, below, new_node(regions, region));
    regions->root = join(regions, below, above);
}

bool regions_first_above(const struct regions *regions, uint64_t address, struct region *out) {
    uint32_t found = 0;
    for (uint32_t at = regions->root; at;) {
        const struct node *node = &regions->nodes[at];
        if (node->region.end > address) {
            found = at;
            at = node->left;
        } else {
            at = node->right;
        }
    }
    if (found)
        *out = regions->nodes[found].region;
    return found != 0;
}

size_t regions_count(const struct regions *regions) {
    return regions->regions;
}

static void each(const struct regions *r, uint32_t root, region_visit *visit, void *context) {
    for (; root; root = r->nodes[root].right) {
        each(r, r->nodes[root].left, visit, context);
        visit(context, &r->nodes[root].region);
    }
}

void regions_each(const struct regions *regions, region_visit *visit, void *context) {
    each(regions, regions->root, visit, context);
}
