// See block_order.h. Regions are counted in leaves, each of as many as lie side by side; within a region
// blocks are sorted by radix, the low half of the bits that differ first.
#include "analyzer/verdict/block_order.h"

#include "analyzer/must.h"
#include "analyzer/vector.h"

#include <stdlib.h>
#include <string.h>

enum { DIGIT_BITS = 10, DIGITS = 1 << DIGIT_BITS, REGION_BITS = 2 * DIGIT_BITS - 1 };
enum { LEAF_BITS = 11, LEAF = 1 << LEAF_BITS, ADDRESS_BITS = 47 };
enum { LEAVES = 1 << (ADDRESS_BITS - REGION_BITS - LEAF_BITS) };
enum { FEW = 64 }; // so many are sorted sooner than their digits are counted
enum { TOGETHER = 512 };

// Where the blocks of a region begin in the order: how many they are, as long as they are counted.
struct leaf {
    uint32_t first[LEAF];
};

struct numbered {
    struct classify_block block;
    uint32_t number; // of the visit
};

struct ordering {
    struct block_order order;
    uint32_t *numbers;    // which visit each of order.blocks comes from
    struct leaf **leaves; // LEAVES, and one more for what can't be an address of a program; NULL: no block
    uint32_t *used;       // numbers of those that are not NULL: few of them
    size_t used_count, used_room;
    struct numbered *scratch;
    size_t scratch_room;
};

static uint32_t *first_of(struct ordering *o, uint64_t address) {
    bool beyond = address >> ADDRESS_BITS != 0;
    uint32_t number = beyond ? LEAVES : (uint32_t)(address >> (REGION_BITS + LEAF_BITS));
    if (!o->leaves[number]) {
        o->leaves[number] = must(calloc(1, sizeof **o->leaves));
        *VECTOR_PUSH(o->used, o->used_count, o->used_room) = number;
    }
    return &o->leaves[number]->first[beyond ? 0 : address >> REGION_BITS & (LEAF - 1)];
}

static void count_blocks(struct ordering *o, const struct live_set *live) {
    struct live_place places[TOGETHER];
    uint32_t from = 0;
    for (size_t count; (count = live_places(live, &from, places, TOGETHER)) > 0;) {
        o->order.count += count;
        for (size_t i = 0; i < count; i++)
            ++*first_of(o, places[i].address);
    }
}

static void lay_blocks(struct ordering *o, const struct live_set *live) {
    struct live_place places[TOGETHER];
    uint32_t from = 0, visited = 0;
    for (size_t count; (count = live_places(live, &from, places, TOGETHER)) > 0;)
        for (size_t i = 0; i < count; i++) {
            uint32_t at = (*first_of(o, places[i].address))++;
            o->order.blocks[at] = (struct classify_block){places[i].address, places[i].bytes};
            o->numbers[at] = visited++;
        }
}

static int by_number(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

// From how many blocks a region has to where they begin.
static void add_up(struct ordering *o) {
    uint32_t next = 0;
    if (o->used_count)
        qsort(o->used, o->used_count, sizeof *o->used, by_number);
    for (size_t i = 0; i < o->used_count; i++)
        for (size_t region = 0; region < LEAF; region++) {
            uint32_t *first = &o->leaves[o->used[i]]->first[region], here = *first;
            *first = next;
            next += here;
        }
}

static void sort_few(struct ordering *o, size_t begin, size_t end) {
    struct classify_block *blocks = o->order.blocks;
    for (size_t i = begin + 1; i < end; i++) {
        struct classify_block block = blocks[i];
        uint32_t number = o->numbers[i];
        size_t to = i;
        for (; to > begin && blocks[to - 1].address > block.address; to--) {
            blocks[to] = blocks[to - 1];
            o->numbers[to] = o->numbers[to - 1];
        }
        blocks[to] = block;
        o->numbers[to] = number;
    }
}

static void make_scratch(struct ordering *o, size_t count) {
    if (count <= o->scratch_room)
        return;
    free(o->scratch);
    o->scratch_room = count;
    o->scratch = must(malloc(count * sizeof *o->scratch));
}

static int by_address(const void *left, const void *right) {
    const struct numbered *a = left, *b = right;
    return a->block.address < b->block.address ? -1 : a->block.address > b->block.address;
}

// Records may hold any address.
static void sort_beyond(struct ordering *o, size_t begin, size_t end) {
    make_scratch(o, end - begin);
    for (size_t i = begin; i < end; i++)
        o->scratch[i - begin] = (struct numbered){o->order.blocks[i], o->numbers[i]};
    qsort(o->scratch, end - begin, sizeof *o->scratch, by_address);
    for (size_t i = begin; i < end; i++) {
        o->order.blocks[i] = o->scratch[i - begin].block;
        o->numbers[i] = o->scratch[i - begin].number;
    }
}

static uint32_t low_digit(uint64_t address) {
    return address & (DIGITS - 1);
}

static uint32_t high_digit(uint64_t address) {
    return address >> DIGIT_BITS & (DIGITS / 2 - 1);
}

static void sort_region(struct ordering *o, size_t begin, size_t end) {
    struct classify_block *blocks = o->order.blocks;
    uint32_t low[DIGITS] = {0}, high[DIGITS / 2] = {0}, lows = 0, highs = (uint32_t)begin;
    bool unordered = false;
    for (size_t i = begin; i < end; i++) {
        low[low_digit(blocks[i].address)]++;
        high[high_digit(blocks[i].address)]++;
        unordered |= i > begin && blocks[i].address < blocks[i - 1].address;
    }
    if (!unordered)
        return;
    for (size_t digit = 0; digit < DIGITS; digit++) {
        uint32_t here = low[digit];
        low[digit] = lows;
        lows += here;
    }
    for (size_t digit = 0; digit < DIGITS / 2; digit++) {
        uint32_t here = high[digit];
        high[digit] = highs;
        highs += here;
    }
    make_scratch(o, end - begin);
    for (size_t i = begin; i < end; i++)
        o->scratch[low[low_digit(blocks[i].address)]++] = (struct numbered){blocks[i], o->numbers[i]};
    for (size_t i = 0; i < end - begin; i++) {
        uint32_t place = high[high_digit(o->scratch[i].block.address)]++;
        blocks[place] = o->scratch[i].block;
        o->numbers[place] = o->scratch[i].number;
    }
}

static void sort_regions(struct ordering *o) {
    uint32_t begin = 0;
    for (size_t i = 0; i < o->used_count; i++)
        for (size_t region = 0; region < LEAF; region++) {
            uint32_t end = o->leaves[o->used[i]]->first[region]; // was moved on to there
            if (end - begin <= FEW)
                sort_few(o, begin, end);
            else if (o->used[i] == LEAVES)
                sort_beyond(o, begin, end);
            else
                sort_region(o, begin, end);
            for (; begin < end; begin++)
                o->order.places[o->numbers[begin]] = begin;
        }
}

struct block_order block_order_of(const struct live_set *live) {
    struct ordering o = {.leaves = must(calloc(LEAVES + 1, sizeof *o.leaves))};
    count_blocks(&o, live);
    size_t count = o.order.count;
    o.order.blocks = must(malloc((count + 1) * sizeof *o.order.blocks));
    o.order.places = must(malloc((count + 1) * sizeof *o.order.places));
    o.numbers = must(malloc((count + 1) * sizeof *o.numbers));
    add_up(&o);
    lay_blocks(&o, live);
    sort_regions(&o);
    for (size_t i = 0; i < o.used_count; i++)
        free(o.leaves[o.used[i]]);
    free(o.leaves);
    free(o.used);
    free(o.numbers);
    free(o.scratch);
    return o.order;
}

void block_order_free(struct block_order *order) {
    free(order->blocks);
    free(order->places);
    *order = (struct block_order){0};
}
