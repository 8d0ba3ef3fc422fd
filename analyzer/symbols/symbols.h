// Names for addresses, as a debugger shows them: function, file and line, inlined frames, demangled.
// Offline: works from the modules that a target had loaded and from files, never from the target's memory, so
// that it serves killed processes and libraries that were unloaded long ago.
//
// Source of the method: DWARF 5 sections 2.17, 3.3.8, 6.2; elfutils' libdw for reading them. Separate debug
// files are found as gdb finds them: build-id, debuglink, dwz's alternate file.
#pragma once

#include "analyzer/arena.h"
#include "analyzer/report/report.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// One object as it was loaded: enough to find it again and to tell whether the file on disk is still the
// same.
struct symbol_module {
    const char *path;        // as the loader had it, absolute; "[vdso]" for the vDSO; never NULL
    uint64_t load_bias;      // run-time address minus ELF virtual address
    const uint8_t *build_id; // NULL: none
    size_t build_id_bytes;
};

struct symbols; // open files and their indices, by module

struct symbols_options {
    bool debuginfod; // let libdw ask the servers in DEBUGINFOD_URLS; without it the network is never touched
};

struct symbols *symbols_new(const struct symbols_options *options);
void symbols_free(struct symbols *symbols);

// Resolves one code address of a stack. module is the object it lies in, NULL if in none. address is the one
// to look up: the call's own (return address minus one), or exact for an interrupted frame. arena owns the
// result's strings (they may be shared between results). out receives 1 to out_max frames, innermost first:
// the inlined functions, then the function that holds the code.
//
// Returns the number of frames written, at least 1. A missing or changed file, or one without symbols, gives
// one frame with module and offset only. If the file on disk has another build-id than the module had, its
// symbols are not used.
size_t symbols_resolve(struct symbols *symbols, const struct symbol_module *module, uint64_t address,
                       struct arena *arena, struct report_frame *out, size_t out_max);

// Looks up what symbols_resolve() is going to be asked for, so that it finds it known. May be called by
// another thread, as long as no two use symbols at once.
void symbols_prepare(struct symbols *symbols, const struct symbol_module *module, uint64_t address);

// Human-readable remarks gathered while resolving ("/usr/bin/x: debug sections compressed with zstd, which
// this libdw cannot read"), each once; the array and strings live as long as symbols.
size_t symbols_remarks(const struct symbols *symbols, const char *const **out);
