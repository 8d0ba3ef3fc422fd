// The module table: every object that a recorded frame lies in, with what is needed to find its symbols
// later, even when it was unloaded or the process killed. Content-addressed: an entry says where which file
// was mapped, so that processes of one family share it and the same file at the same place has one entry (or
// a few, when threads race: the reader merges).
//
// Append-only. M1 writer fills the entry and its string, then store-release of ready -> M2 reader
// load-acquire of ready.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { WIRE_BUILD_ID_BYTES = 32 };

struct wire_module {
    uint32_t ready;          // M1: 1 when all of it is valid
    uint32_t path_offset;    // into the string area; NUL-terminated there
    uint64_t start, end;     // addresses it spans, end exclusive
    uint64_t load_bias;      // run-time address minus ELF virtual address
    uint32_t path_bytes;     // without the NUL
    uint32_t build_id_bytes; // 0: none
    uint8_t build_id[WIRE_BUILD_ID_BYTES];
};
_Static_assert(sizeof(struct wire_module) == 72, "wire layout");
