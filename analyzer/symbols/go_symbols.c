// See go_symbols.h. Called by object.c.
//
// Where Go inlined calls, a list of pc values says for each address which entry of the function's inline tree
// it lies in; an entry names the inlined function and an address in the function that inlined it, which is
// looked up in turn. The tree lies where the runtime's record says that such data begins (Go 1.18 and later;
// before, only the function that holds the code is named, with the innermost line).
#include "analyzer/symbols/go_symbols.h"

#include "analyzer/symbols/go_image.h"

#include <stdlib.h>
#include <string.h>

enum {
    WORD = sizeof(uint64_t),
    // Words of the runtime's record: where the functions' data begins. From Go 1.26 on the table's end
    // follows.
    MODULE_DATA_118 = 38,
    MODULE_DATA_120 = 40,
    MODULE_DATA_127 = 43,
    LIST_INLINED = 2, // of a function's further lists of pc values
    DATA_INLINED = 3, // of its further data
    NONE = -1,
};

struct go_symbols {
    struct go_image image;
    struct go_table table;
    uint64_t data_at; // what offsets of functions' data count from; 0: not known
};

// Before Go 1.27 the words that are looked at are of a slice and of types, all of which lie before the table.
static uint64_t data_word(const struct go_image *image, uint64_t module, uint64_t table_address,
                          const struct go_table *table) {
    if (table->version == GO_TABLE_118)
        return MODULE_DATA_118;
    uint64_t end = go_image_word(image, module + (MODULE_DATA_127 + 1) * WORD);
    uint64_t index_end = table_address + table->index_at + table->function_count * 2 * sizeof(uint32_t);
    return end > index_end ? MODULE_DATA_127 : MODULE_DATA_120;
}

struct go_symbols *go_symbols_open(const struct elf_file *file) {
    struct go_symbols *symbols = calloc(1, sizeof *symbols);
    if (!symbols)
        return NULL;
    uint64_t address;
    go_image_open(file, &symbols->image);
    if (go_image_table(&symbols->image, &address, &symbols->table) != 0) {
        go_symbols_close(symbols);
        return NULL;
    }
    uint64_t module = symbols->table.version >= GO_TABLE_118
                          ? go_image_module(&symbols->image, address, &symbols->table)
                          : 0;
    if (module)
        symbols->data_at = go_image_word(
            &symbols->image, module + data_word(&symbols->image, module, address, &symbols->table) * WORD);
    return symbols;
}

void go_symbols_close(struct go_symbols *symbols) {
    if (!symbols)
        return;
    go_image_close(&symbols->image);
    free(symbols);
}

bool go_symbols_have_inlined(const struct go_symbols *symbols) {
    return symbols->data_at != 0;
}

// File and line of an address in a function.
static void find_position(const struct go_table *table, const struct go_function *function, uint64_t address,
                          struct arena *arena, struct object_frame *frame) {
    int32_t file, line;
    if (go_table_value(table, function, function->file_values, address, &file) != 0 || file < 0)
        return;
    const char *name;
    if (table->version == GO_TABLE_12) {
        name = go_table_string(table, go_table_u32(table, table->files_at + 4 * (uint64_t)(uint32_t)file));
    } else {
        uint64_t entry = table->units_at + 4 * ((uint64_t)function->unit + (uint32_t)file);
        uint32_t offset = go_table_u32(table, entry);
        name = offset == UINT32_MAX ? "" : go_table_string(table, table->files_at + offset);
    }
    if (!*name)
        return;
    frame->file = arena_strdup(arena, name);
    if (go_table_value(table, function, function->line_values, address, &line) == 0 && line > 0)
        frame->line = (uint32_t)line;
}

// Sizes in a function's entry behind its fixed fields: 32-bit numbers of lists, then of data.
static uint64_t lists_at(const struct go_table *table, const struct go_function *function) {
    return function->entry_at + (table->version == GO_TABLE_120 ? 44 : 40);
}

static uint32_t inlined_list(const struct go_table *table, const struct go_function *function) {
    if (function->data_count <= LIST_INLINED)
        return 0;
    return go_table_u32(table, lists_at(table, function) + 4 * LIST_INLINED);
}

// The inline tree of a function; NULL: none.
static const uint8_t *inline_tree(const struct go_symbols *symbols, const struct go_function *function,
                                  uint64_t *bytes) {
    const struct go_table *table = &symbols->table;
    uint64_t lists = lists_at(table, function);
    if (!symbols->data_at || !go_table_has(table, lists, 4 * (uint64_t)function->data_count) ||
        table->bytes[lists - 1] <= DATA_INLINED) // the number of data is the last fixed field
        return NULL;
    uint32_t offset = go_table_u32(table, lists + 4 * ((uint64_t)function->data_count + DATA_INLINED));
    return offset == UINT32_MAX ? NULL : go_image_bytes(&symbols->image, symbols->data_at + offset, bytes);
}

struct inlined {
    uint32_t name;
    uint32_t called_from; // distance of the call from the function's start
};

static bool read_inlined(const struct go_table *table, const uint8_t *tree, uint64_t bytes, int32_t index,
                         struct inlined *out) {
    bool first = table->version == GO_TABLE_118;
    uint64_t size = first ? 20 : 16, name_at = first ? 12 : 4, from_at = first ? 16 : 8;
    if (index < 0 || (uint64_t)index >= bytes / size)
        return false;
    memcpy(&out->name, tree + (uint64_t)index * size + name_at, sizeof out->name);
    memcpy(&out->called_from, tree + (uint64_t)index * size + from_at, sizeof out->called_from);
    return true;
}

size_t go_symbols_resolve(const struct go_symbols *symbols, uint64_t address, struct arena *arena,
                          struct object_frame *out) {
    const struct go_table *table = &symbols->table;
    struct go_function function;
    if (go_table_find(table, address, &function) != 0)
        return 0;
    uint64_t bytes = 0;
    const uint8_t *tree = table->version >= GO_TABLE_118 ? inline_tree(symbols, &function, &bytes) : NULL;
    uint32_t list = tree ? inlined_list(table, &function) : 0;
    size_t count = 0;
    for (;;) {
        out[count] = (struct object_frame){0};
        find_position(table, &function, address, arena, &out[count]);
        int32_t index = NONE;
        struct inlined inlined;
        if (count == MOST_INLINED || go_table_value(table, &function, list, address, &index) != 0 ||
            !read_inlined(table, tree, bytes, index, &inlined) ||
            inlined.called_from >= function.end - function.start)
            break;
        const char *name = go_table_name(table, inlined.name);
        out[count++].function = *name ? arena_strdup(arena, name) : NULL;
        address = function.start + inlined.called_from;
    }
    const char *name = go_table_name(table, function.name);
    out[count].function = *name ? arena_strdup(arena, name) : NULL;
    return count + 1;
}
