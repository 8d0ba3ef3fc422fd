// One module's file with all its indices: what turns an address within it into frames.
#pragma once

#include "analyzer/arena.h"
#include "analyzer/symbols/module_file.h"
#include "analyzer/symbols/remarks.h"

// Functions that can be seen inlined into one another at one address; what is nested deeper is left out.
enum { MOST_INLINED = 128 };

// A frame within an object; the module is its asker's to fill in.
struct object_frame {
    const char *function; // demangled; NULL: not known
    const char *linkage;  // as the linker knows it; NULL: not known, or the same
    const char *file;     // NULL: not known
    uint32_t line;        // 0: not known
};

struct object;

// Never NULL: an object that cannot be opened (the remarks say why) answers every question with one empty
// frame.
struct object *object_open(const struct symbol_module *module, const struct debug_search *search,
                           struct remarks *remarks);
void object_close(struct object *object);

// The frames at an ELF virtual address, innermost first: all but the last are inlined. out has room for
// MOST_INLINED + 1. Returns how many, at least 1. The strings belong to arena. Remarks go where object_open()
// was told.
size_t object_resolve(struct object *object, uint64_t address, struct arena *arena, struct object_frame *out);
