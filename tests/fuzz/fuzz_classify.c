// links: analyzer/verdict/classify.c analyzer/verdict/classify_read.c analyzer/verdict/classify_decide.c
// links: analyzer/verdict/block_index.c analyzer/verdict/block_find.c analyzer/verdict/instructions.c analyzer/verdict/address_spans.c analyzer/verdict/arrays.c
// links: analyzer/verdict/word_filter.c analyzer/verdict/pointers.c analyzer/verdict/vtables.c
// links: analyzer/verdict/window.c analyzer/verdict/mappings.c
// Any memory, any blocks that ascend, however large, any roots: the verdict must end, count each block once,
// and never ask for what lies outside of readable mappings. The input is the memory, after 16 bytes for the
// blocks: (distance, size, how far both are shifted) each.
#include "analyzer/verdict/classify.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_BLOCKS = 40, PAGE = 4096, PAGES = 16 };
#define BASE 0x7f0000000000ull

static unsigned char memory[PAGES * PAGE];
static uint16_t missing; // pages that can't be read, whatever their mapping says

static ssize_t read_memory(void *context, uint64_t address, void *buffer, size_t bytes) {
    const struct classify_input *input = context;
    if (address < BASE || address - BASE > sizeof memory || bytes > sizeof memory - (address - BASE))
        abort();
    for (size_t i = 0; i < input->mapping_count; i++)
        if (!(input->mappings[i].flags & MAPPING_READABLE) && address < input->mappings[i].end &&
            address + bytes > input->mappings[i].begin)
            abort();
    size_t done = 0;
    while (done < bytes && !(missing >> (address + done - BASE) / PAGE & 1)) {
        size_t run = PAGE - (address + done) % PAGE;
        run = run < bytes - done ? run : bytes - done;
        memcpy((char *)buffer + done, memory + (address + done - BASE), run);
        done += run;
    }
    return done ? (ssize_t)done : -14;
}

static size_t make_blocks(const uint8_t *data, size_t size, struct classify_block *blocks) {
    uint64_t at = BASE - 64;
    size_t count = 0;
    for (; count < MOST_BLOCKS && 4 * count + 4 <= size; count++) {
        const uint8_t *d = data + 4 * count;
        uint64_t distance = (uint64_t)d[0] << (d[2] & 63), bytes = (uint64_t)d[1] << (d[3] & 63);
        if (distance > UINT64_MAX - at - 1)
            break;
        at += distance + (distance == 0);
        blocks[count] = (struct classify_block){at, bytes};
    }
    return count;
}

static void check(struct classify *result, const struct classify_block *blocks, size_t count) {
    struct classify_counts counts;
    uint64_t by_class[CLASSES] = {0}, kept = 0;
    classify_count(result, &counts);
    for (size_t i = 0; i < count; i++) {
        uint32_t targets[4];
        by_class[classify_class(result, i)]++;
        kept += classify_kept(result, i).blocks;
        size_t leader = classify_leader(result, i), found = classify_targets(result, i, targets, 4);
        if (leader >= count || found > 4 || (found && targets[found - 1] >= count))
            abort();
        if (classify_class(result, i) == CLASS_INDIRECT && classify_class(result, leader) != CLASS_DEFINITE)
            abort();
    }
    for (int class = 0; class < CLASSES; class ++)
        if (by_class[class] != counts.class[class].blocks)
            abort();
    if (kept != by_class[CLASS_INDIRECT] || (count == 0 && blocks == NULL))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct classify_block blocks[MOST_BLOCKS];
    if (size < 8 + 4 * MOST_BLOCKS)
        return 0;
    missing = (uint16_t)(data[0] | data[1] << 8);
    size_t count = make_blocks(data + 8, 4 * MOST_BLOCKS, blocks), left = size - 8 - 4 * MOST_BLOCKS;
    memset(memory, 0, sizeof memory);
    memcpy(memory, data + 8 + 4 * MOST_BLOCKS, left < sizeof memory ? left : sizeof memory);
    // Addresses are long to guess: a word below 256 stands for one near a block.
    for (size_t i = 0; count && i + 8 <= sizeof memory; i += 8) {
        uint64_t word;
        memcpy(&word, memory + i, 8);
        if (word && word < 1 << 16)
            word = blocks[word % count].address + (word >> 8) - (word >> 15);
        memcpy(memory + i, &word, 8);
    }
    struct classify_range root = {BASE + 8 * data[2], BASE + (uint64_t)data[3] * 256};
    uint64_t middle = BASE + (data[4] % (PAGES - 1) + 1) * (uint64_t)PAGE;
    struct classify_mapping mappings[] = {{BASE, middle, data[5]}, {middle, BASE + sizeof memory, data[6]}};
    struct classify_input input = {.blocks = blocks,
                                   .block_count = count,
                                   .roots = &root,
                                   .root_count = 1,
                                   .mappings = mappings,
                                   .mapping_count = 2,
                                   .read = read_memory,
                                   .heuristics = data[7] % (HEURISTICS_ALL + 1)};
    input.context = &input;
    struct classify *result = NULL;
    if (classify_read(&input, &result))
        abort();
    classify_decide(result);
    check(result, blocks, count);
    classify_free(result);
    return 0;
}
