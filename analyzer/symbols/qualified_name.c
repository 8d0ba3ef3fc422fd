// See qualified_name.h. Called by object.c.
#include "analyzer/symbols/qualified_name.h"

#include "analyzer/arena.h"
#include "analyzer/symbols/demangle.h"
#include "analyzer/symbols/dies.h"

#include <dwarf.h>
#include <string.h>

enum {
    MOST_REFERENCES = 8,          // from an inlined instance to its declaration; compilers need two or three
    MOST_SCOPES = 32,             // what is further out is left out
    MOST_FUNCTIONS = 8,           // local classes of functions of local classes
    LANGUAGE_CPLUSPLUS_17 = 0x2a, // newer than some dwarf.h
    LANGUAGE_CPLUSPLUS_20 = 0x2b,
};

static bool is_cplusplus(Dwarf_Die *die) {
    Dwarf_Die unit;
    if (!dwarf_diecu(die, &unit, NULL, NULL))
        return false;
    switch (dwarf_srclang(&unit)) {
    case DW_LANG_C_plus_plus:
    case DW_LANG_C_plus_plus_03:
    case DW_LANG_C_plus_plus_11:
    case DW_LANG_C_plus_plus_14:
    case LANGUAGE_CPLUSPLUS_17:
    case LANGUAGE_CPLUSPLUS_20:
        return true;
    default:
        return false;
    }
}

// An inlined instance refers to the abstract one, which refers to the declaration: that stands where the
// source has it.
static Dwarf_Die declaration_of(const Dwarf_Die *function) {
    Dwarf_Die die = *function, next;
    Dwarf_Attribute reference;
    for (int i = 0; i < MOST_REFERENCES; i++) {
        if (!dwarf_formref_die(dwarf_attr(&die, DW_AT_abstract_origin, &reference), &next) &&
            !dwarf_formref_die(dwarf_attr(&die, DW_AT_specification, &reference), &next))
            break;
        die = next;
    }
    return die;
}

// gcc leaves a lambda's type without a name, but not its constructors.
static bool is_lambda(Dwarf_Die *type) {
    Dwarf_Die member;
    if (dwarf_child(type, &member) != 0)
        return false;
    do {
        const char *name = dwarf_tag(&member) == DW_TAG_subprogram ? die_plain_name(&member) : NULL;
        if (name && strncmp(name, "<lambda", strlen("<lambda")) == 0)
            return true;
    } while (die_next(&member, &member));
    return false;
}

static const char *type_name(Dwarf_Die *type) {
    const char *name = die_plain_name(type);
    if (name && strncmp(name, "<lambda", strlen("<lambda")) != 0)
        return name;
    return name || is_lambda(type) ? "{lambda}" : "{unnamed type}";
}

static const char *name_within(struct units *units, Dwarf_Die *function, struct arena *arena,
                               unsigned functions);

static const char *function_name(struct units *units, Dwarf_Die *function, struct arena *arena,
                                 unsigned functions) {
    const char *linkage = die_linkage_name(function);
    return linkage ? demangle(arena, linkage) : name_within(units, function, arena, functions + 1);
}

// What extern "C" declares has no scope for the linker, wherever it stands.
static bool is_free_of_namespaces(Dwarf_Die *declaration, Dwarf_Die *scope) {
    return dwarf_tag(scope) == DW_TAG_namespace && dwarf_hasattr(declaration, DW_AT_external);
}

static const char *name_within(struct units *units, Dwarf_Die *function, struct arena *arena,
                               unsigned functions) {
    const char *name = die_plain_name(function);
    Dwarf_Die declaration = declaration_of(function);
    if (!name || functions > MOST_FUNCTIONS || !is_cplusplus(&declaration))
        return name;
    const struct scopes *scopes = units_scopes(units, &declaration);
    uint32_t at = scopes ? scopes_around(scopes, &declaration) : SCOPE_NONE;
    if (at != SCOPE_NONE && is_free_of_namespaces(&declaration, &scopes->list[at].die))
        return name;
    for (int i = 0; at != SCOPE_NONE && i < MOST_SCOPES; at = scopes->list[at].parent, i++) {
        Dwarf_Die scope = scopes->list[at].die;
        const char *outer = NULL;
        switch (dwarf_tag(&scope)) {
        case DW_TAG_lexical_block:
            continue;
        case DW_TAG_subprogram: // its name has what is around it
            outer = function_name(units, &scope, arena, functions);
            return outer ? arena_printf(arena, "%s::%s", outer, name) : name;
        case DW_TAG_namespace:
            outer = die_plain_name(&scope);
            outer = outer ? outer : "(anonymous namespace)";
            break;
        default:
            outer = type_name(&scope);
        }
        name = arena_printf(arena, "%s::%s", outer, name);
    }
    return name;
}

const char *qualified_name(struct units *units, Dwarf_Die *function, struct arena *arena) {
    return name_within(units, function, arena, 0);
}
