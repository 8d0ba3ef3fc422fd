// Opens ELF files and answers simple questions about them. Called by module_file.c and debug_files.c.
// What it reads may be corrupt or hostile: every size is libelf's to check, and nothing here trusts a second
// reading.
#include "analyzer/symbols/elf_file.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef ELFCOMPRESS_ZLIB
#define ELFCOMPRESS_ZLIB 1
#endif

// A debug file has the type of its object, and dwz's shared files call themselves relocatable; a core file is
// of no use.
static bool may_hold_symbols(Elf *elf) {
    GElf_Ehdr header;
    return elf_kind(elf) == ELF_K_ELF && gelf_getehdr(elf, &header) &&
           (header.e_type == ET_EXEC || header.e_type == ET_DYN || header.e_type == ET_REL);
}

int elf_file_from_fd(int fd, struct elf_file *out) {
    elf_version(EV_CURRENT);
    struct stat status;
    int error = -ENOEXEC;
    Elf *elf = NULL;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        goto fail;
    elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    if (!elf || !may_hold_symbols(elf))
        goto fail;
    *out = (struct elf_file){.elf = elf, .fd = fd};
    return 0;
fail:
    elf_end(elf);
    close(fd);
    return error;
}

int elf_file_open(const char *path, struct elf_file *out) {
    // A path that names a FIFO or a device must not make us wait.
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return -errno;
    return elf_file_from_fd(fd, out);
}

// The kernel says where the vDSO begins; how long it is follows from its own headers.
static size_t vdso_bytes(const unsigned char *image) {
    const ElfW(Ehdr) *header = (const void *)image;
    size_t bytes = header->e_shoff + (size_t)header->e_shnum * header->e_shentsize;
    const ElfW(Phdr) *segment = (const void *)(image + header->e_phoff);
    for (size_t i = 0; i < header->e_phnum; i++)
        if (segment[i].p_type == PT_LOAD && segment[i].p_offset + segment[i].p_filesz > bytes)
            bytes = segment[i].p_offset + segment[i].p_filesz;
    return bytes;
}

int elf_file_open_vdso(struct elf_file *out) {
    const unsigned char *image = (const void *)getauxval(AT_SYSINFO_EHDR);
    if (!image)
        return -ENOENT;
    elf_version(EV_CURRENT);
    size_t bytes = vdso_bytes(image);
    char *copy = malloc(bytes); // libelf wants memory it could write to
    if (!copy)
        return -ENOMEM;
    memcpy(copy, image, bytes);
    Elf *elf = elf_memory(copy, bytes);
    if (!elf || !may_hold_symbols(elf)) {
        elf_end(elf);
        free(copy);
        return -ENOEXEC;
    }
    *out = (struct elf_file){.elf = elf, .fd = -1, .image = copy};
    return 0;
}

void elf_file_close_fd(struct elf_file *file) {
    if (file->fd < 0 || elf_cntl(file->elf, ELF_C_FDREAD) != 0)
        return;
    close(file->fd);
    file->fd = -1;
}

void elf_file_close(struct elf_file *file) {
    elf_end(file->elf);
    if (file->fd >= 0)
        close(file->fd);
    free(file->image);
    *file = (struct elf_file){.fd = -1};
}

size_t elf_file_build_id(const struct elf_file *file, const uint8_t **out) {
    const void *id;
    ssize_t bytes = dwelf_elf_gnu_build_id(file->elf, &id);
    if (bytes <= 0)
        return 0;
    *out = id;
    return (size_t)bytes;
}

bool elf_file_has_build_id(const struct elf_file *file, const uint8_t *build_id, size_t build_id_bytes) {
    const uint8_t *own;
    size_t own_bytes = elf_file_build_id(file, &own);
    return own_bytes > 0 && own_bytes == build_id_bytes && memcmp(own, build_id, own_bytes) == 0;
}

static void code_segments(Elf *elf, struct range_map *out) {
    size_t count;
    if (elf_getphdrnum(elf, &count) != 0)
        return;
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr segment;
        if (gelf_getphdr(elf, (int)i, &segment) && segment.p_type == PT_LOAD && (segment.p_flags & PF_X))
            range_map_add(out, segment.p_vaddr, segment.p_vaddr + segment.p_memsz, (uint32_t)i);
    }
}

void elf_file_code(const struct elf_file *file, struct range_map *out) {
    size_t before = out->count;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(file->elf, section));) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) && (header.sh_flags & SHF_EXECINSTR) &&
            (header.sh_flags & SHF_ALLOC))
            range_map_add(out, header.sh_addr, header.sh_addr + header.sh_size,
                          (uint32_t)elf_ndxscn(section));
    }
    if (out->count == before)
        code_segments(file->elf, out);
}

bool elf_file_has_unknown_compression(const struct elf_file *file) {
    for (Elf_Scn *section = NULL; (section = elf_nextscn(file->elf, section));) {
        GElf_Shdr header;
        GElf_Chdr compression;
        if (gelf_getshdr(section, &header) && (header.sh_flags & SHF_COMPRESSED) &&
            header.sh_type != SHT_NOBITS && gelf_getchdr(section, &compression) &&
            compression.ch_type != ELFCOMPRESS_ZLIB)
            return true;
    }
    return false;
}

static bool is_unneeded(const char *name) {
    static const char *const unneeded[] = {"aranges", "frame", "loc",      "loclists",
                                           "macinfo", "macro", "pubnames", "pubtypes"};
    static const char *const prefixes[] = {".debug_", ".zdebug_"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t bytes = strlen(prefixes[i]);
        for (size_t k = 0; strncmp(name, prefixes[i], bytes) == 0 && k < sizeof unneeded / sizeof *unneeded;
             k++)
            if (strcmp(name + bytes, unneeded[k]) == 0)
                return true;
    }
    return false;
}

// libdw passes over sections that have no bytes in the file.
void elf_file_hide_unneeded(const struct elf_file *file) {
    size_t names;
    if (elf_getshdrstrndx(file->elf, &names) != 0)
        return;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(file->elf, section));) {
        GElf_Shdr header;
        const char *name;
        if (!gelf_getshdr(section, &header) || (header.sh_flags & SHF_ALLOC) ||
            !(name = elf_strptr(file->elf, names, header.sh_name)) || !is_unneeded(name))
            continue;
        header.sh_type = SHT_NOBITS;
        gelf_update_shdr(section, &header); // of our copy of the headers
    }
}
