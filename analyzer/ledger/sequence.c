// See sequence.h. Called by ledger.c.
#include "analyzer/ledger/sequence.h"
#include "analyzer/vector.h"

void sequence_begin(struct sequence *sequence, sequence_sink *sink, void *context) {
    *sequence = (struct sequence){.sink = sink, .context = context, .next = 1};
}

static void swap(struct wire_record *a, struct wire_record *b) {
    struct wire_record keep = *a;
    *a = *b;
    *b = keep;
}

static void push(struct sequence *s, const struct wire_record *record) {
    *VECTOR_PUSH(s->waiting, s->count, s->room) = *record;
    for (size_t at = s->count - 1; at > 0;) {
        size_t above = (at - 1) / 2;
        if (s->waiting[above].epoch <= s->waiting[at].epoch)
            break;
        swap(&s->waiting[above], &s->waiting[at]);
        at = above;
    }
}

static struct wire_record pop(struct sequence *s) {
    struct wire_record first = s->waiting[0];
    s->waiting[0] = s->waiting[--s->count];
    for (size_t at = 0;;) {
        size_t least = at, left = 2 * at + 1, right = left + 1;
        if (left < s->count && s->waiting[left].epoch < s->waiting[least].epoch)
            least = left;
        if (right < s->count && s->waiting[right].epoch < s->waiting[least].epoch)
            least = right;
        if (least == at)
            return first;
        swap(&s->waiting[least], &s->waiting[at]);
        at = least;
    }
}

static void hand_on(struct sequence *s, const struct wire_record *record) {
    if (record->epoch < s->next) {
        s->late++;
    } else {
        s->gaps += record->epoch - s->next;
        s->next = record->epoch + 1;
    }
    s->sink(s->context, record);
}

void sequence_take(struct sequence *sequence, const struct wire_record *record) {
    if (record->epoch > sequence->next) {
        push(sequence, record);
        if (sequence->count < SEQUENCE_WAITING)
            return;
        struct wire_record first = pop(sequence); // the gap before it is given up
        hand_on(sequence, &first);
    } else {
        hand_on(sequence, record);
    }
    while (sequence->count && sequence->waiting[0].epoch <= sequence->next) {
        struct wire_record first = pop(sequence);
        hand_on(sequence, &first);
    }
}

void sequence_settle(struct sequence *sequence) {
    while (sequence->count) {
        struct wire_record first = pop(sequence);
        hand_on(sequence, &first);
    }
}

void sequence_free(struct sequence *sequence) {
    free(sequence->waiting);
    *sequence = (struct sequence){0};
}
