// See roots.h. Called by verdict.c. What is no root is cut from what was written; threads and the kernel add
// theirs.
#include "analyzer/verdict/roots.h"
#include "analyzer/vector.h"
#include "analyzer/verdict/roots_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void roots_add_word(struct roots *roots, uint64_t word) {
    *VECTOR_PUSH(roots->words, roots->word_count, roots->word_room) = word;
}

size_t roots_first_block(const struct roots_question *question, uint64_t address) {
    size_t low = 0, high = question->block_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (question->blocks[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct classify_block *roots_block_at(const struct roots_question *question, uint64_t address) {
    size_t after = address == UINT64_MAX ? question->block_count : roots_first_block(question, address + 1);
    const struct classify_block *block = after ? &question->blocks[after - 1] : NULL;
    return block && address - block->address < block->bytes ? block : NULL;
}

// Memory that can be written; and what was written before it was protected, as pages of the process's own
// tell.
static bool was_written(const struct smaps_area *area) {
    if (!(area->protection & PROT_READ) || (area->flags & SMAPS_DEVICE))
        return false;
    return (area->protection & PROT_WRITE) || area->anonymous_bytes || area->swap_bytes;
}

static bool is_own_file(const struct roots_question *question, const struct smaps_area *area) {
    for (size_t i = 0; i < 2; i++) {
        const struct roots_file *file = &question->own_files[i];
        if (file->inode && file->inode == area->inode && file->device_major == area->device_major &&
            file->device_minor == area->device_minor)
            return true;
    }
    return false;
}

static bool is_own_library(const struct smaps_area *area) {
    static const char name[] = "/libseep.so";
    size_t length = strlen(area->path);
    return area->inode && length >= sizeof name - 1 &&
           strcmp(area->path + length - (sizeof name - 1), name) == 0;
}

// The shim's library, the memory it shares with us, and what it says that it has besides.
static void cut_own(struct roots_search *search) {
    for (size_t i = 0; i < search->area_count; i++) {
        const struct roots_area *area = &search->areas[i];
        if (is_own_file(search->question, area->kernel) || is_own_library(area->kernel))
            ranges_add(&search->cut, area->start, area->end);
    }
    for (size_t i = 0; i < search->question->own_area_count; i++) {
        const struct wire_own *own = &search->question->own_areas[i];
        if (own->start != search->question->own_region.begin)
            ranges_add(&search->cut, own->start, own->start + own->bytes);
    }
}

void roots_find(const struct roots_question *question, struct roots *out) {
    *out = (struct roots){0};
    struct roots_search search = {.question = question, .pid = question->stopped->pid, .out = out};
    roots_find_areas(&search);
    for (size_t i = 0; i < question->smaps->count; i++)
        if (was_written(&question->smaps->areas[i]))
            ranges_add(&search.written, question->smaps->areas[i].start, question->smaps->areas[i].end);
    cut_own(&search);
    roots_cut_allocators(&search);
    roots_add_threads(&search);
    roots_cut_go_stacks(&search);
    roots_add_code(&search);
    roots_add_kernel(&search);
    ranges_settle(&search.written);
    ranges_settle(&search.cut);
    ranges_subtract(&search.written, &search.cut, &out->ranges);
    ranges_settle(&out->ranges);
    ranges_free(&search.written);
    ranges_free(&search.regions);
    ranges_free(&search.cut);
    free(search.areas);
}

void roots_free(struct roots *roots) {
    ranges_free(&roots->ranges);
    free(roots->words);
    *roots = (struct roots){0};
}
