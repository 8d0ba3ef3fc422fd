// The hooks of threads. A thread that is neither joined nor detached leaves its stack behind when it ends;
// the analyzer finds the stack by the pthread_t. That a thread is joined or detached is recorded before the
// real call, and taken back if that failed. A thread that is cancelled while it joins leaves the record as it
// is: the other's stack is then not reported.
//
// C11's functions do not call POSIX's through the PLT. Nothing here wraps what the thread runs.
#include "preload/hooks.h"
#include "preload/phase.h"
#include "preload/probe.h"
#include "preload/real.h"
#include "preload/record_numbered.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

static inline bool early(void) {
    return unlikely(phase == PHASE_EARLY);
}

// A detached thread gives its stack back by itself; a stack that the program brought is the program's.
static bool leaves_a_stack(const pthread_attr_t *attributes) {
    int state = PTHREAD_CREATE_JOINABLE;
    void *stack = NULL;
    size_t bytes = 0;
    if (!attributes)
        return true;
    pthread_attr_getdetachstate(attributes, &state);
    pthread_attr_getstack(attributes, &stack, &bytes); // of none, it ends at address 0
    return state == PTHREAD_CREATE_JOINABLE && (uintptr_t)stack + bytes == 0;
}

// The new thread may have freed, or even unmapped, the place that the call wrote its pthread_t to.
static void made(uint8_t call, const pthread_t *place, uint64_t begun, const struct frame_state *caller) {
    if (probe_word((uintptr_t)place))
        record_thread_made(call, *place, begun, caller);
}

HOOKED int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                          void *argument) {
    if (early())
        return EAGAIN;
    bool leaves = leaves_a_stack(attributes);
    uint64_t begun = record_thread_begins();
    int bad = real.pthread_create(thread, attributes, start, argument);
    if (!bad && leaves)
        made(CALL_pthread_create, thread, begun, CALLER());
    return bad;
}

HOOKED int thrd_create(thrd_t *thread, thrd_start_t start, void *argument) {
    if (early())
        return thrd_error;
    uint64_t begun = record_thread_begins();
    int bad = real.thrd_create(thread, start, argument);
    if (bad == thrd_success)
        made(CALL_thrd_create, thread, begun, CALLER());
    return bad;
}

// Before the constructor there is no thread.
#define GIVE(name, call, thread, ...)                                                                        \
    if (early())                                                                                             \
        return ESRCH;                                                                                        \
    uint64_t number = record_thread_given(call, thread);                                                     \
    int bad = real.name(__VA_ARGS__);                                                                        \
    if (bad)                                                                                                 \
        record_taken_back(call, number, thread, 0);                                                          \
    return bad;

HOOKED int pthread_join(pthread_t thread,
                        void **result){GIVE(pthread_join, CALL_pthread_join, thread, thread, result)}

HOOKED int pthread_tryjoin_np(pthread_t thread, void **result){
    GIVE(pthread_tryjoin_np, CALL_pthread_join, thread, thread, result)}

HOOKED int pthread_timedjoin_np(pthread_t thread, void **result, const struct timespec *deadline){
    GIVE(pthread_timedjoin_np, CALL_pthread_join, thread, thread, result, deadline)}

HOOKED int pthread_clockjoin_np(pthread_t thread, void **result, clockid_t clock,
                                const struct timespec *deadline){
    GIVE(pthread_clockjoin_np, CALL_pthread_join, thread, thread, result, clock, deadline)}

HOOKED int pthread_detach(pthread_t thread){GIVE(pthread_detach, CALL_pthread_detach, thread, thread)}

// The status of these two before the constructor is no thrd_success either, which is all that is promised.
HOOKED int thrd_join(thrd_t thread, int *result){GIVE(thrd_join, CALL_pthread_join, thread, thread, result)}

HOOKED int thrd_detach(thrd_t thread) {
    GIVE(thrd_detach, CALL_pthread_detach, thread, thread)
}
