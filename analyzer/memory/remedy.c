// See remedy.h. Called by account.c.
#include "analyzer/memory/remedy.h"
#include "analyzer/report/units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t worth_bytes = 8 << 20; // and a fifth of what is resident
enum { MANY_ARENAS = 8 };

static uint64_t sum(const struct report_memory *memory, enum memory_row_kind what) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < memory->row_count; i++)
        if (memory->rows[i].what == what)
            bytes += memory->rows[i].bytes;
    return bytes;
}

// What makes each allocator give whole pages back.
static const struct advice {
    const char *allocator, *words;
} advices[] = {
    {"glibc",
     "malloc_trim(0) gives them back at once; MALLOC_TRIM_THRESHOLD_ and MALLOC_MMAP_THRESHOLD_ in the "
     "environment (M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of mallopt) let malloc do so by itself."},
    {"jemalloc",
     "MALLOC_CONF=background_thread:true,dirty_decay_ms:1000 in the environment gives them back sooner."},
    {"tcmalloc",
     "MallocExtension's ReleaseFreeMemory gives them back at once, TCMALLOC_RELEASE_RATE=10 in the "
     "environment sooner."},
    {"mimalloc",
     "mi_collect(true) gives them back at once, MIMALLOC_PURGE_DELAY=0 in the environment sooner."},
};

static void print_advice(FILE *out, const char *allocator, uint64_t pages) {
    print_size(out, pages);
    fputs(" of it is in whole pages", out);
    const char *words = NULL;
    for (size_t i = 0; allocator && i < sizeof advices / sizeof *advices; i++)
        if (strcmp(advices[i].allocator, allocator) == 0)
            words = advices[i].words;
    if (words)
        fprintf(out, ": %s", words);
    else
        fputc('.', out);
}

// Holes can't be given back by anybody.
static void print_pinned(FILE *out, bool glibc) {
    fprintf(
        out,
        "Most of it lies between blocks that are still in use, so %s: what lives long should be allocated "
        "apart from what doesn't%s.",
        glibc ? "malloc_trim(0) can't give it back" : "it can't be given back",
        glibc ? ", or by an allocator that packs it better (jemalloc, mimalloc)" : "");
}

const char *remedy_for(const struct report_memory *memory, struct arena *arena) {
    uint64_t pages = sum(memory, MEMORY_ROW_HEAP_FREE_PAGES);
    uint64_t pieces = sum(memory, MEMORY_ROW_HEAP_FREE_PIECES);
    if (pages + pieces < worth_bytes || pages + pieces < memory->rss_bytes / 5)
        return NULL;
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    if (!out)
        return NULL;
    fputs("The allocator holds ", out);
    print_size(out, pages + pieces);
    fputs(" that is free: no leak. ", out);
    if (pages >= pieces)
        print_advice(out, memory->allocator, pages);
    else
        print_pinned(out, memory->allocator && strcmp(memory->allocator, "glibc") == 0);
    if (memory->arenas >= MANY_ARENAS)
        fprintf(out,
                " It is spread over %" PRId64
                " arenas: MALLOC_ARENA_MAX=2 in the environment makes threads share them.",
                memory->arenas);
    fclose(out);
    const char *kept = arena_strdup(arena, text);
    free(text);
    return kept;
}
