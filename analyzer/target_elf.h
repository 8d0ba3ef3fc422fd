// What an ELF file says about how it will be started: the facts that decide whether a library can be
// preloaded into it. Reads the file with bounds checks and believes nothing it says; used by target.c before
// it starts, and by trace.c.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// What is read of the file. The fields below native are meaningful only when native is true.
struct elf_facts {
    bool elf;              // starts with ELF's magic
    bool native;           // class, byte order and machine are this build's own
    const char *damage;    // NULL, or a few words on why the kernel would not start it
    uint8_t class_;        // ELFCLASS32 or ELFCLASS64, or whatever stands there
    bool big_endian;       //
    uint16_t machine;      // EM_...
    uint16_t type;         // ET_EXEC, ET_DYN, ET_REL, ...
    bool pie;              // DF_1_PIE: an ET_DYN that is a program, not a library
    bool dynamic;          // has a dynamic section
    bool go;               // built by the Go toolchain
    bool wants_asan;       // needs AddressSanitizer's shared runtime, which insists on being loaded first
    char interpreter[256]; // PT_INTERP; empty: none
    char soname[64];       // DT_SONAME, cut to fit; empty: none
};

// Fills *out from the file. A file that is no ELF file at all gives elf == false.
// 0, or -errno when reading failed.
int elf_facts_read(int fd, struct elf_facts *out);

// "x86-64", "i386", "AArch64", ...; "machine N" for the rest, written into buffer.
const char *elf_machine_name(uint16_t machine, char *buffer, unsigned bytes);

// Does a loader of at least glibc 2.35 live in this file? 1 yes, 0 a glibc that is older, -ENOEXEC not a
// glibc loader.
int elf_glibc_loader(int fd);
