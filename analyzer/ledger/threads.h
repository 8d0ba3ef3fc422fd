// A process's book of threads: which of them nobody has joined or detached. Events come in the order in which
// they happened (sequence.h), but for one thing: a thread's making is recorded after the real call, and by
// then it may have detached itself, or have been joined by another. So a thread that is given before it is
// known is remembered, and making says how far the sequence had come before it.
#pragma once

#include "preload/wire/record.h"

#include <stdint.h>

struct threads;

// Never NULL: these functions abort when memory runs out.
struct threads *threads_new(void);
void threads_free(struct threads *threads);

// THREAD_MADE, THREAD_GIVEN, or a TAKEN_BACK that may be another book's.
void threads_apply(struct threads *threads, const struct wire_record *record);

// One thread that was made and neither joined nor detached. It may run.
struct thread_held {
    uint64_t thread; // its pthread_t, as the process says
    uint32_t stack;  // of the call that made it
    uint8_t call;
};
typedef void thread_visit(void *context, const struct thread_held *held);
void threads_each_held(const struct threads *threads, thread_visit *visit, void *context);
