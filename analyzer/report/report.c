// The report's container and the schema's words. Knows nothing of formats; called by everything that builds,
// reads or prints a report.
#include "analyzer/report/report.h"
#include "analyzer/report/memory.h"

#include <errno.h>
#include <string.h>

static const char *const kind_words[] = {
    [SITE_HEAP] = "heap",
    [SITE_FD] = "fd",
    [SITE_MAP] = "map",
};
static const char *const verdict_words[] = {
    [VERDICT_DEFINITE] = "definite",
    [VERDICT_INDIRECT] = "indirect",
    [VERDICT_POSSIBLE] = "possible",
    [VERDICT_REACHABLE] = "reachable",
    [VERDICT_UNCLASSIFIED] = "unclassified",
    [VERDICT_OPEN] = "open",
    [VERDICT_MAPPED] = "mapped",
};
static const char *const begin_words[] = {
    [BEGIN_EXEC] = "exec",
    [BEGIN_FORK] = "fork",
    [BEGIN_ATTACH] = "attach",
};
static const char *const end_words[] = {
    [END_EXIT] = "exit",       [END_SIGNAL] = "signal",   [END_EXEC] = "exec",
    [END_RUNNING] = "running", [END_UNKNOWN] = "unknown",
};

static const char *const memory_words[] = {
    [MEMORY_ROW_HEAP_LIVE] = "heap_live",
    [MEMORY_ROW_HEAP_OVERHEAD] = "heap_overhead",
    [MEMORY_ROW_HEAP_FREE_PAGES] = "heap_free_pages",
    [MEMORY_ROW_HEAP_FREE_PIECES] = "heap_free_pieces",
    [MEMORY_ROW_HEAP_UNDIVIDED] = "heap_undivided",
    [MEMORY_ROW_MAPPING] = "mapping",
    [MEMORY_ROW_STACKS] = "thread_stacks",
    [MEMORY_ROW_FILE] = "file",
    [MEMORY_ROW_SHARED] = "shared",
    [MEMORY_ROW_GO_HEAP] = "go_heap",
    [MEMORY_ROW_SEEP] = "seep",
    [MEMORY_ROW_UNATTRIBUTED] = "unattributed",
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static int find(const char *const *words, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], name) == 0)
            return (int)i;
    return -EINVAL;
}

struct report *report_new(void) {
    struct arena *arena = arena_new();
    struct report *report = arena_alloc(arena, sizeof *report);
    report->arena = arena;
    return report;
}

void report_free(struct report *report) {
    if (report)
        arena_free(report->arena); // the report itself lies in it
}

const char *site_kind_name(enum site_kind kind) {
    return kind_words[kind];
}

const char *verdict_name(enum verdict verdict) {
    return verdict_words[verdict];
}

const char *process_begin_name(enum process_begin begin) {
    return begin_words[begin];
}

const char *process_end_name(enum process_end end) {
    return end_words[end];
}

int site_kind_from_name(const char *name) {
    return find(kind_words, COUNT(kind_words), name);
}

int verdict_from_name(const char *name) {
    return find(verdict_words, COUNT(verdict_words), name);
}

int process_begin_from_name(const char *name) {
    return find(begin_words, COUNT(begin_words), name);
}

int process_end_from_name(const char *name) {
    return find(end_words, COUNT(end_words), name);
}

const char *memory_row_name(enum memory_row_kind kind) {
    return memory_words[kind];
}

int memory_row_from_name(const char *name) {
    return find(memory_words, COUNT(memory_words), name);
}

bool site_known(const struct report_site *site) {
    return site->baseline && strcmp(site->baseline, "known") == 0;
}
