// A made-up table of Go functions, as the linker of each release would write it.
#pragma once

#include "preload/wire/go_table.h"

#include <check.h>

#ifndef FIXTURE_UNIT_BYTES
#define FIXTURE_UNIT_BYTES 1 // of an instruction
#endif

enum { FIXTURE_BYTES = 2048, FIXTURE_FUNCTIONS = 3, FIXTURE_FUNCTION_BYTES = 64 };

struct go_fixture {
    uint8_t bytes[FIXTURE_BYTES] __attribute__((aligned(8)));
    size_t size;
    size_t names_at, values_at;       // offsets in bytes, as the two below
    size_t fields[FIXTURE_FUNCTIONS]; // of the functions' entries, behind their addresses
};

// Room behind a function's entry for its further lists and data.
enum { FIXTURE_MORE_BYTES = 40 };

static inline void fixture_put(struct go_fixture *fixture, size_t at, uint64_t value, size_t bytes) {
    ck_assert_uint_le(at + bytes, sizeof fixture->bytes);
    memcpy(fixture->bytes + at, &value, bytes);
    if (at + bytes > fixture->size)
        fixture->size = at + bytes;
}

static inline size_t fixture_text(struct go_fixture *fixture, const char *text) {
    size_t at = fixture->size;
    memcpy(fixture->bytes + at, text, strlen(text) + 1);
    fixture->size += strlen(text) + 1;
    return at;
}

static inline uint32_t fixture_magic(uint32_t version) {
    static const uint32_t magics[] = {0, 0xfffffffb, 0xfffffffa, 0xfffffff0, 0xfffffff1};
    return magics[version];
}

// Functions of 64 bytes each at text: their names; one list of pc values for all of them: 0 for 4 units, 24
// for 56, 0 to the end. text_in_table: the text start is written, as before Go 1.26.
static inline void fixture_build(struct go_fixture *fixture, uint32_t version, uint64_t text,
                                 bool text_in_table, const char *const names[FIXTURE_FUNCTIONS]) {
    *fixture = (struct go_fixture){.size = 0};
    bool narrow = version >= GO_TABLE_118, old = version == GO_TABLE_12;
    size_t wide = narrow ? 4 : 8, index = old ? 16 : 72,
           after_index = index + (FIXTURE_FUNCTIONS * 2 + 1) * wide;
    fixture_put(fixture, 0, fixture_magic(version), 4);
    fixture_put(fixture, 6, FIXTURE_UNIT_BYTES, 1);
    fixture_put(fixture, 7, 8, 1);
    fixture_put(fixture, 8, FIXTURE_FUNCTIONS, 8);
    fixture->size = (after_index + 8 + 7) & ~(size_t)7;

    size_t name_at[FIXTURE_FUNCTIONS], names_at = fixture->names_at = fixture->size;
    for (int i = 0; i < FIXTURE_FUNCTIONS; i++)
        name_at[i] = fixture_text(fixture, names[i]);
    size_t values_at = fixture->values_at = fixture->size;
    static const uint8_t values[] = {0x7f, 2, 4, 48, 56, 47, 4, 0}; // the first byte is never pointed at
    memcpy(fixture->bytes + fixture->size, values, sizeof values);
    fixture->size = (fixture->size + sizeof values + 7) & ~(size_t)7;

    size_t base = old ? 0 : index;
    for (int i = 0; i < FIXTURE_FUNCTIONS; i++) {
        size_t entry = fixture->size, fields = fixture->fields[i] = entry + wide;
        uint64_t start = text + (uint64_t)i * FIXTURE_FUNCTION_BYTES;
        fixture_put(fixture, index + (size_t)i * 2 * wide, narrow ? start - text : start, wide);
        fixture_put(fixture, index + (size_t)i * 2 * wide + wide, entry - base, wide);
        fixture_put(fixture, entry, narrow ? start - text : start, wide);
        fixture_put(fixture, fields, name_at[i] - (old ? 0 : names_at), 4);
        fixture_put(fixture, fields + 12, old ? values_at + 1 : 1, 4);
        fixture_put(fixture, fields + 40 + FIXTURE_MORE_BYTES, 0, 8);
    }
    uint64_t end = text + FIXTURE_FUNCTIONS * FIXTURE_FUNCTION_BYTES;
    fixture_put(fixture, index + FIXTURE_FUNCTIONS * 2 * wide, narrow ? end - text : end, wide);
    if (old)
        return;
    size_t at = 24;
    if (narrow) {
        fixture_put(fixture, at, text_in_table ? text : 0, 8);
        at += 8;
    }
    fixture_put(fixture, at, names_at, 8);
    fixture_put(fixture, at + 8, names_at, 8);
    fixture_put(fixture, at + 16, names_at, 8);
    fixture_put(fixture, at + 24, values_at, 8);
    fixture_put(fixture, at + 32, index, 8);
}
