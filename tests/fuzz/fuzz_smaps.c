// links: analyzer/proc/smaps.c analyzer/arena.c
// Any bytes as a list of mappings: what is read is in order, found again, and its names end.
#include "analyzer/proc/smaps.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    struct smaps smaps;
    FILE *in = fmemopen((void *)data, bytes ? bytes : 1, "r");
    if (!in)
        abort();
    int bad = bytes ? smaps_parse(&smaps, in) : -1;
    fclose(in);
    if (bad)
        return 0;
    for (size_t i = 0; i < smaps.count; i++) {
        const struct smaps_area *area = &smaps.areas[i];
        if (area->start >= area->end || (i && area->start < area[-1].end) ||
            smaps_find(&smaps, area->start) != area || smaps_find(&smaps, area->end - 1) != area ||
            strlen(area->path) > bytes)
            abort();
    }
    smaps_free(&smaps);
    return 0;
}
