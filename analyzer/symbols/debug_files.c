// Finds separate debug files. Called by module_file.c.
// A candidate is believed only when its build-id or checksum matches: a stale file gives wrong lines, which
// is worse than none.
#include "analyzer/symbols/debug_files.h"

#include "analyzer/symbols/debuginfod.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { LONGEST_BUILD_ID = 64 };

// What makes a candidate the right one.
struct identity {
    const uint8_t *build_id;
    size_t build_id_bytes; // 0: the object has none, the checksum decides
    uint32_t checksum;     // CRC-32 of the whole file
};

static bool has_checksum(const struct elf_file *file, uint32_t wanted) {
    unsigned char buffer[1 << 16];
    uLong sum = crc32(0, NULL, 0);
    for (off_t at = 0;;) {
        ssize_t got = pread(file->fd, buffer, sizeof buffer, at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if (got == 0)
            return sum == wanted;
        sum = crc32(sum, buffer, (uInt)got);
        at += got;
    }
}

static int open_if_same(const char *path, const struct identity *identity, struct elf_file *out) {
    struct elf_file file;
    int error = elf_file_open(path, &file);
    if (error)
        return error;
    bool same = identity->build_id_bytes
                    ? elf_file_has_build_id(&file, identity->build_id, identity->build_id_bytes)
                    : has_checksum(&file, identity->checksum);
    if (!same) {
        elf_file_close(&file);
        return -ENOENT;
    }
    *out = file;
    return 0;
}

__attribute__((format(printf, 3, 4))) static int try_path(const struct identity *identity,
                                                          struct elf_file *out, const char *format, ...) {
    char path[PATH_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(path, sizeof path, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof path)
        return -ENAMETOOLONG;
    return open_if_same(path, identity, out);
}

static int find_by_build_id(const struct debug_search *search, const struct identity *identity,
                            struct elf_file *out) {
    if (identity->build_id_bytes < 2 || identity->build_id_bytes > LONGEST_BUILD_ID)
        return -ENOENT;
    char hex[2 * LONGEST_BUILD_ID + 1];
    for (size_t i = 0; i < identity->build_id_bytes; i++)
        snprintf(hex + 2 * i, 3, "%02x", identity->build_id[i]);
    return try_path(identity, out, "%s/.build-id/%.2s/%s.debug", search->root, hex, hex + 2);
}

// The length of the folder's name in path, without the closing slash.
static int folder_length(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? (int)(slash - path) : 0;
}

static int find_beside(const struct debug_search *search, const char *path, const char *name,
                       const struct identity *identity, struct elf_file *out) {
    int folder = folder_length(path);
    int error = try_path(identity, out, "%.*s/%s", folder, path, name);
    if (error)
        error = try_path(identity, out, "%.*s/.debug/%s", folder, path, name);
    if (error)
        error = try_path(identity, out, "%s%.*s/%s", search->root, folder, path, name);
    return error;
}

static int find_by_debuglink(const struct debug_search *search, const char *path, const char *name,
                             const struct identity *identity, struct elf_file *out) {
    if (strchr(name, '/')) // a file name by definition; anything else is not to lead us elsewhere
        return -ENOENT;
    int error = find_beside(search, path, name, identity, out);
    if (!error)
        return 0;
    char *real = realpath(path, NULL); // /lib may be a link to /usr/lib, where the debug package has it
    if (real)
        error = find_beside(search, real, name, identity, out);
    free(real);
    return error ? -ENOENT : 0;
}

int debug_files_find(const struct debug_search *search, const char *path, const struct elf_file *object,
                     struct elf_file *out) {
    struct identity identity = {0};
    identity.build_id_bytes = elf_file_build_id(object, &identity.build_id);
    if (find_by_build_id(search, &identity, out) == 0)
        return 0;
    GElf_Word checksum;
    const char *name = dwelf_elf_gnu_debuglink(object->elf, &checksum);
    if (name && *name) {
        identity.checksum = checksum;
        if (find_by_debuglink(search, path, name, &identity, out) == 0)
            return 0;
    }
    if (search->servers && identity.build_id_bytes)
        return debuginfod_find(search->servers, identity.build_id, identity.build_id_bytes, out);
    return -ENOENT;
}

int debug_files_find_alternate(const struct debug_search *search, const char *path, Dwarf *dwarf,
                               struct elf_file *out, const char **name) {
    const void *build_id;
    ssize_t bytes = dwelf_dwarf_gnu_debugaltlink(dwarf, name, &build_id);
    if (bytes <= 0)
        return -ENODATA;
    struct identity identity = {.build_id = build_id, .build_id_bytes = (size_t)bytes};
    if (find_by_build_id(search, &identity, out) == 0)
        return 0;
    int error = **name == '/' ? try_path(&identity, out, "%s", *name)
                              : try_path(&identity, out, "%.*s/%s", folder_length(path), path, *name);
    if (error && search->servers)
        error = debuginfod_find(search->servers, identity.build_id, identity.build_id_bytes, out);
    return error ? -ENOENT : 0;
}
