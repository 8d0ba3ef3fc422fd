// See mappings.h. Called by ledger.c with what happened, by process.c and harvest.c for what is left. The
// events are another process's word: any address and any length may come.
#include "analyzer/ledger/mappings.h"
#include "analyzer/ledger/regions.h"
#include "analyzer/ledger/unmappings.h"
#include "analyzer/must.h"
#include "analyzer/proc/smaps.h"
#include "analyzer/vector.h"

struct mappings {
    struct regions *regions; // owner: index of the mapping
    struct mapping *all;
    size_t count, room;
    uint32_t *unused; // indices of mappings that are gone for good
    size_t unused_count, unused_room;
    struct unmappings log;
    uint64_t mapped, outstanding, outstanding_bytes, vanished_bytes;
};

struct mappings *mappings_new(void) {
    struct mappings *mappings = must(calloc(1, sizeof *mappings));
    mappings->regions = regions_new();
    return mappings;
}

void mappings_free(struct mappings *mappings) {
    if (!mappings)
        return;
    regions_free(mappings->regions);
    unmappings_free(&mappings->log);
    free(mappings->all);
    free(mappings->unused);
    free(mappings);
}

static uint32_t new_mapping(struct mappings *m, const struct mapping *mapping) {
    uint32_t index;
    if (m->unused_count) {
        index = m->unused[--m->unused_count];
    } else {
        index = (uint32_t)m->count;
        VECTOR_PUSH(m->all, m->count, m->room);
    }
    m->all[index] = *mapping;
    m->mapped++;
    return index;
}

static void forget_if_gone(struct mappings *m, uint32_t index) {
    if (m->all[index].pieces == 0 && m->all[index].held == 0)
        *VECTOR_PUSH(m->unused, m->unused_count, m->unused_room) = index;
}

// A piece that was entered, or taken out.
static void add_piece(struct mappings *m, const struct region *piece) {
    struct mapping *mapping = &m->all[piece->owner];
    m->outstanding += mapping->pieces++ == 0;
    mapping->left += piece->end - piece->start;
    m->outstanding_bytes += piece->end - piece->start;
    regions_enter(m->regions, piece);
}

struct cutting {
    struct mappings *mappings;
    struct unmapping *log; // NULL: it can't come back
    uint64_t bytes;
};

// Called for each piece of a mapping that a cut takes out. A cut through a piece's middle leaves one more of
// them: told by the cut's borders, see cut().
static void take_out(void *context, const struct region *piece) {
    struct cutting *c = context;
    struct mappings *m = c->mappings;
    struct mapping *mapping = &m->all[piece->owner];
    uint64_t bytes = piece->end - piece->start;
    c->bytes += bytes;
    mapping->left -= bytes;
    m->outstanding_bytes -= bytes;
    m->outstanding -= --mapping->pieces == 0;
    if (c->log) {
        *VECTOR_PUSH(c->log->pieces, c->log->count, c->log->room) = *piece;
        mapping->held++;
    } else {
        forget_if_gone(m, piece->owner);
    }
}

// Does a piece reach over address? Cutting there makes one more of it.
static void count_border(struct mappings *m, uint64_t address) {
    struct region piece;
    if (regions_first_above(m->regions, address, &piece) && piece.start < address)
        m->all[piece.owner].pieces++;
}

static uint64_t cut(struct mappings *m, uint64_t start, uint64_t end, struct unmapping *log) {
    struct cutting c = {.mappings = m, .log = log};
    if (start >= end)
        return 0;
    count_border(m, start);
    count_border(m, end);
    regions_cut(m->regions, start, end, take_out, &c);
    return c.bytes;
}

static uint64_t end_of(uint64_t start, uint64_t bytes) {
    return bytes > UINT64_MAX - start ? UINT64_MAX : start + bytes;
}

// Nothing of it will be asked for any more.
static void settle(struct mappings *m, struct unmapping *log) {
    for (size_t i = 0; log->number && i < log->count; i++) {
        m->all[log->pieces[i].owner].held--;
        forget_if_gone(m, log->pieces[i].owner);
    }
    log->number = 0;
    log->count = 0;
}

// shmdt names an attachment by its address alone: all that is left of it goes, and nothing that lies between.
static void detach(struct mappings *m, uint64_t address, struct unmapping *log) {
    struct region piece;
    if (!regions_first_above(m->regions, address, &piece) || piece.start < address)
        return;
    uint32_t attachment = piece.owner;
    const struct mapping *mapping = &m->all[attachment];
    if (mapping->call != CALL_shmat || mapping->base != address)
        return;
    uint64_t end = end_of(address, mapping->whole);
    for (uint64_t at = address; regions_first_above(m->regions, at, &piece) && piece.start < end;
         at = piece.end)
        if (piece.owner == attachment)
            cut(m, piece.start, piece.end, log);
}

static void unmapped(struct mappings *m, const struct wire_record *record) {
    struct unmapping *log = unmappings_place(&m->log);
    settle(m, log);
    log->number = record->epoch;
    log->start = record->address;
    log->end = end_of(record->address, record->bytes);
    log->stack = record->stack;
    log->moves = record->flags & RECORD_MAP_MOVED;
    if (record->call == CALL_shmdt)
        detach(m, record->address, log);
    else
        cut(m, log->start, log->end, log);
}

// What lay there comes back, but where something new lies by now.
static void taken_back(struct mappings *m, const struct wire_record *record) {
    struct unmapping *log = unmappings_find(&m->log, (uint32_t)record->address);
    if (!log || log->number != record->address)
        return;
    for (size_t i = 0; i < log->count; i++) {
        struct region piece = log->pieces[i], found;
        while (piece.start < piece.end) {
            struct region rest = piece;
            if (regions_first_above(m->regions, piece.start, &found) && found.start < piece.end) {
                rest.end = found.start;
                piece.start = found.end;
            } else {
                piece.start = piece.end;
            }
            if (rest.start < rest.end)
                add_piece(m, &rest);
        }
    }
    settle(m, log);
}

// Each piece keeps its place from the beginning; what was cut off is gone, what was added is the last one's.
static void carry(struct mappings *m, const struct unmapping *log, uint64_t start, uint64_t end) {
    for (size_t i = 0; i < log->count; i++) {
        struct region piece = log->pieces[i];
        uint64_t from = piece.start - log->start, to = piece.end - log->start;
        if (from >= end - start)
            break;
        if (i + 1 == log->count && piece.end == log->end)
            to = end - start;
        piece.start = start + from;
        piece.end = to > end - start ? end : start + to;
        struct mapping *mapping = &m->all[piece.owner];
        if (mapping->base == log->pieces[i].start)
            mapping->base = piece.start;
        add_piece(m, &piece);
    }
}

static void mapped(struct mappings *m, const struct wire_record *record) {
    uint64_t start = record->address, end = end_of(start, record->bytes);
    bool moved = record->flags & RECORD_MAP_MOVED;
    struct unmapping *log = moved ? unmappings_find(&m->log, record->stack) : NULL;
    if (start >= end) {
        if (log)
            settle(m, log);
        return;
    }
    cut(m, start, end, NULL); // MAP_FIXED
    if (log && log->count) {
        carry(m, log, start, end);
    } else {
        struct mapping fresh = {.base = start,
                                .whole = end - start,
                                .stack = log     ? log->stack
                                         : moved ? 0
                                                 : record->stack,
                                .call = record->call,
                                .flags = record->flags};
        struct region piece = {start, end, new_mapping(m, &fresh)};
        add_piece(m, &piece);
    }
    if (log)
        settle(m, log);
}

void mappings_apply(struct mappings *mappings, const struct wire_record *record) {
    switch (record->kind) {
    case RECORD_MAPPED:
        mapped(mappings, record);
        break;
    case RECORD_UNMAPPED:
        unmapped(mappings, record);
        break;
    case RECORD_TAKEN_BACK:
        taken_back(mappings, record);
        break;
    }
}

bool mappings_touch(const struct mappings *mappings, uint64_t start, uint64_t end) {
    struct region found;
    return regions_first_above(mappings->regions, start, &found) && found.start < end;
}

void mappings_reconcile(struct mappings *mappings, const struct smaps *kernel) {
    uint64_t at = 0;
    for (size_t i = 0; i < kernel->count; i++) {
        mappings->vanished_bytes += cut(mappings, at, kernel->areas[i].start, NULL);
        at = kernel->areas[i].end;
    }
    mappings->vanished_bytes += cut(mappings, at, UINT64_MAX, NULL);
}

void mappings_count(const struct mappings *mappings, struct mapping_counts *out) {
    *out = (struct mapping_counts){.mapped = mappings->mapped,
                                   .unmapped = mappings->mapped - mappings->outstanding,
                                   .outstanding = mappings->outstanding,
                                   .outstanding_bytes = mappings->outstanding_bytes,
                                   .vanished_bytes = mappings->vanished_bytes};
}

struct visiting {
    mapping_visit *visit;
    void *context;
};

static void visit_region(void *context, const struct region *region) {
    const struct visiting *v = context;
    v->visit(v->context, &(struct mapping_piece){region->start, region->end, region->owner});
}

void mappings_each(const struct mappings *mappings, mapping_visit *visit, void *context) {
    regions_each(mappings->regions, visit_region, &(struct visiting){visit, context});
}

const struct mapping *mappings_at(const struct mappings *mappings, uint32_t mapping) {
    return &mappings->all[mapping];
}

uint32_t mappings_limit(const struct mappings *mappings) {
    return (uint32_t)mappings->count;
}
