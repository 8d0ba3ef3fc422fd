// Go's own table of functions (.gopclntab): which function an address lies in, what it is called, how far the
// stack pointer is below the function's entry, and, for names, file and line.
//
// Not a format of ours: the Go linker writes it into every Go program and library, stripped or not. Both
// halves read it, the preload in mapped memory (to step over Go frames), the analyzer in the file (to name
// them). Whatever it holds, no read leaves the bytes that go_table_open was given, and every loop ends.
//
// The head is 8 bytes: magic, two zero bytes, the smallest instruction's size, a pointer's size. What follows
// differs by magic; P is a pointer-sized number:
//   GO_TABLE_12   P functions, then the index of functions; its addresses, and all in a function's entry that
//   is
//                 an address, are P wide. Offsets count from the table's start.
//   GO_TABLE_116  P functions, P files, P offsets of: names, compile units, files, pc values, index. P wide
//   addresses. GO_TABLE_118  the same with P text start after files; addresses are 32 bits from the text
//   start. GO_TABLE_120  as 118; a function's entry has one more field (its first line).
// From Go 1.26 the text start here is 0, and who opens the table must find it elsewhere.
//
// A pc value list is pairs of variable-length numbers: the value's change (zigzag), the number of instruction
// units for which it holds. It starts at -1 and the function's entry, and a change of 0 ends it.
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum go_table_version { GO_TABLE_12 = 1, GO_TABLE_116, GO_TABLE_118, GO_TABLE_120 };

enum { GO_TABLE_HEAD_BYTES = 8, GO_TABLE_LEAST_BYTES = 72, GO_NAME_BYTES = 1 << 12, GO_POINTER_BYTES = 8 };

struct go_table {
    const uint8_t *bytes;
    uint64_t size;
    uint32_t version;        // enum go_table_version
    uint32_t unit_bytes;     // of an instruction: 1 on x86-64, 4 on aarch64
    uint64_t function_count; // at least 1
    uint64_t text_start;     // what 32-bit addresses count from; 0 in GO_TABLE_12 and _116
    uint64_t names_at, units_at, files_at, values_at, index_at; // offsets from bytes
};

struct go_function {
    uint64_t start, end;   // addresses; end is where the next function begins
    uint64_t entry_at;     // offset of its entry from bytes
    uint32_t name;         // offset in the names
    uint32_t stack_values; // offsets of lists of pc values; 0: none
    uint32_t file_values;
    uint32_t line_values;
    uint32_t data_count; // further lists of pc values that follow the entry
    uint32_t unit;       // first of the compile unit's entries in the unit table; GO_TABLE_116 and later
};

static inline bool go_table_has(const struct go_table *table, uint64_t at, uint64_t bytes) {
    return at <= table->size && bytes <= table->size - at;
}

// Little-endian numbers, as both machines are; 0 outside of the table.
static inline uint32_t go_table_u32(const struct go_table *table, uint64_t at) {
    uint32_t value = 0;
    if (go_table_has(table, at, sizeof value))
        memcpy(&value, table->bytes + at, sizeof value);
    return value;
}

static inline uint64_t go_table_u64(const struct go_table *table, uint64_t at) {
    uint64_t value = 0;
    if (go_table_has(table, at, sizeof value))
        memcpy(&value, table->bytes + at, sizeof value);
    return value;
}

// The version of a table that could begin with these 8 bytes, or 0.
static inline uint32_t go_table_head(uint64_t head) {
    uint64_t rest = head >> 32, unit = rest >> 16 & 0xff;
    if ((rest & 0xffff) != 0 || rest >> 24 != GO_POINTER_BYTES || (unit != 1 && unit != 4))
        return 0;
    switch ((uint32_t)head) {
    case 0xfffffffb:
        return GO_TABLE_12;
    case 0xfffffffa:
        return GO_TABLE_116;
    case 0xfffffff0:
        return GO_TABLE_118;
    case 0xfffffff1:
        return GO_TABLE_120;
    default:
        return 0;
    }
}

static inline uint64_t go_table_index_step(const struct go_table *table) {
    return table->version >= GO_TABLE_118 ? 2 * sizeof(uint32_t) : 2 * sizeof(uint64_t);
}

// Address of the n-th function, n <= function_count: the last one is where the text ends.
static inline uint64_t go_table_address(const struct go_table *table, uint64_t n) {
    uint64_t at = table->index_at + n * go_table_index_step(table);
    if (table->version >= GO_TABLE_118)
        return table->text_start + go_table_u32(table, at);
    return go_table_u64(table, at);
}

// Opens the table at bytes, which may end well before `size`. 0, or -EINVAL: no table of a known version.
static inline int go_table_open(struct go_table *table, const void *bytes, uint64_t size) {
    struct go_table t = {.bytes = (const uint8_t *)bytes, .size = size};
    uint64_t head;
    if (size < GO_TABLE_LEAST_BYTES)
        return -EINVAL;
    memcpy(&head, bytes, sizeof head);
    t.version = go_table_head(head);
    t.unit_bytes = head >> 48 & 0xff;
    t.function_count = go_table_u64(&t, 8);
    if (t.version == 0 || t.function_count == 0 || t.function_count > UINT32_MAX)
        return -EINVAL;
    if (t.version == GO_TABLE_12) {
        t.index_at = 16;
        t.files_at = go_table_u32(&t, t.index_at + t.function_count * 16 + 8);
    } else {
        uint64_t at = t.version == GO_TABLE_116 ? 24 : 32;
        if (t.version >= GO_TABLE_118)
            t.text_start = go_table_u64(&t, 24);
        t.names_at = go_table_u64(&t, at);
        t.units_at = go_table_u64(&t, at + 8);
        t.files_at = go_table_u64(&t, at + 16);
        t.values_at = go_table_u64(&t, at + 24);
        t.index_at = go_table_u64(&t, at + 32);
        if (t.names_at >= size || t.units_at >= size || t.files_at >= size || t.values_at >= size)
            return -EINVAL;
    }
    if (t.index_at >= size ||
        !go_table_has(&t, t.index_at, (t.function_count + 1) * go_table_index_step(&t)) ||
        go_table_address(&t, 0) >= go_table_address(&t, t.function_count))
        return -EINVAL;
    *table = t;
    return 0;
}

// Does the address lie in the table's text?
static inline bool go_table_covers(const struct go_table *table, uint64_t address) {
    return address >= go_table_address(table, 0) && address < go_table_address(table, table->function_count);
}

// The n-th function. 0, or -EINVAL where the table makes no sense.
static inline int go_table_function(const struct go_table *table, uint64_t n, struct go_function *function) {
    bool narrow = table->version >= GO_TABLE_118;
    uint64_t index = table->index_at + n * go_table_index_step(table);
    uint64_t offset = narrow ? go_table_u32(table, index + 4) : go_table_u64(table, index + 8);
    if (offset > table->size)
        return -EINVAL;
    uint64_t at = offset + (table->version == GO_TABLE_12 ? 0 : table->index_at);
    uint64_t fields = at + (narrow ? 4 : 8); // what follows the entry's address
    bool is_old = table->version == GO_TABLE_12;
    uint64_t tail = fields + (is_old ? 28 : 32) + (table->version == GO_TABLE_120 ? 4 : 0);
    if (!go_table_has(table, at, tail + 4 - at))
        return -EINVAL;
    *function = (struct go_function){
        .start = go_table_address(table, n),
        .end = go_table_address(table, n + 1),
        .entry_at = at,
        .name = go_table_u32(table, fields),
        .stack_values = go_table_u32(table, fields + 12),
        .file_values = go_table_u32(table, fields + 16),
        .line_values = go_table_u32(table, fields + 20),
        .data_count = go_table_u32(table, fields + 24),
        .unit = is_old ? 0 : go_table_u32(table, fields + 28),
    };
    return function->start < function->end ? 0 : -EINVAL;
}

// The function that an address lies in. 0, -ENOENT: not in this table's text, or -EINVAL.
static inline int go_table_find(const struct go_table *table, uint64_t address,
                                struct go_function *function) {
    if (!go_table_covers(table, address))
        return -ENOENT;
    uint64_t low = 0, high = table->function_count;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (go_table_address(table, middle) <= address)
            low = middle;
        else
            high = middle;
    }
    int bad = go_table_function(table, low, function);
    return bad || (address >= function->start && address < function->end) ? bad : -EINVAL;
}

// A string that ends within the table, or "".
static inline const char *go_table_string(const struct go_table *table, uint64_t at) {
    if (at >= table->size)
        return "";
    uint64_t room = table->size - at;
    if (!memchr(table->bytes + at, '\0', room < GO_NAME_BYTES ? room : GO_NAME_BYTES))
        return "";
    return (const char *)table->bytes + at;
}

static inline const char *go_table_name(const struct go_table *table, uint32_t name) {
    return go_table_string(table, table->names_at + name);
}

// A variable-length number: seven bits a byte, the lowest first. False at the table's end.
static inline bool go_table_number(const struct go_table *table, uint64_t *at, uint32_t *number) {
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        if (*at >= table->size)
            return false;
        uint8_t byte = table->bytes[(*at)++];
        value |= (uint32_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *number = value;
            return true;
        }
    }
    return false;
}

// What a list of pc values says of an address in the function. 0, or -ENOENT: the list is absent or ends
// before.
static inline int go_table_value(const struct go_table *table, const struct go_function *function,
                                 uint32_t values, uint64_t address, int32_t *value) {
    if (values == 0)
        return -ENOENT;
    uint64_t at = table->values_at + values, pc = function->start;
    uint32_t current = UINT32_MAX; // -1
    for (bool first = true; pc < function->end; first = false) {
        uint32_t change, units;
        if (!go_table_number(table, &at, &change) || (change == 0 && !first) ||
            !go_table_number(table, &at, &units))
            return -ENOENT;
        current += change & 1 ? ~(change >> 1) : change >> 1;
        pc += (uint64_t)units * table->unit_bytes;
        if (address < pc) {
            *value = (int32_t)current;
            return 0;
        }
    }
    return -ENOENT;
}
