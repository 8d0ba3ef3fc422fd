// See process_owners.h. Called by examine.c, when all rings were drained. owners.c asks the same of a
// finished report's sites, for its totals; here a mapping that is taken for an allocator's and is not one
// would make false leaks, so that more is asked.
#include "analyzer/process_owners.h"
#include "analyzer/text.h"
#include "analyzer/vector.h"

struct listing {
    const struct family *family;
    const struct mappings *book;
    char allocator[4097]; // path of the object that serves malloc; "": not known
    bool does_nothing_else;
    struct table modules; // index -> MODULE_
    struct roots_mapping *list;
    size_t count, room;
};

enum { MODULE_OTHER, MODULE_ALLOCATOR, MODULE_OURS };

static uint32_t module_kind(struct listing *l, uint32_t module) {
    int added;
    uint32_t *known = table_at(&l->modules, module, MODULE_OTHER, &added);
    struct wire_module wire;
    char path[4097];
    if (added && family_module(l->family, module, &wire, path, sizeof path))
        *known = strcmp(base_name(path), "libseep.so") == 0 ? MODULE_OURS
                 : strcmp(path, l->allocator) == 0          ? MODULE_ALLOCATOR
                                                            : MODULE_OTHER;
    return *known;
}

// An allocator's own code mapped it: within a call of malloc or its like, whose hook stands on the stack; or
// at any time, if the object is there for nothing else (it may also be a part of the program that brought its
// allocator along).
static bool is_allocators(struct listing *l, uint32_t stack) {
    struct wire_stack_node node;
    bool is_first = true;
    if (!l->allocator[0])
        return false;
    for (uint32_t id = stack; id && family_node(l->family, id, &node) && node.parent < id; id = node.parent) {
        if (node.module & (STACK_TRUNCATED | STACK_ELIDED))
            continue;
        uint32_t kind = module_kind(l, node.module & STACK_MODULE_MASK);
        if (is_first && kind != MODULE_ALLOCATOR)
            return false;
        if (kind == MODULE_OURS || l->does_nothing_else)
            return true;
        is_first = false;
    }
    return false;
}

static void list(void *context, const struct mapping_piece *piece) {
    struct listing *l = context;
    const struct mapping *mapping = mappings_at(l->book, piece->mapping);
    *VECTOR_PUSH(l->list, l->count, l->room) =
        (struct roots_mapping){piece->start, piece->end, is_allocators(l, mapping->stack)};
}

struct roots_mapping *process_owned_mappings(const struct process *process, size_t *count) {
    struct listing l = {.family = process->family, .book = ledger_mappings(process->ledger)};
    struct wire_module wire;
    uint32_t module = process->family->memory->allocator_module;
    if (!module || !family_module(l.family, module, &wire, l.allocator, sizeof l.allocator))
        l.allocator[0] = '\0';
    l.does_nothing_else = strstr(base_name(l.allocator), "malloc") != NULL;
    mappings_each(l.book, list, &l);
    table_free(&l.modules);
    *count = l.count;
    return l.list;
}
