// See go_image.h. Called by go_symbols.c. Files may be hostile: every offset is checked against its section.
#include "analyzer/symbols/go_image.h"

#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

enum { WORD = sizeof(uint64_t), MODULE_TEXT = 22, TEXT_START_AT = 24 };

static int compare_words(const void *left, const void *right) {
    const struct go_word *a = left, *b = right;
    return a->address < b->address ? -1 : a->address > b->address;
}

static bool is_relative(const struct go_image *image, uint64_t info) {
    GElf_Ehdr header;
    if (!gelf_getehdr(image->elf, &header))
        return false;
    return GELF_R_TYPE(info) == (header.e_machine == EM_AARCH64 ? R_AARCH64_RELATIVE : R_X86_64_RELATIVE);
}

static void add_relocations(struct go_image *image, Elf_Scn *section) {
    Elf_Data *data = elf_getdata(section, NULL);
    GElf_Rela entry;
    for (int i = 0; data && gelf_getrela(data, i, &entry); i++) {
        if (!is_relative(image, entry.r_info))
            continue;
        if (image->count == image->room) {
            size_t room = image->room ? image->room * 2 : 1024;
            struct go_word *more = realloc(image->words, room * sizeof *more);
            if (!more)
                return; // fewer names
            image->words = more;
            image->room = room;
        }
        image->words[image->count++] = (struct go_word){entry.r_offset, (uint64_t)entry.r_addend};
    }
}

void go_image_open(const struct elf_file *file, struct go_image *out) {
    *out = (struct go_image){.elf = file->elf};
    GElf_Shdr header;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(file->elf, section));)
        if (gelf_getshdr(section, &header) && header.sh_type == SHT_RELA && (header.sh_flags & SHF_ALLOC))
            add_relocations(out, section);
    if (out->count)
        qsort(out->words, out->count, sizeof *out->words, compare_words);
}

void go_image_close(struct go_image *image) {
    free(image->words);
}

const void *go_image_bytes(const struct go_image *image, uint64_t address, uint64_t *bytes) {
    GElf_Shdr header;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(image->elf, section));) {
        if (!gelf_getshdr(section, &header) || !(header.sh_flags & SHF_ALLOC) ||
            header.sh_type == SHT_NOBITS || address < header.sh_addr ||
            address - header.sh_addr >= header.sh_size)
            continue;
        Elf_Data *data = elf_rawdata(section, NULL);
        uint64_t offset = address - header.sh_addr;
        if (!data || !data->d_buf || offset >= data->d_size)
            return NULL;
        *bytes = data->d_size - offset;
        return (const char *)data->d_buf + offset;
    }
    return NULL;
}

uint64_t go_image_word(const struct go_image *image, uint64_t address) {
    struct go_word key = {.address = address};
    const struct go_word *found =
        image->count ? bsearch(&key, image->words, image->count, sizeof key, compare_words) : NULL;
    if (found)
        return found->value;
    uint64_t bytes, word = 0;
    const void *at = go_image_bytes(image, address, &bytes);
    if (at && bytes >= WORD)
        memcpy(&word, at, WORD);
    return word;
}

static bool is_module(const struct go_image *image, uint64_t at, uint64_t table_address,
                      const struct go_table *table) {
    return go_image_word(image, at) == table_address &&
           go_image_word(image, at + WORD) == table_address + table->names_at;
}

uint64_t go_image_module(const struct go_image *image, uint64_t table_address, const struct go_table *table) {
    for (size_t i = 0; i < image->count; i++)
        if (image->words[i].value == table_address &&
            is_module(image, image->words[i].address, table_address, table))
            return image->words[i].address;
    GElf_Shdr header;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(image->elf, section));) {
        if (!gelf_getshdr(section, &header) || header.sh_type != SHT_PROGBITS ||
            (header.sh_flags & (SHF_ALLOC | SHF_EXECINSTR)) != SHF_ALLOC)
            continue;
        Elf_Data *data = elf_rawdata(section, NULL);
        for (uint64_t at = -header.sh_addr % WORD; data && data->d_buf && at + WORD <= data->d_size;
             at += WORD) {
            uint64_t word;
            memcpy(&word, (const char *)data->d_buf + at, WORD);
            if (word == table_address && is_module(image, header.sh_addr + at, table_address, table))
                return header.sh_addr + at;
        }
    }
    return 0;
}

// Before Go 1.26 the head has it, as a word that may be relocated; since then the runtime's record alone.
static void fill_text_start(const struct go_image *image, uint64_t address, struct go_table *table) {
    if (table->version < GO_TABLE_118 || table->text_start != 0)
        return;
    table->text_start = go_image_word(image, address + TEXT_START_AT);
    uint64_t module = table->text_start ? 0 : go_image_module(image, address, table);
    if (module)
        table->text_start = go_image_word(image, module + MODULE_TEXT * WORD);
}

// The first table in a section's bytes. The linker aligns it to more than a word.
static bool find_table(const Elf_Data *data, uint64_t *offset, struct go_table *table) {
    for (uint64_t at = 0; data && data->d_buf && at + GO_TABLE_LEAST_BYTES <= data->d_size; at += WORD) {
        uint64_t head;
        memcpy(&head, (const char *)data->d_buf + at, WORD);
        if (go_table_head(head) &&
            go_table_open(table, (const char *)data->d_buf + at, data->d_size - at) == 0) {
            *offset = at;
            return true;
        }
    }
    return false;
}

// Only Go's linker writes these sections; stripping keeps them.
static bool is_go(Elf *elf, size_t names) {
    GElf_Shdr header;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));) {
        const char *name = gelf_getshdr(section, &header) ? elf_strptr(elf, names, header.sh_name) : NULL;
        if (name && (strcmp(name, ".go.buildinfo") == 0 || strcmp(name, ".gopclntab") == 0 ||
                     strcmp(name, ".note.go.buildid") == 0))
            return true;
    }
    return false;
}

int go_image_table(const struct go_image *image, uint64_t *address, struct go_table *table) {
    size_t names;
    if (elf_getshdrstrndx(image->elf, &names) != 0 || !is_go(image->elf, names))
        return -ENOENT;
    GElf_Shdr header;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(image->elf, section));) {
        // In position-independent programs the system's linker puts it among other relocated data.
        uint64_t offset;
        if (!gelf_getshdr(section, &header) || header.sh_type != SHT_PROGBITS ||
            (header.sh_flags & (SHF_ALLOC | SHF_EXECINSTR)) != SHF_ALLOC ||
            !find_table(elf_rawdata(section, NULL), &offset, table))
            continue;
        *address = header.sh_addr + offset;
        fill_text_start(image, *address, table);
        return 0;
    }
    return -ENOENT;
}
