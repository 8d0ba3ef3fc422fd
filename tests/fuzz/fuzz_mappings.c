// links: analyzer/ledger/mappings.c analyzer/ledger/regions.c analyzer/ledger/unmappings.c
// links: analyzer/proc/smaps.c analyzer/arena.c
// Any events of mappings: the counts are those of the pieces, which are in order and apart.
#include "analyzer/ledger/mappings.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

struct walk {
    const struct mappings *mappings;
    uint64_t end, bytes, pieces;
};

static void look(void *context, const struct mapping_piece *piece) {
    struct walk *walk = context;
    const struct mapping *mapping = mappings_at(walk->mappings, piece->mapping);
    if (piece->start < walk->end || piece->start >= piece->end || mapping->pieces == 0 ||
        piece->end - piece->start > mapping->left)
        abort();
    walk->end = piece->end;
    walk->bytes += piece->end - piece->start;
    walk->pieces++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    struct mappings *mappings = mappings_new();
    struct wire_record record = {0};
    for (uint64_t number = 1; bytes >= 8; data += 8, bytes -= 8, number++) {
        static const uint8_t calls[] = {CALL_mmap,  CALL_munmap, CALL_mremap,
                                        CALL_shmat, CALL_shmdt,  CALL_sbrk};
        record.kind = data[0] % RECORD_KINDS;
        record.call = calls[data[1] % sizeof calls];
        record.flags = data[2] & 1 ? RECORD_MAP_MOVED : 0;
        record.address = data[2] & 2 ? ~(uint64_t)data[3] : (uint64_t)data[3] << 4;
        record.bytes = data[2] & 4 ? ~(uint64_t)data[4] : (uint64_t)data[4] << 4;
        record.stack = data[5];
        record.epoch = data[2] & 8 ? data[6] : number;
        mappings_apply(mappings, &record);
    }
    struct walk walk = {.mappings = mappings};
    mappings_each(mappings, look, &walk);
    struct mapping_counts counts;
    mappings_count(mappings, &counts);
    uint64_t pieces = 0, outstanding = 0;
    for (uint32_t i = 0; i < mappings_limit(mappings); i++) {
        pieces += mappings_at(mappings, i)->pieces;
        outstanding += mappings_at(mappings, i)->pieces != 0;
    }
    if (counts.outstanding_bytes != walk.bytes || counts.mapped - counts.unmapped != counts.outstanding ||
        pieces != walk.pieces || outstanding != counts.outstanding)
        abort();
    mappings_free(mappings);
    return 0;
}
