// links: analyzer/symbols/go_symbols.c analyzer/symbols/go_image.c analyzer/symbols/elf_file.c analyzer/symbols/range_map.c
// links: analyzer/arena.c
// flags: -lelf -ldw
// Any bytes as a table of Go functions, and as a Go program: what reads them must stay within them and end.
#include "analyzer/symbols/go_symbols.h"

#include "preload/wire/go_table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum { ASKED = 64 }; // addresses of a table

static void read_as_table(const uint8_t *data, size_t bytes) {
    struct go_table table;
    if (go_table_open(&table, data, bytes) != 0)
        return;
    uint64_t start = go_table_address(&table, 0);
    for (uint64_t i = 0; i < ASKED; i++) {
        struct go_function function;
        int32_t value;
        uint64_t address = start + i * i;
        if (go_table_find(&table, address, &function) != 0)
            continue;
        if (address < function.start || address >= function.end)
            abort();
        go_table_name(&table, function.name);
        go_table_value(&table, &function, function.stack_values, address, &value);
    }
}

static void read_as_file(const uint8_t *data, size_t bytes) {
    int file = memfd_create("program", MFD_CLOEXEC);
    struct elf_file elf;
    if (file < 0 || write(file, data, bytes) != (ssize_t)bytes)
        abort();
    if (elf_file_from_fd(file, &elf) != 0)
        return;
    struct go_symbols *symbols = go_symbols_open(&elf);
    if (symbols) {
        struct arena *arena = arena_new();
        static struct object_frame frames[MOST_INLINED + 1];
        for (uint64_t address = 0; address < 1 << 16; address += 64)
            if (go_symbols_resolve(symbols, address, arena, frames) > MOST_INLINED + 1)
                abort();
        arena_free(arena);
        go_symbols_close(symbols);
    }
    elf_file_close(&elf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    // A copy as long as the input, so that the sanitizer sees a read beyond it; aligned, as the table is.
    uint8_t *copy = malloc(bytes ? bytes : 1);
    if (!copy)
        return 0;
    if (bytes)
        memcpy(copy, data, bytes);
    read_as_table(copy, bytes);
    free(copy);
    read_as_file(data, bytes);
    return 0;
}
