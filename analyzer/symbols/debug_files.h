// Where the debug information of an object lies when it is not in the object: found by build-id, debuglink,
// or dwz's alternate link, in the places that distributions and gdb use.
#pragma once

#include "analyzer/symbols/elf_file.h"

#include <elfutils/libdw.h>
#include <stdbool.h>

struct debug_search {
    const char *root;           // "/usr/lib/debug"
    struct debuginfod *servers; // NULL: the network is not to be touched
};

// The separate debug file of the object at path, whose file is open as object. 0, or -ENOENT. Only a file
// with the object's build-id is taken, or, if the object has none, with the checksum that its debuglink
// names.
int debug_files_find(const struct debug_search *search, const char *path, const struct elf_file *object,
                     struct elf_file *out);

// The file that dwz moved shared entries of dwarf to, dwarf having been read from the file at path. 0;
// -ENOENT if the file with the right build-id is not found; -ENODATA if dwarf refers to none. *name: what the
// link says; NULL: unknown.
int debug_files_find_alternate(const struct debug_search *search, const char *path, Dwarf *dwarf,
                               struct elf_file *out, const char **name);
