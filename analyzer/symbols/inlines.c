// Follows inlined subroutines through one function's entries. Called by object.c with the function that was
// hit: the rest of the unit is never walked.
#include "analyzer/symbols/inlines.h"

#include "analyzer/symbols/dies.h"

#include <dwarf.h>
#include <stdbool.h>

struct chain {
    uint64_t address;
    Dwarf_Die *dies;
    size_t count, max;
};

static bool is_block(int tag) {
    return tag == DW_TAG_lexical_block || tag == DW_TAG_try_block || tag == DW_TAG_catch_block;
}

static bool has_code_of_its_own(Dwarf_Die *die) {
    return dwarf_hasattr(die, DW_AT_low_pc) || dwarf_hasattr(die, DW_AT_ranges);
}

static bool follow(struct chain *chain, Dwarf_Die *parent, unsigned depth);

// true if the way to the address led through this entry, so that its siblings need not be asked.
static bool follow_entry(struct chain *chain, Dwarf_Die *die, unsigned depth) {
    int tag = dwarf_tag(die);
    bool block = is_block(tag);
    if (!block && tag != DW_TAG_inlined_subroutine)
        return false;
    if (block && !has_code_of_its_own(die)) // says nothing about what is in it
        return follow(chain, die, depth + 1);
    if (dwarf_haspc(die, chain->address) != 1)
        return false;
    if (!block) {
        if (chain->count == chain->max)
            return true;
        chain->dies[chain->count++] = *die;
    }
    follow(chain, die, depth + 1);
    return true;
}

static bool follow(struct chain *chain, Dwarf_Die *parent, unsigned depth) {
    Dwarf_Die die;
    if (depth > DEEPEST_DIE || dwarf_child(parent, &die) != 0)
        return false;
    do {
        if (follow_entry(chain, &die, depth))
            return true;
    } while (die_next(&die, &die));
    return false;
}

size_t inlines_find(Dwarf_Die *function, uint64_t address, Dwarf_Die *out, size_t max) {
    struct chain chain = {.address = address, .dies = out, .max = max};
    follow(&chain, function, 0);
    return chain.count;
}
