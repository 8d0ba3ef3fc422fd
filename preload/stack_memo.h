// A thread's last walk, frame by frame, so that the next one only walks what is new.
//
// Unwinding is a pure function of a frame's state (pc, sp, fp) and of the stack slots that its step reads. So
// when a new walk comes to a state that the last walk had too, and all slots that the last walk read from
// there on still hold the same words, the rest of the walk is the same, exactly. The slots are read again in
// the order of the walk, each before what it vouches for: no word is read that the real walk would not have
// read.
//
// Most code keeps no frame pointer, and then fp is any number that the program works with. Where no step from
// a frame on outward reads it before a step loads a new one from the stack (uses_fp is false), states are the
// same whatever it is.
//
// Entries are kept from the outermost frame (index 0) inward: what changes between walks is the end of the
// array.
#pragma once

#include "preload/module.h"
#include "preload/unwind.h"
#include "preload/wire/layout.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    MEMO_FRAMES = WIRE_DEPTH_MAX, // deeper stacks are walked anew each time
    MEMO_SEEN = 256,
};

enum memo_kind {
    MEMO_PLAIN, // stepped by a plain rule: the slots follow from the caller's state and fp_slot
    MEMO_TO_GO, // stepped from C to a goroutine's stack (unwind_go.h)
    MEMO_OTHER, // stepped otherwise: to be stepped again
    MEMO_END,   // the outermost frame, whatever the stack holds
    MEMO_ZERO,  // the outermost frame, because its return address is 0: to be stepped again
    MEMO_STUCK, // nobody could tell its caller
};

struct memo_frame {
    uintptr_t pc, sp, fp; // the state; of MEMO_TO_GO, which never reads fp, fp is the goroutine's address
    uint64_t hash;        // of the stack from the outermost frame to this one (wire/stacks.h)
    uint32_t node;        // its id in the stack table; 0: not looked up yet
    uint32_t module;      // module index and STACK_ flags
    uint8_t kind;         // enum memo_kind
    uint8_t fp_slot;      // of MEMO_PLAIN, see unwind_step.h
    bool exact;
    bool fp_based; // of MEMO_PLAIN, likewise
    bool uses_fp;  // the walk from here on depends on fp
};

// What a plain step read, as one word to compare. Kept apart from the frames, densely: comparing them all is
// what most walks are.
struct memo_check {
    uintptr_t slot; // the return address's; or the memo's never, where there is more to it
    uintptr_t word; // what it held
};

struct stack_memo {
    uint32_t count;                        // frames that are valid
    uint32_t unloads;                      // module_unloads() when they were made
    uintptr_t never;                       // always 0: compared with 1 where a comparison must fail
    struct memo_check checks[MEMO_FRAMES]; // of the step from frames[i] to frames[i - 1]
    struct memo_frame frames[MEMO_FRAMES];
    union {
        struct memo_frame fresh[MEMO_FRAMES];       // of the walk in progress, innermost first
        struct walked_frame walked[WIRE_DEPTH_MAX]; // of a stack that is too deep for the memo
    };
    struct {
        uintptr_t pc;
        uint32_t module, unloads;
    } seen[MEMO_SEEN];               // modules of addresses, looked up under this number of unloads
    struct module_identity identity; // room for module_of
};

// Whoever had the memo before knows nothing that holds for its next owner.
void stack_memo_begin(struct stack_memo *memo);

// Walks from start outward; afterwards frames[0, count) are the stack. False if it is deeper than the memo:
// then the memo is empty. Async-signal-safe; the memo must not be in use.
bool stack_memo_walk(struct stack_memo *memo, const struct frame_state *start);

// The module of a frame's address, by the memo's cache.
uint32_t stack_memo_module(struct stack_memo *memo, uintptr_t pc, bool exact);
