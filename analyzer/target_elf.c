// Reads the parts of an ELF file that decide whether it can be preloaded: header, program headers, dynamic
// section, and section headers where there are any. Must not trust an offset, a count or a string of the
// file: each goes through read_exactly(), which fails beyond the end, or through a bounded copy. Called by
// target.c.
#include "analyzer/target_elf.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { own_machine = EM_X86_64 };
#elif defined(__aarch64__)
enum { own_machine = EM_AARCH64 };
#else
#error "name this machine's EM_ constant here"
#endif

enum {
    max_program_headers = 512,  // far more than any linker writes; bounds the work on hostile files
    max_section_headers = 8192, //
    max_dynamic = 4096,         //
    note_gnu_go_build_id = 4,   // type of the note named "Go" that its linker writes
    max_loader_bytes = 16 << 20 // a loader is some 200 KiB
};

static int read_exactly(int fd, uint64_t offset, void *out, size_t bytes) {
    if (offset > INT64_MAX - bytes)
        return -EBADMSG;
    size_t done = 0;
    while (done < bytes) {
        ssize_t got = pread(fd, (char *)out + done, bytes - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            return -EBADMSG;
        done += (size_t)got;
    }
    return 0;
}

// Copies the string at offset, at most bytes - 1 of it and not past limit. Empty if it can't be read.
static void read_string(int fd, uint64_t offset, uint64_t limit, char *out, size_t bytes) {
    out[0] = '\0';
    if (offset >= limit || offset > INT64_MAX - bytes)
        return;
    size_t wanted = limit - offset < bytes - 1 ? (size_t)(limit - offset) : bytes - 1;
    ssize_t got = pread(fd, out, wanted, (off_t)offset);
    out[got > 0 ? got : 0] = '\0';
}

// What the later steps share: the file, its headers, and where the dynamic section keeps its strings.
struct image {
    int fd;
    Elf64_Ehdr header;
    Elf64_Phdr *segments;
    size_t segment_count;
};

static const Elf64_Phdr *find_segment(const struct image *image, uint32_t type) {
    for (size_t i = 0; i < image->segment_count; i++)
        if (image->segments[i].p_type == type)
            return &image->segments[i];
    return NULL;
}

// The file offset of a virtual address, by the segment that loads it. UINT64_MAX: no segment does.
static uint64_t offset_of(const struct image *image, uint64_t address, uint64_t *limit) {
    for (size_t i = 0; i < image->segment_count; i++) {
        const Elf64_Phdr *segment = &image->segments[i];
        if (segment->p_type != PT_LOAD || address < segment->p_vaddr ||
            address - segment->p_vaddr >= segment->p_filesz)
            continue;
        *limit = segment->p_offset + segment->p_filesz;
        return segment->p_offset + (address - segment->p_vaddr);
    }
    return UINT64_MAX;
}

// The kernel's own conditions on program headers; a file that breaks them is refused by execve.
static const char *read_segments(struct image *image) {
    const Elf64_Ehdr *header = &image->header;
    if (header->e_phnum == 0)
        return "it has no program headers";
    if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum > max_program_headers)
        return "its program headers are malformed";
    image->segments = calloc(header->e_phnum, sizeof(Elf64_Phdr));
    if (image->segments == NULL)
        return "its program headers do not fit in memory";
    if (read_exactly(image->fd, header->e_phoff, image->segments, header->e_phnum * sizeof(Elf64_Phdr)) != 0)
        return "its program headers lie beyond its end";
    image->segment_count = header->e_phnum;
    return NULL;
}

static const char *read_interpreter(const struct image *image, struct elf_facts *out) {
    const Elf64_Phdr *segment = find_segment(image, PT_INTERP);
    if (segment == NULL)
        return NULL;
    if (segment->p_filesz < 2 || segment->p_filesz > sizeof(out->interpreter))
        return "the name of its loader (PT_INTERP) has an impossible length";
    if (read_exactly(image->fd, segment->p_offset, out->interpreter, segment->p_filesz) != 0)
        out->interpreter[0] = '\0';
    if (out->interpreter[0] == '\0' || out->interpreter[segment->p_filesz - 1] != '\0') {
        out->interpreter[0] = '\0';
        return "the name of its loader (PT_INTERP) is unreadable";
    }
    return NULL;
}

static void read_dynamic(const struct image *image, struct elf_facts *out) {
    const Elf64_Phdr *segment = find_segment(image, PT_DYNAMIC);
    if (segment == NULL)
        return;
    out->dynamic = true;
    uint64_t soname = UINT64_MAX, strings_address = 0, needed[256];
    size_t needed_count = 0;
    for (size_t i = 0; i < max_dynamic && i < segment->p_filesz / sizeof(Elf64_Dyn); i++) {
        Elf64_Dyn entry;
        if (read_exactly(image->fd, segment->p_offset + i * sizeof entry, &entry, sizeof entry) != 0 ||
            entry.d_tag == DT_NULL)
            break;
        if (entry.d_tag == DT_FLAGS_1)
            out->pie = (entry.d_un.d_val & DF_1_PIE) != 0;
        else if (entry.d_tag == DT_STRTAB)
            strings_address = entry.d_un.d_ptr;
        else if (entry.d_tag == DT_SONAME)
            soname = entry.d_un.d_val;
        else if (entry.d_tag == DT_NEEDED && needed_count < sizeof needed / sizeof *needed)
            needed[needed_count++] = entry.d_un.d_val;
    }
    uint64_t limit = 0, strings = offset_of(image, strings_address, &limit);
    if (strings == UINT64_MAX)
        return;
    if (soname < limit - strings)
        read_string(image->fd, strings + soname, limit, out->soname, sizeof out->soname);
    for (size_t i = 0; i < needed_count; i++) {
        char name[64] = "";
        if (needed[i] < limit - strings)
            read_string(image->fd, strings + needed[i], limit, name, sizeof name);
        if (strncmp(name, "libasan.so", 10) == 0 || strncmp(name, "libclang_rt.asan", 16) == 0)
            out->wants_asan = true;
    }
}

// Go's linker leaves a note of its own in every program; stripping keeps it.
static bool has_go_note(const struct image *image) {
    for (size_t i = 0; i < image->segment_count; i++) {
        const Elf64_Phdr *segment = &image->segments[i];
        struct {
            Elf64_Nhdr header;
            char name[4];
        } note;
        if (segment->p_type == PT_NOTE && segment->p_filesz >= sizeof note &&
            read_exactly(image->fd, segment->p_offset, &note, sizeof note) == 0 &&
            note.header.n_namesz == 4 && note.header.n_type == note_gnu_go_build_id &&
            memcmp(note.name, "Go", 3) == 0)
            return true;
    }
    return false;
}

// Go's sections, for a program whose linker put another note first.
static void read_section_names(const struct image *image, struct elf_facts *out) {
    const Elf64_Ehdr *header = &image->header;
    size_t count = header->e_shnum;
    if (header->e_shentsize != sizeof(Elf64_Shdr) || count == 0 || count > max_section_headers)
        return;
    Elf64_Shdr *sections = calloc(count, sizeof *sections);
    if (sections == NULL ||
        read_exactly(image->fd, header->e_shoff, sections, count * sizeof *sections) != 0) {
        free(sections);
        return;
    }
    const Elf64_Shdr *names = header->e_shstrndx < count ? &sections[header->e_shstrndx] : NULL;
    if (names != NULL && names->sh_offset < INT64_MAX / 2 && names->sh_size < INT64_MAX / 2)
        for (size_t i = 0; i < count; i++) {
            char name[32];
            read_string(image->fd, names->sh_offset + sections[i].sh_name, names->sh_offset + names->sh_size,
                        name, sizeof name);
            if (strcmp(name, ".go.buildinfo") == 0 || strcmp(name, ".note.go.buildid") == 0)
                out->go = true;
        }
    free(sections);
}

// Class, byte order, machine and type stand at the same place in both classes.
static void read_identity(const unsigned char *start, struct elf_facts *out) {
    out->class_ = start[EI_CLASS];
    out->big_endian = start[EI_DATA] == ELFDATA2MSB;
    unsigned low = out->big_endian ? 1 : 0, high = 1 - low;
    out->type = (uint16_t)(start[EI_NIDENT + low] | start[EI_NIDENT + high] << 8);
    out->machine = (uint16_t)(start[EI_NIDENT + 2 + low] | start[EI_NIDENT + 2 + high] << 8);
    out->native = out->class_ == ELFCLASS64 && start[EI_DATA] == ELFDATA2LSB && out->machine == own_machine;
}

int elf_facts_read(int fd, struct elf_facts *out) {
    struct elf_facts facts = {0};
    struct image image = {.fd = fd};
    unsigned char start[EI_NIDENT + 4] = {0};
    int status = read_exactly(fd, 0, start, sizeof start);
    if (status != 0 && status != -EBADMSG)
        return status;
    facts.elf = memcmp(start, ELFMAG, SELFMAG) == 0;
    if (!facts.elf)
        goto done;
    if (status != 0) {
        facts.damage = "it ends within its header";
        goto done;
    }
    read_identity(start, &facts);
    if (!facts.native)
        goto done;
    if (read_exactly(fd, 0, &image.header, sizeof image.header) != 0) {
        facts.damage = "it ends within its header";
        goto done;
    }
    if (facts.type != ET_EXEC && facts.type != ET_DYN)
        goto done;
    facts.damage = read_segments(&image);
    if (facts.damage == NULL)
        facts.damage = read_interpreter(&image, &facts);
    if (facts.damage != NULL)
        goto done;
    read_dynamic(&image, &facts);
    facts.go = has_go_note(&image);
    read_section_names(&image, &facts);
done:
    free(image.segments);
    *out = facts;
    return 0;
}

const char *elf_machine_name(uint16_t machine, char *buffer, unsigned bytes) {
    static const struct {
        uint16_t machine;
        const char *name;
    } names[] = {{EM_X86_64, "x86-64"}, {EM_386, "i386"},    {EM_AARCH64, "AArch64"}, {EM_ARM, "ARM"},
                 {EM_RISCV, "RISC-V"},  {EM_PPC64, "ppc64"}, {EM_S390, "s390"},       {EM_MIPS, "MIPS"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].machine == machine)
            return names[i].name;
    snprintf(buffer, bytes, "machine %u", machine);
    return buffer;
}

int elf_glibc_loader(int fd) {
    struct stat status;
    if (fstat(fd, &status) != 0)
        return -errno;
    if (status.st_size <= 0 || status.st_size > max_loader_bytes)
        return -ENOEXEC;
    size_t bytes = (size_t)status.st_size;
    char *content = malloc(bytes);
    if (content == NULL)
        return -ENOMEM;
    int answer = read_exactly(fd, 0, content, bytes);
    if (answer == 0) {
        // The loader names the symbol versions it defines; _dl_find_object came with this one.
        if (memmem(content, bytes, "GLIBC_PRIVATE", sizeof "GLIBC_PRIVATE") == NULL)
            answer = -ENOEXEC;
        else
            answer = memmem(content, bytes, "GLIBC_2.35", sizeof "GLIBC_2.35") != NULL;
    }
    free(content);
    return answer;
}
