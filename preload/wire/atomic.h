// The only place that names memory orders. Each helper carries its order in its name; the call site says
// which labelled edge it is an end of (see ring.h, stacks.h), or why relaxed is enough.
#pragma once

#include <stdint.h>

#define atomic_load_relaxed(p)        __atomic_load_n((p), __ATOMIC_RELAXED)
#define atomic_load_acquire(p)        __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define atomic_store_relaxed(p, v)    __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define atomic_store_release(p, v)    __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define atomic_add_relaxed(p, v)      __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
#define atomic_or_relaxed(p, v)       __atomic_fetch_or((p), (v), __ATOMIC_RELAXED)
#define atomic_add_acq_rel(p, v)      __atomic_fetch_add((p), (v), __ATOMIC_ACQ_REL)
#define atomic_exchange_acq_rel(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL)
#ifdef __SANITIZE_THREAD__ // gcc's does not know fences: an exchange on a word of one's own orders as much on
                           // our machines
#define atomic_fence_seq_cst() ((void)__atomic_exchange_n(&(uint32_t){0}, 0, __ATOMIC_SEQ_CST))
#else
#define atomic_fence_seq_cst() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#endif
// Strong compare and swap: *expected receives what was there on failure. True if it was swapped.
#define atomic_cas_acq_rel(p, expected, desired)                                                             \
    __atomic_compare_exchange_n((p), (expected), (desired), 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)

// Ordering against a signal handler of the same thread only: stops the compiler, costs no instruction.
#define atomic_signal_barrier() __atomic_signal_fence(__ATOMIC_SEQ_CST)
