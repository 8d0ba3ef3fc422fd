// Reads ELF symbol tables and answers which function covers an address. Called by object.c.
//
// Only what can be code counts: functions, indirect functions, and untyped labels in executable sections. A
// symbol with a size covers exactly that; one without (hand-written assembly) reaches to the next symbol or
// to the end of its section, and never outdoes a sized one around it.
#include "analyzer/symbols/symbol_table.h"

#include "analyzer/vector.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

// Of several names for one place a global one says most, a weak one is an alias by intent, and internal
// spellings of a public name begin with underscores.
static uint8_t rank_of(const GElf_Sym *symbol) {
    uint8_t rank = GELF_ST_TYPE(symbol->st_info) == STT_NOTYPE ? 0 : 4;
    switch (GELF_ST_BIND(symbol->st_info)) {
    case STB_GLOBAL:
    case STB_GNU_UNIQUE:
        return rank + 3;
    case STB_WEAK:
        return rank + 1;
    default:
        return rank + 2;
    }
}

// Local labels of the assembler and ARM's mapping symbols mark places in code, they don't name it.
static bool names_something(const char *name) {
    return name[0] != '\0' && name[0] != '$' && strncmp(name, ".L", 2) != 0;
}

static bool is_code_type(unsigned type) {
    return type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE;
}

static void add_symbol(struct symbol_table *table, const GElf_Sym *symbol, const GElf_Shdr *section,
                       const char *name) {
    uint64_t section_end = section->sh_addr + section->sh_size;
    if (!(section->sh_flags & SHF_EXECINSTR) || symbol->st_value < section->sh_addr ||
        symbol->st_value >= section_end)
        return;
    uint64_t end = section_end;
    if (symbol->st_size && symbol->st_size < section_end - symbol->st_value)
        end = symbol->st_value + symbol->st_size;
    const char *version = strchr(name + 1, '@');
    *VECTOR_PUSH(table->symbols, table->count, table->room) =
        (struct symbol){.start = symbol->st_value,
                        .end = end,
                        .name = name,
                        .name_bytes = (uint32_t)(version ? (size_t)(version - name) : strlen(name)),
                        .rank = rank_of(symbol),
                        .sized = symbol->st_size != 0};
}

// Section numbers beyond 65,279 stand in a table of their own.
static Elf_Data *extended_numbers(Elf *elf, size_t table_index) {
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) && header.sh_type == SHT_SYMTAB_SHNDX &&
            header.sh_link == table_index)
            return elf_getdata(section, NULL);
    }
    return NULL;
}

void symbol_table_add_one(struct symbol_table *table, Elf *elf, const GElf_Sym *symbol, size_t section,
                          const char *name) {
    GElf_Shdr home;
    if (section != SHN_UNDEF && is_code_type(GELF_ST_TYPE(symbol->st_info)) && names_something(name) &&
        gelf_getshdr(elf_getscn(elf, section), &home))
        add_symbol(table, symbol, &home, name);
}

static void add_section(struct symbol_table *table, Elf *elf, Elf_Scn *section, const GElf_Shdr *header) {
    Elf_Data *data = elf_getdata(section, NULL);
    if (!data || header->sh_entsize == 0)
        return;
    Elf_Data *extended = extended_numbers(elf, elf_ndxscn(section));
    size_t count = data->d_size / header->sh_entsize;
    for (size_t i = 0; i < count && i < INT32_MAX; i++) {
        GElf_Sym symbol;
        Elf32_Word number = 0;
        if (!gelf_getsymshndx(data, extended, (int)i, &symbol, &number))
            return;
        if (symbol.st_shndx < SHN_LORESERVE)
            number = symbol.st_shndx;
        else if (symbol.st_shndx != SHN_XINDEX)
            continue; // absolute or common: in no section
        const char *name = elf_strptr(elf, header->sh_link, symbol.st_name);
        if (name)
            symbol_table_add_one(table, elf, &symbol, number, name);
    }
}

void symbol_table_add(struct symbol_table *table, const struct elf_file *file) {
    for (Elf_Scn *section = NULL; (section = elf_nextscn(file->elf, section));) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) && (header.sh_type == SHT_SYMTAB || header.sh_type == SHT_DYNSYM))
            add_section(table, file->elf, section, &header);
    }
}

static size_t underscores(const struct symbol *symbol) {
    return strspn(symbol->name, "_");
}

static int by_start(const void *left, const void *right) {
    const struct symbol *a = left, *b = right;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    if (a->sized != b->sized)
        return a->sized ? -1 : 1;
    if (a->rank != b->rank)
        return a->rank > b->rank ? -1 : 1;
    if (underscores(a) != underscores(b))
        return underscores(a) < underscores(b) ? -1 : 1;
    return strcmp(a->name, b->name); // for the same answer each time
}

void symbol_table_seal(struct symbol_table *table) {
    if (table->count)
        qsort(table->symbols, table->count, sizeof *table->symbols, by_start);
    uint64_t next_start = UINT64_MAX; // of the symbols at higher addresses
    for (size_t i = table->count; i-- > 0;) {
        struct symbol *symbol = &table->symbols[i];
        if (!symbol->sized && next_start < symbol->end)
            symbol->end = next_start;
        if (i > 0 && table->symbols[i - 1].start != symbol->start)
            next_start = symbol->start;
    }
    uint64_t reach = 0;
    for (size_t i = 0; i < table->count; i++) {
        if (table->symbols[i].end > reach)
            reach = table->symbols[i].end;
        table->symbols[i].reach = reach;
    }
}

const struct symbol *symbol_table_find(const struct symbol_table *table, uint64_t address) {
    size_t low = 0, high = table->count; // the first symbol behind the address
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->symbols[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    const struct symbol *best = NULL;
    for (; low > 0 && table->symbols[low - 1].reach > address; low--) {
        const struct symbol *symbol = &table->symbols[low - 1];
        if (best && best->sized && symbol->start != best->start)
            break; // the nearest sized symbol has been found, and of its names the first
        if (symbol->end <= address)
            continue;
        if (!best || symbol->sized || symbol->start == best->start)
            best = symbol;
    }
    return best;
}

void symbol_table_free(struct symbol_table *table) {
    free(table->symbols);
    *table = (struct symbol_table){0};
}
