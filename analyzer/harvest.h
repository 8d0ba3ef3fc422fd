// What stays of a process after its end: what it still held, grouped by call and stack, with the frames
// copied out of the shared memory, which can then go away.
#pragma once

#include "analyzer/family.h"
#include "analyzer/live.h"
#include "analyzer/report/report.h"
#include "analyzer/turnover.h"
#include "analyzer/verdict/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HARVEST_EXAMPLES = 5,
    HARVEST_TALLIES = 8,
    HARVEST_TARGETS = 5,
    HARVEST_ACQUIRED = 1 << 14,
    HARVEST_GLANCE_BLOCKS = 1 << 13
};

// One object that frames lie in; shared by all groups of the harvest.
struct harvested_module {
    char *path;
    uint64_t load_bias;
    uint8_t build_id[WIRE_BUILD_ID_BYTES];
    size_t build_id_bytes;
    bool is_ours; // libseep.so: its frames are left out
};

struct harvested_frame {
    uint64_t address; // to look up: inside the calling instruction
    int32_t module;   // index into modules; -1: in none
};

// One resource. The words are of whoever adds it and must outlive the harvest; NULL: not known, or there is
// none.
struct harvest_item {
    enum site_kind kind;
    enum verdict verdict;
    uint8_t call;
    uint32_t stack;
    uint64_t address, bytes; // a descriptor's address is its number
    const char *type;        // of a descriptor ("socket"); of a mapping: NULL or "file"
    const char *target;      // what a descriptor stands for; of a mapping, its file
    const char *state;       // of a descriptor ("CLOSE_WAIT"); of a mapping, its protection
    const char *detail;      // of a descriptor: flags, offset, what is queued
};

// A close of what was not open. The groups are those of its stacks; SIZE_MAX: not known.
struct harvested_misuse {
    bool twice;
    int fd;
    uint64_t count;
    size_t opened, closed, again; // indices of groups
};

// How many resources of a group are alike.
struct harvested_tally {
    const char *type, *state; // of descriptors; of mappings, the file and NULL
    uint64_t count;
};

struct harvested_group {
    enum site_kind kind;
    enum verdict verdict;
    uint32_t stack;
    uint8_t call;
    bool truncated;
    uint64_t count, bytes;
    uint64_t kept_blocks, kept_bytes; // indirectly lost ones that only these keep alive; of definite ones
    struct harvested_tally tallies[HARVEST_TALLIES]; // the first kinds met, if more
    size_t tally_count;
    int64_t resident_bytes, dirty_bytes; // of mappings; set by who knows, -1: not known
    size_t first_frame, frame_count;     // in frames, innermost first
    struct harvest_item
        examples[HARVEST_EXAMPLES]; // those with the lowest addresses, so that runs can be compared
    size_t example_count;
    struct {
        uint64_t address, bytes;
    } targets[HARVEST_TARGETS]; // blocks that the first example points to
    size_t target_count;        // of those that are kept here
    uint64_t targets_all;       // of all that there are
};

struct harvest {
    struct harvested_group *groups;
    size_t group_count, group_room;
    // Everything that was acquired, by stack, given back or not, most bytes first: call is CALL_NONE. Only
    // when the turnover was counted. Of more than HARVEST_ACQUIRED stacks the last one is all others
    // together, without frames.
    struct harvested_group *acquired;
    size_t acquired_count, acquired_room;
    struct harvested_misuse *misuses;
    size_t misuse_count, misuse_room;
    struct harvested_frame *frames;
    size_t frame_count, frame_room;
    struct harvested_module *modules;
    size_t module_count, module_room;
    size_t damaged_stacks; // that could not be read: loops, ids out of range
};

// Fills an empty harvest, item by item; its groups have their frames when it ends. All abort when memory runs
// out.
struct harvester;
struct harvester *harvest_begin(struct harvest *harvest, const struct family *family);
// Returns the group it went to, good until the next call.
struct harvested_group *harvest_add(struct harvester *harvester, const struct harvest_item *item);
// A group, perhaps without resources, for its stack alone. Returns its index.
size_t harvest_stack(struct harvester *harvester, enum site_kind kind, enum verdict verdict, uint8_t call,
                     uint32_t stack);
void harvest_end(struct harvester *harvester);

// All blocks of a settled live set. verdict: on that set; NULL: all are unclassified.
void harvest_live(struct harvester *harvester, const struct live_set *live, const struct verdicts *verdict);

// The three in one: a harvest of blocks alone.
void harvest_collect(struct harvest *harvest, const struct family *family, const struct live_set *live,
                     const struct verdicts *verdict);

// Without groups: the frames alone, each once, of the stacks of some of a settled set's blocks, at most
// HARVEST_GLANCE_BLOCKS; of sets that are not larger, of all. Takes a few milliseconds at most.
void harvest_glance(struct harvest *harvest, const struct family *family, const struct live_set *live);

// Adds what each stack acquired. Sorts the turnover's entries.
void harvest_acquired(struct harvest *harvest, const struct family *family, struct turnover *acquired);

void harvest_free(struct harvest *harvest);
