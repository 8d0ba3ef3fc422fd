// See descriptors.h. Fed by ledger.c; compared and read by process.c and harvest.c.
#include "analyzer/ledger/descriptors.h"
#include "analyzer/must.h"
#include "analyzer/table.h"
#include "analyzer/vector.h"

enum { SWEEP_LENGTH = 3, MISUSES = 1 << 14, LAST_STANDARD = 2 };

// A close of a number that is not known to be open. Only its failure tells that it was one too many.
struct attempt {
    uint64_t number; // of the close
    uint32_t stack;
    uint8_t call;
};

struct descriptors {
    struct table by_fd; // -> index in all and extras
    struct descriptor *all;
    size_t count, room;
    struct extra {                    // of each, what only this file needs
        enum descriptor_state before; // the state that the close at closed_at ended
        struct attempt attempt;       // the latest close while it was not open
    } * extras;
    size_t extra_count, extra_room;
    struct descriptor_counts counts;
    struct descriptor_misuse *misuses;
    size_t misuse_count, misuse_room;
    struct table by_misuse; // hash of what makes one -> index in misuses
    // Closes of neighbouring numbers from one place, one after the other. The first failures wait until it is
    // known whether a sweep comes of them.
    struct {
        uint32_t stack;
        int fd;
        uint32_t length;
        struct descriptor_misuse pending[SWEEP_LENGTH];
        size_t pending_count;
    } sweep;
};

struct descriptors *descriptors_new(void) {
    struct descriptors *descriptors = must(calloc(1, sizeof *descriptors));
    return descriptors;
}

void descriptors_free(struct descriptors *descriptors) {
    if (!descriptors)
        return;
    table_free(&descriptors->by_fd);
    table_free(&descriptors->by_misuse);
    free(descriptors->all);
    free(descriptors->extras);
    free(descriptors->misuses);
    free(descriptors);
}

// Its place in all and extras, which may move.
static size_t index_of(struct descriptors *d, int fd) {
    int added;
    uint32_t index = *table_at(&d->by_fd, (uint32_t)fd, (uint32_t)d->count, &added);
    if (added) {
        VECTOR_PUSH(d->all, d->count, d->room)->fd = fd;
        VECTOR_PUSH(d->extras, d->extra_count, d->extra_room)->before = DESCRIPTOR_UNKNOWN;
    }
    return index;
}

static void open_one(struct descriptors *d, const struct wire_record *record) {
    size_t index = index_of(d, (int)record->address);
    struct descriptor *it = &d->all[index];
    if (it->state == DESCRIPTOR_OPEN) {
        if (record->flags & RECORD_REPLACES)
            d->counts.closed++;
        else
            d->counts.closed_unseen++;
    }
    d->counts.opened++;
    *it = (struct descriptor){.fd = it->fd,
                              .state = DESCRIPTOR_OPEN,
                              .standard = it->standard,
                              .call = record->call,
                              .stack = record->stack,
                              .opened_at = record->epoch};
}

static bool is_open(const struct descriptor *it) {
    return it->state != DESCRIPTOR_CLOSED && it->state != DESCRIPTOR_UNKNOWN;
}

// True if it was open.
static bool close_one(struct descriptors *d, size_t index, const struct wire_record *record) {
    struct descriptor *it = &d->all[index];
    if (!is_open(it))
        return false;
    d->extras[index].before = it->state;
    d->counts.closed += it->state == DESCRIPTOR_OPEN;
    it->state = DESCRIPTOR_CLOSED;
    it->close_call = record->call;
    it->close_stack = record->stack;
    it->closed_at = record->epoch;
    return true;
}

static uint64_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
    return hash ^ hash >> 29;
}

static void add_misuse(struct descriptors *d, const struct descriptor_misuse *misuse) {
    uint64_t key = mix(mix(mix(mix(misuse->twice, misuse->open_stack), misuse->first_stack), misuse->stack),
                       (uint64_t)misuse->open_call << 16 | misuse->first_call << 8 | misuse->call);
    if (misuse->twice)
        d->counts.double_closes++;
    else
        d->counts.closes_of_unopened++;
    if (d->misuse_count >= MISUSES) // counted, not listed
        return;
    int added;
    uint32_t index = *table_at(&d->by_misuse, key, (uint32_t)d->misuse_count, &added);
    if (added)
        *VECTOR_PUSH(d->misuses, d->misuse_count, d->misuse_room) = *misuse;
    d->misuses[index].count++;
}

static void end_sweep(struct descriptors *d) {
    bool swept = d->sweep.length >= SWEEP_LENGTH;
    for (size_t i = 0; i < d->sweep.pending_count; i++)
        if (swept)
            d->counts.swept++;
        else
            add_misuse(d, &d->sweep.pending[i]);
    d->sweep.pending_count = 0;
    d->sweep.length = 0;
}

static void follow_sweep(struct descriptors *d, int fd, uint32_t stack) {
    bool goes_on =
        d->sweep.length && stack == d->sweep.stack && (fd == d->sweep.fd + 1 || fd == d->sweep.fd - 1);
    if (!goes_on)
        end_sweep(d);
    d->sweep.stack = stack;
    d->sweep.fd = fd;
    d->sweep.length++;
}

static void close_number(struct descriptors *d, const struct wire_record *record) {
    int fd = (int)record->address;
    follow_sweep(d, fd, record->stack);
    size_t index = index_of(d, fd);
    if (!close_one(d, index, record))
        d->extras[index].attempt =
            (struct attempt){.number = record->epoch, .stack = record->stack, .call = record->call};
}

static void close_many(struct descriptors *d, const struct wire_record *record) {
    uint64_t first = record->address;
    for (size_t i = 0; i < d->count; i++)
        if ((uint64_t)d->all[i].fd - first < record->bytes)
            close_one(d, i, record);
}

// The close of one number failed because nothing was open there.
static void blame(struct descriptors *d, const struct descriptor *it, const struct attempt *attempt) {
    struct descriptor_misuse misuse = {.twice = it->state == DESCRIPTOR_CLOSED,
                                       .call = attempt->call,
                                       .stack = attempt->stack,
                                       .fd = it->fd};
    if (misuse.twice) {
        misuse.open_call = it->call;
        misuse.open_stack = it->stack;
        misuse.first_call = it->close_call;
        misuse.first_stack = it->close_stack;
    }
    if (d->sweep.length >= SWEEP_LENGTH)
        d->counts.swept++;
    else if (d->sweep.pending_count < SWEEP_LENGTH)
        d->sweep.pending[d->sweep.pending_count++] = misuse;
}

static void reopen(struct descriptors *d, uint64_t number) {
    for (size_t i = 0; i < d->count; i++) {
        struct descriptor *it = &d->all[i];
        if (it->state != DESCRIPTOR_CLOSED || it->closed_at != number)
            continue;
        it->state = d->extras[i].before;
        d->counts.closed -= it->state == DESCRIPTOR_OPEN;
        it->closed_at = 0;
    }
}

// That a recorded descriptor's close fails with EBADF says that a raw system call closed it before: it stays
// closed.
static void take_back(struct descriptors *d, const struct wire_record *record) {
    if (!(record->flags & RECORD_ERRNO_BADF)) {
        reopen(d, record->address);
        return;
    }
    size_t index = index_of(d, (int)record->bytes);
    struct attempt *attempt = &d->extras[index].attempt;
    if (attempt->number == record->address)
        blame(d, &d->all[index], attempt);
    attempt->number = 0;
}

void descriptors_apply(struct descriptors *d, const struct wire_record *record) {
    switch (record->kind) {
    case RECORD_OPENED:
        open_one(d, record);
        break;
    case RECORD_CLOSED:
        if (record->bytes == 1)
            close_number(d, record);
        else
            close_many(d, record);
        break;
    case RECORD_TAKEN_BACK:
        take_back(d, record);
        break;
    }
}

void descriptors_inherit(struct descriptors *d, int fd) {
    size_t index = index_of(d, fd);
    d->all[index].state = DESCRIPTOR_INHERITED;
    d->all[index].standard = fd >= 0 && fd <= LAST_STANDARD;
}

void descriptors_inherit_from(struct descriptors *child, const struct descriptors *parent) {
    for (size_t i = 0; i < parent->count; i++)
        if (is_open(&parent->all[i]))
            descriptors_inherit(child, parent->all[i].fd);
}

static void close_unseen(struct descriptors *d, struct descriptor *it) {
    d->counts.closed_unseen += it->state == DESCRIPTOR_OPEN;
    it->state = DESCRIPTOR_CLOSED;
    it->close_call = CALL_NONE;
    it->close_stack = 0;
}

void descriptors_compare(struct descriptors *d, const int *open, size_t count, uint64_t since) {
    struct table truth = {0};
    for (size_t i = 0; i < count; i++) {
        *table_at(&truth, (uint32_t)open[i], 1, NULL) = 1;
        size_t index = index_of(d, open[i]);
        struct descriptor *it = &d->all[index];
        if (!is_open(it) && it->closed_at <= since)
            *it =
                (struct descriptor){.fd = it->fd, .standard = it->standard, .state = DESCRIPTOR_UNATTRIBUTED};
    }
    for (size_t i = 0; i < d->count; i++) {
        struct descriptor *it = &d->all[i];
        int added;
        table_at(&truth, (uint32_t)it->fd, 0, &added);
        if (added && is_open(it) && it->opened_at <= since)
            close_unseen(d, it);
    }
    table_free(&truth);
}

void descriptors_disown(struct descriptors *d, int fd) {
    struct descriptor *it = &d->all[index_of(d, fd)];
    if (it->state != DESCRIPTOR_OPEN)
        return;
    close_unseen(d, it);
    *it = (struct descriptor){.fd = fd, .state = DESCRIPTOR_UNATTRIBUTED};
}

void descriptors_pass_on(struct descriptors *d) {
    for (size_t i = 0; i < d->count; i++)
        if (is_open(&d->all[i]))
            close_unseen(d, &d->all[i]);
}

void descriptors_settle(struct descriptors *d) {
    end_sweep(d);
}

void descriptors_count(const struct descriptors *d, struct descriptor_counts *out) {
    *out = d->counts;
    for (size_t i = 0; i < d->count; i++) {
        bool open = d->all[i].state == DESCRIPTOR_OPEN;
        out->outstanding += open && !d->all[i].standard;
        out->standard += open && d->all[i].standard;
        out->inherited += d->all[i].state == DESCRIPTOR_INHERITED;
        out->unattributed += d->all[i].state == DESCRIPTOR_UNATTRIBUTED;
    }
}

const struct descriptor *descriptors_all(const struct descriptors *d, size_t *count) {
    *count = d->count;
    return d->all;
}

const struct descriptor_misuse *descriptors_misuse(const struct descriptors *d, size_t *count) {
    *count = d->misuse_count;
    return d->misuses;
}
