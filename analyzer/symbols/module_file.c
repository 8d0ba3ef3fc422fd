// Opens the files of a module and sees that they belong together. Called by object.c.
// The file that is on disk now need not be the one that was loaded: an upgrade or a rebuild may have come
// between. The build-id tells; without one on the module's side the file is taken as it is.
#include "analyzer/symbols/module_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static int open_object(const struct symbol_module *module, struct remarks *remarks, struct elf_file *out) {
    if (strcmp(module->path, "[vdso]") == 0)
        return elf_file_open_vdso(out);
    if (module->path[0] != '/')
        return -ENOENT;
    int error = elf_file_open(module->path, out);
    if (!error)
        return 0;
    if (ends_with(module->path, " (deleted)"))
        remarks_add(remarks, "%s: its file is gone, so its frames have no names", module->path);
    else if (error == -ENOEXEC)
        remarks_add(remarks, "%s: not an object file that can be read, so its frames have no names",
                    module->path);
    else
        remarks_add(remarks, "%s: %s, so its frames have no names", module->path, strerror(-error));
    return error;
}

static int check_unchanged(const struct symbol_module *module, const struct elf_file *object,
                           struct remarks *remarks) {
    if (!module->build_id || module->build_id_bytes == 0 ||
        elf_file_has_build_id(object, module->build_id, module->build_id_bytes))
        return 0;
    remarks_add(remarks,
                "%s: the file has changed since the program loaded it (another build-id), so its frames have "
                "no names",
                module->path);
    return -ESTALE;
}

static void open_alternate(const struct debug_search *search, const char *path, struct remarks *remarks,
                           struct module_file *file) {
    const char *name = NULL;
    int error = debug_files_find_alternate(search, path, file->dwarf, &file->alternate, &name);
    if (error == -ENODATA)
        return;
    if (!error)
        file->alternate_dwarf = dwarf_begin_elf(file->alternate.elf, DWARF_C_READ, NULL);
    if (file->alternate_dwarf)
        dwarf_setalt(file->dwarf, file->alternate_dwarf);
    else
        remarks_add(remarks,
                    "%s: part of its debug information is in %s, which was not found or "
                    "cannot be read; some names are missing",
                    path, name ? name : "another file");
}

// The path of the file that debug information was read from, as far as it can be known: dwz's links are
// relative to it.
static void path_of(const struct elf_file *file, const char *otherwise, char *out, size_t out_bytes) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file->fd);
    ssize_t length = readlink(link, out, out_bytes - 1);
    if (length <= 0)
        snprintf(out, out_bytes, "%s", otherwise);
    else
        out[length] = '\0';
}

// libdw is content with a file that has nothing but .debug_frame; we are not.
static Dwarf *begin_dwarf(const struct elf_file *file) {
    elf_file_hide_unneeded(file);
    Dwarf *dwarf = dwarf_begin_elf(file->elf, DWARF_C_READ, NULL);
    Dwarf_CU *first = NULL;
    if (dwarf && dwarf_get_units(dwarf, NULL, &first, NULL, NULL, NULL, NULL) == 0)
        return dwarf;
    dwarf_end(dwarf);
    return NULL;
}

static void open_dwarf(const struct debug_search *search, const char *module_path, struct remarks *remarks,
                       struct module_file *file) {
    const struct elf_file *source = &file->object;
    file->dwarf = begin_dwarf(source);
    if (!file->dwarf && debug_files_find(search, module_path, &file->object, &file->debug) == 0) {
        source = &file->debug;
        file->dwarf = begin_dwarf(source);
    }
    if (!file->dwarf) {
        if (elf_file_has_unknown_compression(&file->object) ||
            (file->debug.elf && elf_file_has_unknown_compression(&file->debug)))
            remarks_add(
                remarks,
                "%s: its debug sections are compressed by a method that this libdw cannot read (zstd); "
                "names come from the symbol table",
                module_path);
        return;
    }
    char path[4096];
    path_of(source, module_path, path, sizeof path);
    open_alternate(search, path, remarks, file);
}

int module_file_open(const struct symbol_module *module, const struct debug_search *search,
                     struct remarks *remarks, struct module_file *out) {
    struct module_file file = {.object.fd = -1, .debug.fd = -1, .alternate.fd = -1};
    int error = open_object(module, remarks, &file.object);
    if (error)
        return error;
    error = check_unchanged(module, &file.object, remarks);
    if (error) {
        elf_file_close(&file.object);
        return error;
    }
    open_dwarf(search, module->path, remarks, &file);
    elf_file_close_fd(&file.object);
    elf_file_close_fd(&file.debug);
    elf_file_close_fd(&file.alternate);
    *out = file;
    return 0;
}

void module_file_close(struct module_file *file) {
    dwarf_end(file->dwarf);
    dwarf_end(file->alternate_dwarf);
    elf_file_close(&file->debug);
    elf_file_close(&file->alternate);
    elf_file_close(&file->object);
}
