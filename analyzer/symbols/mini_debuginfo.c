// Reads .gnu_debugdata through libdwfl, which unpacks it when libdw was built with liblzma. Called by
// object.c for stripped objects only. The callbacks find nothing on purpose: libdwfl's own would look for
// debug files, up to the network.
#include "analyzer/symbols/mini_debuginfo.h"

#include <elfutils/libdwfl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

static int find_no_elf(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base, char **path,
                       Elf **elf) {
    (void)module, (void)data, (void)name, (void)base, (void)path, (void)elf;
    return -1;
}

static int find_no_debuginfo(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
                             const char *path, const char *link, GElf_Word checksum, char **found) {
    (void)module, (void)data, (void)name, (void)base, (void)path, (void)link, (void)checksum, (void)found;
    return -1;
}

static const Dwfl_Callbacks callbacks = {.find_elf = find_no_elf, .find_debuginfo = find_no_debuginfo};

struct mini_debuginfo {
    Dwfl *dwfl;
};

static bool has_section(const struct elf_file *object) {
    size_t names;
    if (elf_getshdrstrndx(object->elf, &names) != 0)
        return false;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(object->elf, section));) {
        GElf_Shdr header;
        const char *name =
            gelf_getshdr(section, &header) ? elf_strptr(object->elf, names, header.sh_name) : NULL;
        if (name && strcmp(name, ".gnu_debugdata") == 0)
            return true;
    }
    return false;
}

static void add_symbols(Dwfl_Module *module, struct symbol_table *table) {
    int count = dwfl_module_getsymtab(module);
    for (int i = 0; i < count; i++) {
        GElf_Sym symbol;
        GElf_Addr address;
        GElf_Word section;
        Elf *elf;
        Dwarf_Addr bias;
        const char *name = dwfl_module_getsym_info(module, i, &symbol, &address, &section, &elf, &bias);
        if (name && elf && section != (GElf_Word)-1)
            symbol_table_add_one(table, elf, &symbol, section, name);
    }
}

struct mini_debuginfo *mini_debuginfo_add(const char *path, const struct elf_file *object,
                                          struct symbol_table *table) {
    struct mini_debuginfo *mini = has_section(object) ? calloc(1, sizeof *mini) : NULL;
    if (!mini)
        return NULL;
    mini->dwfl = dwfl_begin(&callbacks);
    if (!mini->dwfl)
        goto fail;
    dwfl_report_begin(mini->dwfl);
    Dwfl_Module *module = dwfl_report_elf(mini->dwfl, path, path, -1, 0, true);
    if (dwfl_report_end(mini->dwfl, NULL, NULL) != 0 || !module)
        goto fail;
    add_symbols(module, table);
    return mini;
fail:
    mini_debuginfo_close(mini);
    return NULL;
}

void mini_debuginfo_close(struct mini_debuginfo *mini) {
    if (!mini)
        return;
    if (mini->dwfl)
        dwfl_end(mini->dwfl);
    free(mini);
}
