// A Go object's data as it will be in memory: the words of position-independent programs stand in
// relocations, not in their sections.
#pragma once

#include "analyzer/symbols/elf_file.h"
#include "preload/wire/go_table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct go_word {
    uint64_t address, value;
};

struct go_image {
    Elf *elf;
    struct go_word *words; // relocated ones, by address
    size_t count, room;
};

void go_image_open(const struct elf_file *file, struct go_image *out);
void go_image_close(struct go_image *image);

// The bytes from an address to the end of its section; NULL if none has it.
const void *go_image_bytes(const struct go_image *image, uint64_t address, uint64_t *bytes);

// A pointer-sized word; 0 where there is none.
uint64_t go_image_word(const struct go_image *image, uint64_t address);

// The table of functions and its address. 0, or -ENOENT: there is none that can be read. A text start that is
// not in the file's bytes is filled in.
int go_image_table(const struct go_image *image, uint64_t *address, struct go_table *table);

// Where the runtime's record of the table (moduledata) lies; 0: not found.
uint64_t go_image_module(const struct go_image *image, uint64_t table_address, const struct go_table *table);
