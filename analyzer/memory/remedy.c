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

static void for_glibc(uint64_t pages, uint64_t pieces, int64_t arenas, FILE *out) {
    if (pages >= pieces) {
        print_size(out, pages);
        fputs(" of it is in whole pages: malloc_trim(0) gives them back at once, and MALLOC_TRIM_THRESHOLD_ "
              "and "
              "MALLOC_MMAP_THRESHOLD_ in the environment (M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of mallopt) "
              "let "
              "malloc do so by itself.",
              out);
    } else {
        fputs(
            "Most of it lies between blocks that are still in use, so malloc_trim(0) can't give it back: "
            "what lives "
            "long should be allocated apart from what doesn't, or by another allocator (jemalloc, mimalloc).",
            out);
    }
    if (arenas >= MANY_ARENAS)
        fprintf(out,
                " It is spread over %" PRId64
                " arenas: MALLOC_ARENA_MAX=2 in the environment makes threads share them.",
                arenas);
}

const char *remedy_for(const struct report_memory *memory, struct arena *arena) {
    static const struct {
        const char *allocator, *advice;
    } others[] = {
        {"jemalloc", "MALLOC_CONF=background_thread:true,dirty_decay_ms:1000 in the environment gives pages "
                     "back sooner."},
        {"tcmalloc",
         "MallocExtension's ReleaseFreeMemory gives pages back at once, TCMALLOC_RELEASE_RATE=10 in the "
         "environment sooner."},
        {"mimalloc",
         "mi_collect(true) gives pages back at once, MIMALLOC_PURGE_DELAY=0 in the environment sooner."},
    };
    uint64_t pages = sum(memory, MEMORY_ROW_HEAP_FREE_PAGES),
             pieces = sum(memory, MEMORY_ROW_HEAP_FREE_PIECES);
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
    if (memory->allocator && strcmp(memory->allocator, "glibc") == 0)
        for_glibc(pages, pieces, memory->arenas, out);
    for (size_t i = 0; memory->allocator && i < sizeof others / sizeof *others; i++)
        if (strcmp(memory->allocator, others[i].allocator) == 0)
            fputs(others[i].advice, out);
    fclose(out);
    const char *kept = arena_strdup(arena, text);
    free(text);
    return kept;
}
