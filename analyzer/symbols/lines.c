// Source positions, by libdw's line tables: it parses a unit's table at the first question and keeps it.
// Called by object.c and inlines.c. Files are named as libdw composes them: the folder of the compilation,
// then what the table says.
#include "analyzer/symbols/lines.h"

#include <dwarf.h>

bool lines_find(Dwarf_Die *unit, uint64_t address, struct position *out) {
    Dwarf_Line *line = dwarf_getsrc_die(unit, address);
    if (!line)
        return false;
    int number = 0;
    const char *file = dwarf_linesrc(line, NULL, NULL);
    if (!file || dwarf_lineno(line, &number) != 0)
        return false;
    *out = (struct position){.file = file, .line = number > 0 ? (uint32_t)number : 0};
    return true;
}

struct position lines_call_site(Dwarf_Die *inlined) {
    struct position position = {0};
    Dwarf_Attribute attribute;
    Dwarf_Word file, line;
    if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &line) == 0 && line <= UINT32_MAX)
        position.line = (uint32_t)line;
    Dwarf_Die unit;
    Dwarf_Files *files;
    size_t count;
    if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &file) == 0 &&
        dwarf_cu_die(inlined->cu, &unit, NULL, NULL, NULL, NULL, NULL, NULL) &&
        dwarf_getsrcfiles(&unit, &files, &count) == 0 && file < count)
        position.file = dwarf_filesrc(files, file, NULL, NULL);
    return position;
}
