// The files behind one loaded module: the object, its separate debug file and dwz's alternate file, verified
// and open.
#pragma once

#include "analyzer/symbols/debug_files.h"
#include "analyzer/symbols/elf_file.h"
#include "analyzer/symbols/remarks.h"
#include "analyzer/symbols/symbols.h"

#include <elfutils/libdw.h>

struct module_file {
    struct elf_file object;
    struct elf_file debug;     // .elf is NULL: none, the object's own debug information counts
    struct elf_file alternate; // .elf is NULL: none
    Dwarf *dwarf;              // of debug, or of object; NULL: no debug information that can be read
    Dwarf *alternate_dwarf;
};

// Opens what module->path names. 0; -ENOENT or another -errno if there is nothing to be had, and -ESTALE if
// the file is not the one that was loaded. What the user should know goes to remarks.
int module_file_open(const struct symbol_module *module, const struct debug_search *search,
                     struct remarks *remarks, struct module_file *out);
void module_file_close(struct module_file *file);
