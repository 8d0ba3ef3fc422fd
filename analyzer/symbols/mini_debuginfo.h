// The compressed symbol table (.gnu_debugdata) that Fedora's stripped objects carry for names of local
// functions.
#pragma once

#include "analyzer/symbols/symbol_table.h"

struct mini_debuginfo; // owns the names of the symbols that were added

// Adds the functions in .gnu_debugdata of the object at path, which is open as object, to the table. NULL if
// it has no such section or this libdw cannot unpack it. The result must outlive the table's use;
// mini_debuginfo_close() releases.
struct mini_debuginfo *mini_debuginfo_add(const char *path, const struct elf_file *object,
                                          struct symbol_table *table);
void mini_debuginfo_close(struct mini_debuginfo *mini);
