// Maps addresses to units and, for units that were hit, to functions. Called by object.c.
//
// Three steps, each as late as it can be: the ranges of all units when the object is opened (one entry per
// unit is read); the functions of a unit when an address falls into it; and, when an address falls into none,
// the functions and lines of those units that don't say where their code is.
#include "analyzer/symbols/units.h"

#include "analyzer/symbols/dies.h"
#include "analyzer/vector.h"

#include <dwarf.h>
#include <stdlib.h>

void units_open(Dwarf *dwarf, const struct range_map *code, struct units *out) {
    *out = (struct units){.code = code};
    Dwarf_Die die;
    uint8_t type;
    for (Dwarf_CU *at = NULL;
         out->count < UINT32_MAX && dwarf_get_units(dwarf, at, &at, NULL, &type, &die, NULL) == 0;) {
        if (type != DW_UT_compile && type != DW_UT_skeleton && type != DW_UT_partial)
            continue;
        uint32_t number = (uint32_t)out->count;
        *VECTOR_PUSH(out->units, out->count, out->room) =
            (struct unit){.lines = die,
                          .functions = die,
                          .ranges_known = die_add_ranges(&die, code, &out->map, number) > 0};
    }
    range_map_seal(&out->map);
}

void units_close(struct units *units) {
    for (size_t i = 0; i < units->count; i++) {
        range_map_free(&units->units[i].map);
        free(units->units[i].dies);
        scopes_free(&units->units[i].scopes);
    }
    free(units->units);
    range_map_free(&units->map);
}

// Functions stand in a unit, in namespaces and types, and (nested functions, methods of local classes) in
// functions.
static bool may_hold_functions(int tag) {
    switch (tag) {
    case DW_TAG_namespace:
    case DW_TAG_module:
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
    case DW_TAG_union_type:
    case DW_TAG_interface_type:
    case DW_TAG_subprogram:
    case DW_TAG_lexical_block:
        return true;
    default:
        return false;
    }
}

static void add_functions(struct unit *unit, const struct range_map *code, Dwarf_Die *parent,
                          uint32_t parent_scope, unsigned depth) {
    Dwarf_Die die;
    if (depth > DEEPEST_DIE || dwarf_child(parent, &die) != 0)
        return;
    for (bool more = true; more;) {
        uint32_t scope = parent_scope;
        int tag = dwarf_tag(&die);
        if (tag == DW_TAG_subprogram && unit->die_count < UINT32_MAX &&
            die_add_ranges(&die, code, &unit->map, (uint32_t)unit->die_count)) {
            *VECTOR_PUSH(unit->dies, unit->die_count, unit->die_room) = die;
        }
        if (may_hold_functions(tag) && dwarf_haschildren(&die) == 1) {
            scope = scopes_add(&unit->scopes, &die, parent_scope);
            add_functions(unit, code, &die, scope, depth + 1);
        }
        more = die_next(&die, &die);
        if (more && scope != parent_scope)
            scopes_end(&unit->scopes, scope, &die);
    }
}

static void open_unit(struct unit *unit, const struct range_map *code) {
    if (unit->opened)
        return;
    unit->opened = true;
    uint8_t type;
    Dwarf_Die split;
    if (dwarf_cu_info(unit->lines.cu, NULL, &type, NULL, &split, NULL, NULL, NULL) == 0 &&
        type == DW_UT_skeleton) {
        if (split.addr)
            unit->functions = split;
        else
            unit->split_missing = true;
    }
    add_functions(unit, code, &unit->functions, SCOPE_NONE, 0);
    range_map_seal(&unit->map);
}

// The stretches of a unit's line table, for units without functions either (assembly from old assemblers).
static void add_line_ranges(struct unit *unit, const struct range_map *code, struct range_map *out,
                            uint32_t number) {
    Dwarf_Lines *lines;
    size_t count;
    if (dwarf_getsrclines(&unit->lines, &lines, &count) != 0)
        return;
    bool inside = false;
    Dwarf_Addr start = 0;
    for (size_t i = 0; i < count; i++) {
        Dwarf_Line *line = dwarf_onesrcline(lines, i);
        Dwarf_Addr address;
        bool ends;
        uint32_t section;
        if (dwarf_lineaddr(line, &address) != 0 || dwarf_lineendsequence(line, &ends) != 0)
            continue;
        if (ends && inside && range_map_find(code, start, &section, 1))
            range_map_add(out, start, address, number);
        if (ends || !inside)
            start = address;
        inside = !ends;
    }
}

static void complete_map(struct units *units) {
    units->complete = true;
    for (size_t i = 0; i < units->count; i++) {
        struct unit *unit = &units->units[i];
        if (unit->ranges_known)
            continue;
        open_unit(unit, units->code);
        for (size_t j = 0; j < unit->map.count; j++)
            range_map_add(&units->map, unit->map.ranges[j].start, unit->map.ranges[j].end, (uint32_t)i);
        if (unit->map.count == 0)
            add_line_ranges(unit, units->code, &units->map, (uint32_t)i);
    }
    range_map_seal(&units->map);
}

size_t units_find(struct units *units, uint64_t address, struct unit **out, size_t max) {
    uint32_t numbers[8];
    if (max > sizeof numbers / sizeof *numbers)
        max = sizeof numbers / sizeof *numbers;
    size_t found = range_map_find(&units->map, address, numbers, max);
    if (found == 0 && !units->complete) {
        complete_map(units);
        found = range_map_find(&units->map, address, numbers, max);
    }
    for (size_t i = 0; i < found; i++) {
        out[i] = &units->units[numbers[i]];
        open_unit(out[i], units->code);
    }
    return found;
}

bool unit_find_function(const struct unit *unit, uint64_t address, Dwarf_Die *out) {
    uint32_t number;
    if (range_map_find(&unit->map, address, &number, 1) == 0)
        return false;
    *out = unit->dies[number];
    return true;
}

const struct scopes *units_scopes(struct units *units, const Dwarf_Die *die) {
    for (size_t i = 0; i < units->count; i++) {
        size_t number = (units->last_asked + i) % units->count;
        struct unit *unit = &units->units[number];
        if (unit->functions.cu != die->cu && unit->lines.cu != die->cu)
            continue;
        open_unit(unit, units->code);
        units->last_asked = number;
        return unit->functions.cu == die->cu ? &unit->scopes : NULL;
    }
    return NULL;
}
