// One ELF file, opened for reading: a path on disk or this process's own vDSO.
#pragma once

#include "analyzer/symbols/range_map.h"

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_file {
    Elf *elf;
    int fd;      // -1: closed already (elf_file_close_fd) or never there (the vDSO)
    void *image; // the vDSO's copy; NULL for a file
};

// Only regular files are opened, and only programs, shared objects and files with their debug information.
// 0, or -errno: -ENOEXEC if it is no such ELF file. *out is untouched on failure.
int elf_file_open(const char *path, struct elf_file *out);

// The same for a descriptor that is open already; takes it over, also on failure.
int elf_file_from_fd(int fd, struct elf_file *out);

// The vDSO that the kernel gave to this process: the same image as every other process of this boot and ABI
// has.
int elf_file_open_vdso(struct elf_file *out);

// Reads in what is not mapped and closes the descriptor: a session may see more objects than descriptors are
// allowed. libdw learns the folder of a file through its descriptor, so call this only after
// dwarf_begin_elf().
void elf_file_close_fd(struct elf_file *file);
void elf_file_close(struct elf_file *file);

// The GNU build-id, valid as long as the file is open; 0 if there is none.
size_t elf_file_build_id(const struct elf_file *file, const uint8_t **out);

// true if both have a build-id of these bytes.
bool elf_file_has_build_id(const struct elf_file *file, const uint8_t *build_id, size_t build_id_bytes);

// Adds where the file's instructions lie: its executable sections, or segments if it has no sections. Not
// sealed.
void elf_file_code(const struct elf_file *file, struct range_map *out);

// Takes the debug sections that names and lines are not made of out of sight: libdw unpacks every one that it
// knows when it begins, and where variables lie is a good part of all. To be called before dwarf_begin_elf().
void elf_file_hide_unneeded(const struct elf_file *file);

// true if a section of the file is compressed by a method that libelf does not know.
bool elf_file_has_unknown_compression(const struct elf_file *file);
