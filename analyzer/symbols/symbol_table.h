// The functions of an object by its ELF symbols, copied once into a sorted array.
#pragma once

#include "analyzer/symbols/elf_file.h"

#include <gelf.h>
#include <stddef.h>
#include <stdint.h>

struct symbol {
    uint64_t start;
    uint64_t
        end; // start + size; for a symbol without a size: where the next one or its section begins or ends
    uint64_t reach;      // the largest end of this and all earlier symbols
    const char *name;    // as in the file, possibly with a version (name@@VERSION) or mangled
    uint32_t name_bytes; // without the version
    uint8_t rank;        // of names for one address the highest is shown: see symbol_table.c
    bool sized;
};

struct symbol_table {
    struct symbol *symbols; // by start, then best first
    size_t count, room;
};

// Zero-initialise to create. Adds .symtab and .dynsym of a file, which must stay open as long as the table is
// used.
void symbol_table_add(struct symbol_table *table, const struct elf_file *file);

// Adds one symbol that lies in the given section of elf, if it is code. name must live as long as the table
// is used.
void symbol_table_add_one(struct symbol_table *table, Elf *elf, const GElf_Sym *symbol, size_t section,
                          const char *name);

// Needed after the last add and before the first find.
void symbol_table_seal(struct symbol_table *table);

// The best symbol that covers the address; NULL if none does.
const struct symbol *symbol_table_find(const struct symbol_table *table, uint64_t address);

void symbol_table_free(struct symbol_table *table);
