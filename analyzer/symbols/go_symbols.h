// Names, files and lines of Go functions from the table that every Go object carries (.gopclntab), stripped
// or not. It is what Go's own traces are made from.
#pragma once

#include "analyzer/arena.h"
#include "analyzer/symbols/elf_file.h"
#include "analyzer/symbols/object.h"

struct go_symbols;

// NULL if the file is not Go's, or its table is of an unknown version. The file must stay open as long.
struct go_symbols *go_symbols_open(const struct elf_file *file);
void go_symbols_close(struct go_symbols *symbols);

// Does the table know inlined calls? From Go 1.18 on it does.
bool go_symbols_have_inlined(const struct go_symbols *symbols);

// The frames at an ELF virtual address, as object_resolve gives them; 0 if the table does not know the
// address.
size_t go_symbols_resolve(const struct go_symbols *symbols, uint64_t address, struct arena *arena,
                          struct object_frame *out);
