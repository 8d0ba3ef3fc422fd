// What stays of a process after its end: its live blocks grouped by call and stack, with the frames copied
// out of the shared memory, which can then go away.
#pragma once

#include "analyzer/family.h"
#include "analyzer/live.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HARVEST_EXAMPLES = 5 };

// One object that frames lie in; shared by all groups of the harvest.
struct harvested_module {
    char *path;
    uint64_t load_bias;
    uint8_t build_id[WIRE_BUILD_ID_BYTES];
    size_t build_id_bytes;
};

struct harvested_frame {
    uint64_t address; // to look up: inside the calling instruction
    int32_t module;   // index into modules; -1: in none
};

struct harvested_group {
    uint32_t stack;
    uint8_t call;
    bool truncated;
    uint64_t count, bytes;
    size_t first_frame, frame_count; // in frames, innermost first
    struct {
        uint64_t address, bytes;
    } examples[HARVEST_EXAMPLES]; // those with the lowest addresses, so that runs can be compared
    size_t example_count;
};

struct harvest {
    struct harvested_group *groups;
    size_t group_count, group_room;
    struct harvested_frame *frames;
    size_t frame_count, frame_room;
    struct harvested_module *modules;
    size_t module_count, module_room;
    size_t damaged_stacks; // that could not be read: loops, ids out of range
};

// Fills an empty harvest from a settled live set. Aborts when memory runs out.
void harvest_collect(struct harvest *harvest, const struct family *family, const struct live_set *live);
void harvest_free(struct harvest *harvest);
