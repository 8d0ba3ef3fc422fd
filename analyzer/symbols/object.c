// Puts a function's name, its inlined functions and their lines together. Called by symbols.c.
//
// Opening reads the symbol table and one entry per unit; everything else waits until an address needs it.
// Names come from the debug information (linkage name first, since it carries scope and parameters), else
// from the symbol table.
#include "analyzer/symbols/object.h"

#include "analyzer/must.h"
#include "analyzer/symbols/demangle.h"
#include "analyzer/symbols/dies.h"
#include "analyzer/symbols/go_symbols.h"
#include "analyzer/symbols/inlines.h"
#include "analyzer/symbols/lines.h"
#include "analyzer/symbols/mini_debuginfo.h"
#include "analyzer/symbols/qualified_name.h"
#include "analyzer/symbols/symbol_table.h"
#include "analyzer/symbols/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_CLAIMS = 8 }; // units that may claim one address before we stop asking

struct object {
    char *path;
    struct remarks *remarks;
    bool open; // the fields below are filled
    struct module_file file;
    struct range_map code;
    struct symbol_table symbols;
    struct mini_debuginfo *mini; // NULL: none, or not needed
    struct go_symbols *go;       // NULL: not Go's
    struct units units;
};

static void read_symbols(struct object *object) {
    symbol_table_add(&object->symbols, &object->file.object);
    if (object->file.debug.elf)
        symbol_table_add(&object->symbols, &object->file.debug);
    else if (!object->file.dwarf)
        object->mini = mini_debuginfo_add(object->path, &object->file.object, &object->symbols);
    symbol_table_seal(&object->symbols);
}

struct object *object_open(const struct symbol_module *module, const struct debug_search *search,
                           struct remarks *remarks) {
    struct object *object = must(calloc(1, sizeof *object));
    object->path = must(strdup(module->path));
    object->remarks = remarks;
    if (module_file_open(module, search, remarks, &object->file) != 0)
        return object;
    object->open = true;
    elf_file_code(&object->file.object, &object->code);
    range_map_seal(&object->code);
    read_symbols(object);
    object->go = go_symbols_open(&object->file.object);
    if (object->file.dwarf)
        units_open(object->file.dwarf, &object->code, &object->units);
    return object;
}

void object_close(struct object *object) {
    if (object->open) {
        units_close(&object->units);
        symbol_table_free(&object->symbols);
        mini_debuginfo_close(object->mini);
        go_symbols_close(object->go);
        range_map_free(&object->code);
        module_file_close(&object->file);
    }
    free(object->path);
    free(object);
}

// Without a name the frame stays without one.
static void name_frame(struct object_frame *out, const char *name, struct arena *arena) {
    out->function = name ? demangle(arena, name) : NULL;
    out->linkage = name && strcmp(name, out->function) != 0 ? arena_strdup(arena, name) : NULL;
}

static void name_by_symbol(struct object_frame *out, const struct object *object, uint64_t address,
                           struct arena *arena) {
    const struct symbol *symbol = symbol_table_find(&object->symbols, address);
    name_frame(out, symbol ? arena_strndup(arena, symbol->name, symbol->name_bytes) : NULL, arena);
}

static void name_inlined(struct object_frame *out, struct object *object, Dwarf_Die *die,
                         struct arena *arena) {
    const char *name = die_linkage_name(die);
    name_frame(out, name ? name : qualified_name(&object->units, die, arena), arena);
}

// A function without a linkage name is either C's, whose plain name is the whole truth, or the compiler left
// the linkage name out (clones, short debug information); then a mangled symbol that covers the address says
// most. What follows a dot names the compiler's clone, not the function.
static void name_function(struct object_frame *out, struct object *object, Dwarf_Die *die, uint64_t address,
                          struct arena *arena) {
    const char *name = die_linkage_name(die);
    if (name) {
        name_frame(out, name, arena);
        return;
    }
    const struct symbol *symbol = symbol_table_find(&object->symbols, address);
    if (symbol && (strncmp(symbol->name, "_Z", 2) == 0 || strncmp(symbol->name, "_R", 2) == 0)) {
        const char *dot = memchr(symbol->name, '.', symbol->name_bytes);
        size_t bytes = dot ? (size_t)(dot - symbol->name) : symbol->name_bytes;
        name_frame(out, arena_strndup(arena, symbol->name, bytes), arena);
        return;
    }
    name = qualified_name(&object->units, die, arena);
    if (name)
        out->function = arena_strdup(arena, name);
    else
        name_by_symbol(out, object, address, arena);
}

static void remark_split(const struct object *object) {
    char package[4096];
    snprintf(package, sizeof package, "%s.dwp", object->path);
    if (access(package, R_OK) == 0)
        remarks_add(object->remarks,
                    "%s: its debug information is in %s, a package that this libdw cannot read; inlined "
                    "functions are missing",
                    object->path, package);
    else
        remarks_add(object->remarks,
                    "%s: some of its split debug files (.dwo) were not found; inlined functions are missing",
                    object->path);
}

static size_t function_frames(struct object *object, struct unit *unit, Dwarf_Die *function, uint64_t address,
                              struct arena *arena, struct object_frame *out) {
    Dwarf_Die inlined[MOST_INLINED];
    size_t count = inlines_find(function, address, inlined, MOST_INLINED);
    struct position at = {0};
    lines_find(&unit->lines, address, &at);
    for (size_t i = 0; i <= count; i++) {
        out[i] = (struct object_frame){.file = arena_strdup(arena, at.file), .line = at.line};
        if (i == count)
            break;
        Dwarf_Die *die = &inlined[count - 1 - i]; // innermost first
        name_inlined(&out[i], object, die, arena);
        at = lines_call_site(die);
    }
    name_function(&out[count], object, function, address, arena);
    return count + 1;
}

// Of Go code its own table says what Go's traces say, before debug information: that has other names for
// generic functions, and in files that cgo wrote anew other lines for calls that were inlined. C that Go
// linked in has names there and no lines.
static size_t resolve_in_go(struct object *object, uint64_t address, struct arena *arena,
                            struct object_frame *out) {
    if (!object->go || !go_symbols_have_inlined(object->go))
        return 0;
    size_t count = go_symbols_resolve(object->go, address, arena, out);
    return count && out[count - 1].line ? count : 0;
}

size_t object_resolve(struct object *object, uint64_t address, struct arena *arena,
                      struct object_frame *out) {
    out[0] = (struct object_frame){0};
    if (!object->open)
        return 1;
    size_t in_go = resolve_in_go(object, address, arena, out);
    if (in_go)
        return in_go;
    struct unit *claims[MOST_CLAIMS];
    size_t count = object->file.dwarf ? units_find(&object->units, address, claims, MOST_CLAIMS) : 0;
    for (size_t i = 0; i < count; i++) {
        if (claims[i]->split_missing)
            remark_split(object);
        Dwarf_Die function;
        if (unit_find_function(claims[i], address, &function))
            return function_frames(object, claims[i], &function, address, arena, out);
    }
    in_go = object->go ? go_symbols_resolve(object->go, address, arena, out) : 0;
    if (in_go)
        return in_go;
    name_by_symbol(&out[0], object, address, arena);
    for (size_t i = 0; i < count; i++) {
        struct position at;
        if (lines_find(&claims[i]->lines, address, &at)) {
            out[0].file = arena_strdup(arena, at.file);
            out[0].line = at.line;
            break;
        }
    }
    return 1;
}
