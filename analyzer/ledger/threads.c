// See threads.h. Called by ledger.c with what happened, by process_threads.c for what is left. The events are
// another process's word. Where they leave a doubt, a thread counts as given.
#include "analyzer/ledger/threads.h"
#include "analyzer/must.h"
#include "analyzer/table.h"
#include "analyzer/vector.h"

#include <stdbool.h>
#include <stdlib.h>

// The latest thread of one pthread_t.
struct life {
    struct thread_held made;
    bool held;
    uint64_t given_at; // number of the event that gave it; 0: none
    uint64_t early;    // events that gave a thread not made yet
    uint64_t early_at; // number of the last of them
};

struct threads {
    struct table places; // pthread_t -> index in all
    struct life *all;
    size_t count, room;
};

struct threads *threads_new(void) {
    struct threads *threads = must(calloc(1, sizeof *threads));
    return threads;
}

void threads_free(struct threads *threads) {
    if (!threads)
        return;
    table_free(&threads->places);
    free(threads->all);
    free(threads);
}

static struct life *life_of(struct threads *threads, uint64_t thread) {
    int added;
    uint32_t index = *table_at(&threads->places, thread, (uint32_t)threads->count, &added);
    if (added)
        *VECTOR_PUSH(threads->all, threads->count, threads->room) = (struct life){.made.thread = thread};
    return &threads->all[index];
}

// Was it given after event `since`, before it was known? What was given earlier was another, never seen made
// or still to come.
static bool was_given(const struct life *life, uint64_t since) {
    return life->early && life->early_at > since;
}

static void give_early(struct life *life) {
    life->held = false;
    life->given_at = life->early_at;
    life->early--;
}

static void made(struct threads *threads, const struct wire_record *record) {
    struct life *life = life_of(threads, record->address);
    bool is_given = was_given(life, record->bytes);
    if (life->held && is_given) { // this one was given, and its pthread_t is another's by now
        life->early--;
        return;
    }
    life->made = (struct thread_held){record->address, record->stack, record->call};
    life->held = true;
    life->given_at = 0;
    if (is_given)
        give_early(life);
}

static void given(struct threads *threads, const struct wire_record *record) {
    struct life *life = life_of(threads, record->address);
    if (life->held) {
        life->held = false;
        life->given_at = record->epoch;
    } else {
        life->early++;
        life->early_at = record->epoch;
    }
}

static void taken_back(struct threads *threads, const struct wire_record *record) {
    if (record->call != CALL_pthread_join && record->call != CALL_pthread_detach)
        return;
    struct life *life = life_of(threads, record->bytes);
    if (life->given_at && life->given_at == record->address) {
        life->held = true;
        life->given_at = 0;
        if (was_given(life, record->address))
            give_early(life);
    } else if (life->early && life->early_at == record->address) {
        life->early--;
    }
}

void threads_apply(struct threads *threads, const struct wire_record *record) {
    switch (record->kind) {
    case RECORD_THREAD_MADE:
        made(threads, record);
        break;
    case RECORD_THREAD_GIVEN:
        given(threads, record);
        break;
    case RECORD_TAKEN_BACK:
        taken_back(threads, record);
        break;
    }
}

void threads_each_held(const struct threads *threads, thread_visit *visit, void *context) {
    for (size_t i = 0; i < threads->count; i++)
        if (threads->all[i].held)
            visit(context, &threads->all[i].made);
}
