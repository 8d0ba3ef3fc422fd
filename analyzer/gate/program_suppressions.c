// See program_suppressions.h. Called by gate.c after a run. The file may be anything: libelf checks its
// bounds, and the code is only compared with a few known beginnings.
#include "analyzer/gate/program_suppressions.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CODE_BYTES = 24, MOST_BYTES = 1 << 20 };

static const char symbol_name[] = "__lsan_default_suppressions";

static bool find_symbol(Elf *elf, uint64_t *address) {
    Elf_Scn *section = NULL;
    GElf_Shdr header;
    while ((section = elf_nextscn(elf, section))) {
        if (!gelf_getshdr(section, &header) || (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM))
            continue;
        Elf_Data *data = elf_getdata(section, NULL);
        GElf_Sym symbol;
        for (int i = 0; data && gelf_getsym(data, i, &symbol); i++) {
            const char *name = elf_strptr(elf, header.sh_link, symbol.st_name);
            if (name && symbol.st_shndx != SHN_UNDEF && GELF_ST_TYPE(symbol.st_info) == STT_FUNC &&
                strcmp(name, symbol_name) == 0) {
                *address = symbol.st_value;
                return true;
            }
        }
    }
    return false;
}

// Up to most bytes of the file that are loaded at the address.
static const char *bytes_at(Elf *elf, uint64_t address, size_t most, size_t *bytes) {
    size_t count;
    GElf_Phdr header;
    if (elf_getphdrnum(elf, &count) != 0)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (!gelf_getphdr(elf, (int)i, &header) || header.p_type != PT_LOAD || address < header.p_vaddr ||
            address - header.p_vaddr >= header.p_filesz)
            continue;
        uint64_t into = address - header.p_vaddr, left = header.p_filesz - into;
        *bytes = left < most ? (size_t)left : most;
        Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)(header.p_offset + into), *bytes, ELF_T_BYTE);
        return data ? data->d_buf : NULL;
    }
    return NULL;
}

static bool skip(const uint8_t **at, const uint8_t *end, const void *code, size_t bytes) {
    if ((size_t)(end - *at) < bytes || memcmp(*at, code, bytes) != 0)
        return false;
    *at += bytes;
    return true;
}

static int32_t signed_at(const uint8_t *at) {
    int32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

// x86-64: [endbr64] [push rbp; mov rbp, rsp], then rax becomes a constant address, [pop rbp], ret.
static bool returned_constant(const uint8_t *code, size_t bytes, uint64_t address, uint64_t *constant) {
    const uint8_t *at = code, *end = code + bytes;
    skip(&at, end, "\xf3\x0f\x1e\xfa", 4);
    bool frame = skip(&at, end, "\x55\x48\x89\xe5", 4);
    if (end - at < 8)
        return false;
    if (skip(&at, end, "\x48\x8d\x05", 3)) { // lea rax, [rip + offset]
        at += 4;
        *constant = address + (uint64_t)(at - code) + (uint64_t)(int64_t)signed_at(at - 4);
    } else if (skip(&at, end, "\xb8", 1)) { // mov eax, address
        at += 4;
        *constant = (uint32_t)signed_at(at - 4);
    } else if (skip(&at, end, "\x48\xc7\xc0", 3)) { // mov rax, address
        at += 4;
        *constant = (uint64_t)(int64_t)signed_at(at - 4);
    } else {
        return false;
    }
    return (!frame || skip(&at, end, "\x5d", 1)) && skip(&at, end, "\xc3", 1);
}

static int read_constant(Elf *elf, char **out) {
    GElf_Ehdr header;
    uint64_t address, constant;
    size_t bytes;
    if (!gelf_getehdr(elf, &header))
        return -ENOEXEC;
    if (!find_symbol(elf, &address))
        return -ENOENT;
    const char *code = header.e_machine == EM_X86_64 ? bytes_at(elf, address, CODE_BYTES, &bytes) : NULL;
    if (!code || !returned_constant((const uint8_t *)code, bytes, address, &constant))
        return -ENOTSUP;
    const char *text = bytes_at(elf, constant, MOST_BYTES, &bytes);
    const char *end = text ? memchr(text, '\0', bytes) : NULL;
    if (!end)
        return -ENOTSUP;
    *out = strdup(text);
    return *out ? 0 : -ENOMEM;
}

int program_suppressions(const char *path, char **out) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return -errno;
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    int rc = elf && elf_kind(elf) == ELF_K_ELF ? read_constant(elf, out) : -ENOEXEC;
    elf_end(elf);
    close(fd);
    return rc;
}
