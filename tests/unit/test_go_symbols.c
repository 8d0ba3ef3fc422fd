// A stripped Go program's functions, files, lines and inlined calls are told from its table as each release
// lays it and the runtime's record of it out, which no toolchain needs to be at hand for.
// links: analyzer/symbols/go_symbols.c analyzer/symbols/go_image.c analyzer/arena.c
// flags: -lelf
#include "analyzer/symbols/go_symbols.h"
#include "tests/lib/suite.h"
#include "tests/unit/go_table_fixture.h"

#include <gelf.h>

#define TEXT   0x401000ull
#define TREES  0x480000ull
#define TABLE  0x500000ull
#define MODULE 0x600000ull

enum { MODULE_WORDS = 64, UNIT_FILES = 2, INLINED = 2, TREE_BYTES = 64, LEADING_BYTES = 16 };

enum release { GO_118, GO_120, GO_126, GO_127, RELEASES };

struct program {
    struct go_fixture table;
    uint8_t trees[LEADING_BYTES + TREE_BYTES];
    uint64_t module[MODULE_WORDS];
    uint8_t file[8192];
    struct elf_file elf;
};

// The three lists of main.main's 64 bytes: the innermost inlined call, file and line.
static const uint8_t inlined_values[] = {0, 16, 4, 16, 1, 16, 1, 16, 0};  // none, 1, 0, none
static const uint8_t file_values[] = {2, 16, 2, 16, 1, 32, 0};            // 0, 1, 0
static const uint8_t line_values[] = {22, 16, 40, 16, 19, 16, 17, 16, 0}; // 10, 30, 20, 11

static const char *const names[FIXTURE_FUNCTIONS] = {"main.main", "main.inner", "main.middle"};

static uint32_t append(struct go_fixture *table, const void *bytes, size_t size) {
    size_t at = table->size;
    ck_assert_uint_le(at + size, sizeof table->bytes);
    memcpy(table->bytes + at, bytes, size);
    table->size += size;
    return (uint32_t)at;
}

// main.inner, inlined in main.middle, inlined in main.main.
static void add_lists(struct program *program, bool first) {
    struct go_fixture *table = &program->table;
    size_t fields = table->fields[0], more = fields + 32 + (first ? 0 : 4);
    uint32_t values = (uint32_t)table->values_at;
    fixture_put(table, fields + 16, append(table, file_values, sizeof file_values) - values, 4);
    fixture_put(table, fields + 20, append(table, line_values, sizeof line_values) - values, 4);
    fixture_put(table, fields + 24, 3, 4); // further lists
    fixture_put(table, more + 3, 4, 1);    // further data
    fixture_put(table, more + 4 + 8, append(table, inlined_values, sizeof inlined_values) - values, 4);
    fixture_put(table, more + 16 + 12, LEADING_BYTES, 4);

    uint32_t files[UNIT_FILES], units;
    table->size = (table->size + 3) & ~(size_t)3;
    uint32_t files_at = append(table, "a.go\0b.go", 10);
    table->size = (table->size + 3) & ~(size_t)3;
    files[0] = 0;
    files[1] = 5;
    units = append(table, files, sizeof files);
    fixture_put(table, 40, units, 8);
    fixture_put(table, 48, files_at, 8);

    size_t size = first ? 20 : 16;
    for (int i = 0; i < INLINED; i++) {
        uint32_t name = (uint32_t)strlen(names[0]) + 1, from = i == 0 ? 8 : 36;
        if (i == 0)
            name += (uint32_t)strlen(names[1]) + 1;
        uint8_t *entry = program->trees + LEADING_BYTES + (size_t)i * size;
        memcpy(entry + (first ? 12 : 4), &name, sizeof name);
        memcpy(entry + (first ? 16 : 8), &from, sizeof from);
    }
}

static void fill_module(struct program *program, enum release release) {
    uint64_t *words = program->module, end = TABLE + program->table.size;
    for (int i = 24; i < MODULE_WORDS; i++)
        words[i] = TREES - 0x1000 + (uint64_t)i; // rodata of some kind, before the table
    words[0] = TABLE;
    words[1] = TABLE + program->table.names_at;
    words[20] = words[22] = TEXT;
    int data = release == GO_118 ? 38 : release == GO_127 ? 43 : 40;
    words[data] = TREES;
    if (release >= GO_126)
        words[data + 1] = end;
    if (release == GO_127)
        words[38] = words[40] = words[41] = 0x100; // lengths
    else
        words[42] = words[43] = 1; // of a slice
}

// An ELF file of so many sections, whose names and contents are given.
struct content {
    const char *name;
    uint64_t address;
    const void *bytes;
    size_t size;
};

static void write_elf(struct program *program, const struct content *contents, size_t count) {
    static char section_names[256];
    Elf64_Ehdr header = {.e_ident = ELFMAG,
                         .e_type = ET_EXEC,
                         .e_machine = EM_X86_64,
                         .e_version = EV_CURRENT,
                         .e_ehsize = sizeof header,
                         .e_shentsize = sizeof(Elf64_Shdr)};
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    Elf64_Shdr sections[8] = {{0}};
    size_t names_size = 1, at = sizeof header;
    for (size_t i = 0; i <= count; i++) {
        const struct content *content = &contents[i];
        bool last = i == count;
        const char *name = last ? ".shstrtab" : content->name;
        sections[i + 1] = (Elf64_Shdr){.sh_name = (Elf64_Word)names_size,
                                       .sh_type = last ? SHT_STRTAB : SHT_PROGBITS,
                                       .sh_flags = last ? 0 : SHF_ALLOC,
                                       .sh_addr = last ? 0 : content->address,
                                       .sh_offset = at,
                                       .sh_addralign = 1};
        strcpy(section_names + names_size, name);
        names_size += strlen(name) + 1;
        sections[i + 1].sh_size = last ? names_size : content->size;
        memcpy(program->file + at, last ? section_names : content->bytes, sections[i + 1].sh_size);
        at = (at + sections[i + 1].sh_size + 7) & ~(size_t)7;
    }
    header.e_shoff = at;
    header.e_shnum = (Elf64_Half)(count + 2);
    header.e_shstrndx = (Elf64_Half)(count + 1);
    memcpy(program->file, &header, sizeof header);
    memcpy(program->file + at, sections, header.e_shnum * sizeof *sections);
    ck_assert_uint_le(at + header.e_shnum * sizeof *sections, sizeof program->file);
}

static struct go_symbols *open_program(struct program *program, enum release release) {
    *program = (struct program){.file = {0}};
    bool first = release == GO_118;
    fixture_build(&program->table, first ? GO_TABLE_118 : GO_TABLE_120, TEXT, release < GO_126, names);
    add_lists(program, first);
    fill_module(program, release);
    const struct content contents[] = {
        {".rodata", TREES, program->trees, sizeof program->trees},
        {".gopclntab", TABLE, program->table.bytes, program->table.size},
        {".data", MODULE, program->module, sizeof program->module},
    };
    write_elf(program, contents, sizeof contents / sizeof *contents);
    elf_version(EV_CURRENT);
    program->elf.elf = elf_memory((char *)program->file, sizeof program->file);
    ck_assert_ptr_nonnull(program->elf.elf);
    return go_symbols_open(&program->elf);
}

static void check_frame(const struct object_frame *frame, const char *function, const char *file,
                        uint32_t line) {
    ck_assert_str_eq(frame->function, function);
    ck_assert_str_eq(frame->file, file);
    ck_assert_uint_eq(frame->line, line);
}

START_TEST(inlined_calls_are_told_in_every_release) {
    static struct program program;
    struct go_symbols *symbols = open_program(&program, (enum release)_i);
    ck_assert_ptr_nonnull(symbols);
    struct arena *arena = arena_new();
    static struct object_frame frames[MOST_INLINED + 1];
    ck_assert_uint_eq(go_symbols_resolve(symbols, TEXT + 20, arena, frames), 3);
    check_frame(&frames[0], "main.inner", "b.go", 30);
    check_frame(&frames[1], "main.middle", "a.go", 20);
    check_frame(&frames[2], "main.main", "a.go", 10);
    ck_assert_uint_eq(go_symbols_resolve(symbols, TEXT + 40, arena, frames), 2);
    check_frame(&frames[0], "main.middle", "a.go", 20);
    check_frame(&frames[1], "main.main", "a.go", 10);
    ck_assert_uint_eq(go_symbols_resolve(symbols, TEXT + 50, arena, frames), 1);
    check_frame(&frames[0], "main.main", "a.go", 11);
    ck_assert_uint_eq(go_symbols_resolve(symbols, TEXT - 1, arena, frames), 0);
    arena_free(arena);
    go_symbols_close(symbols);
    elf_end(program.elf.elf);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, inlined_calls_are_told_in_every_release, 0, RELEASES);
}
SEEP_TEST_MAIN("go symbols")
