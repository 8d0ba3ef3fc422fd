// See stack_memo.h. Called by stack.c for every acquire.
#include "preload/stack_memo.h"

#include "preload/machine.h"
#include "preload/phase.h"
#include "preload/unwind_go.h"
#include "preload/unwind_step.h"

#include <string.h>

enum { DETOURS = 64 }; // as in unwind.c: times that sp may go down

// A walk in progress.
struct walking {
    struct stack_memo *memo;
    uint32_t keep;  // frames[0, keep) of the last walk may still be right
    uint32_t fresh; // frames found so far that are not among them
    int detours;    // steps so far that did not raise sp
    bool deep;      // there was no room for all, or no end to the detours
};

static inline bool is_state(const struct memo_frame *frame, const struct unwind_state *state) {
    return frame->pc == state->pc && frame->sp == state->sp && (frame->fp == state->fp || !frame->uses_fp) &&
           frame->exact == state->exact;
}

static inline struct unwind_state state_of(const struct memo_frame *frame) {
    return (struct unwind_state){frame->pc, frame->sp, frame->fp, frame->exact};
}

__attribute__((no_sanitize("address", "thread"))) static inline uintptr_t load(uintptr_t slot) {
    return *(const volatile uintptr_t *)slot;
}

// The words of a plain step, all of them, with the fp that matters to the caller.
static bool still_steps(const struct memo_frame *frame) {
    const struct memo_frame *caller = frame - 1;
    uintptr_t slot = caller->sp + MACHINE_RETURN_OFFSET;
    return load(slot) == caller->pc && (!caller->uses_fp || !frame->fp_slot ||
                                        load(slot - frame->fp_slot * sizeof(uintptr_t)) == caller->fp);
}

// A step that need not be made again: do the words that it read hold?
static inline bool still_holds(const struct memo_frame *frame) {
    if (likely(frame->kind == MEMO_PLAIN))
        return still_steps(frame);
    const struct memo_frame *caller = frame - 1;
    return frame->kind == MEMO_TO_GO &&
           unwind_still_to_go(frame->pc, frame->sp, frame->fp, caller->pc, caller->sp);
}

// From a frame that is known to be the walk's, outward as long as plain steps come out as they did. Returns
// the first frame whose step has to be made again (or is the outermost).
static inline uint32_t verify(const struct stack_memo *memo, uint32_t at) {
    for (;;) {
        while (load(memo->checks[at].slot) == memo->checks[at].word)
            at--; // the outermost frame's check never succeeds
        if (at == 0 || !still_holds(&memo->frames[at]))
            return at;
        at--;
    }
}

static inline void push(struct walking *w, const struct memo_frame *frame) {
    if (w->fresh + w->keep >= MEMO_FRAMES)
        w->deep = true;
    else
        w->memo->fresh[w->fresh++] = *frame;
}

// Makes a step and describes the frame it was made from.
static inline enum step_result step(struct unwind_state *state, struct stack_bounds *bounds,
                                    struct memo_frame *frame) {
    struct step_trace trace;
    uint32_t flags = state->exact ? STACK_EXACT_PC : 0;
    *frame = (struct memo_frame){.pc = state->pc, .sp = state->sp, .fp = state->fp, .exact = state->exact};
    enum step_result result = unwind_step(state, bounds, &flags, &trace);
    bool zero = result == STEP_CALLER && state->pc == 0 && !state->exact; // nobody called
    frame->module = flags;
    frame->fp_slot = trace.fp_slot;
    frame->fp_based = trace.fp_based;
    frame->kind = zero                    ? MEMO_ZERO
                  : result == STEP_END    ? MEMO_END
                  : result == STEP_FAILED ? MEMO_STUCK
                  : trace.plain           ? MEMO_PLAIN
                  : trace.goroutine       ? MEMO_TO_GO
                                          : MEMO_OTHER;
    if (frame->kind == MEMO_TO_GO)
        frame->fp = trace.goroutine;
    return zero ? STEP_END : result;
}

// Too many are left to unwind_walk, which knows where to stop whatever was walked before. Plain steps are
// none.
static inline void count_detour(struct walking *w, const struct memo_frame *from,
                                const struct unwind_state *to, enum step_result result) {
    if (result == STEP_CALLER && to->sp <= from->sp && ++w->detours > DETOURS)
        w->deep = true;
}

// Is the fp of a frame that was verified, not walked, the true one? Or if not, does the next step load a new
// one?
static inline bool may_step_from(const struct memo_frame *frame) {
    return frame->uses_fp || frame->fp_slot;
}

// The walk has come to frames[at]. If all outward of it still holds, keeps it and returns STEP_END. Else
// moves the frames that hold to the fresh ones and returns the result of the first step that came out
// differently, with its state. Where that step would need an fp that nobody looked at, keeps only what lies
// beyond and leaves the state alone: all up to there is walked again.
static enum step_result follow(struct walking *w, uint32_t at, struct unwind_state *state,
                               struct stack_bounds *bounds) {
    struct memo_frame *frames = w->memo->frames;
    struct unwind_state start = *state;
    for (uint32_t good = at;;) {
        good = verify(w->memo, good);
        if (frames[good].kind == MEMO_END && good == 0) {
            w->keep = at + 1;
            return STEP_END;
        }
        if (good != at && !may_step_from(&frames[good])) {
            w->keep = good;
            *state = start;
            *bounds = unwind_bounds(state->sp);
            return STEP_CALLER;
        }
        *state = good == at ? start : state_of(&frames[good]);
        *bounds = unwind_bounds(state->sp);
        struct memo_frame again;
        enum step_result result = step(state, bounds, &again);
        count_detour(w, &again, state, result);
        bool same =
            again.kind == frames[good].kind && again.module == (frames[good].module & ~STACK_MODULE_MASK);
        if (same && good > 0 && is_state(&frames[good - 1], state)) {
            good--;
            continue;
        }
        if (same && good == 0 && result != STEP_CALLER) {
            w->keep = at + 1;
            return STEP_END;
        }
        w->keep = good;
        for (uint32_t i = at; i > good; i--)
            push(w, &frames[i]);
        push(w, &again);
        if (result != STEP_CALLER)
            w->keep = 0;
        return result;
    }
}

static void walk(struct walking *w, struct unwind_state state) {
    struct memo_frame *frames = w->memo->frames;
    struct stack_bounds bounds = unwind_bounds(state.sp);
    while (!w->deep) {
        while (w->keep > 0 && frames[w->keep - 1].sp < state.sp)
            w->keep--;
        enum step_result result;
        if (w->keep > 0 && is_state(&frames[w->keep - 1], &state)) {
            result = follow(w, w->keep - 1, &state, &bounds);
        } else {
            struct memo_frame frame;
            result = step(&state, &bounds, &frame);
            count_detour(w, &frame, &state, result);
            push(w, &frame);
            if (result != STEP_CALLER)
                w->keep = 0;
        }
        if (result != STEP_CALLER)
            return;
    }
}

// What later walks want to know of the step from a frame that was just appended.
static inline void describe_step(struct stack_memo *memo, uint32_t at) {
    struct memo_frame *frame = &memo->frames[at];
    const struct memo_frame *caller = frame - 1;
    bool plain = frame->kind == MEMO_PLAIN;
    if (plain)
        frame->uses_fp = frame->fp_based || (!frame->fp_slot && caller->uses_fp);
    else
        frame->uses_fp = frame->kind != MEMO_END && frame->kind != MEMO_TO_GO;
    bool one_word = plain && !(caller->uses_fp && frame->fp_slot);
    memo->checks[at] = one_word ? (struct memo_check){caller->sp + MACHINE_RETURN_OFFSET, caller->pc}
                                : (struct memo_check){(uintptr_t)&memo->never, 1};
}

// Puts the fresh frames behind those that were kept, and rolls the hash on.
static void append_fresh(struct walking *w) {
    struct stack_memo *memo = w->memo;
    struct memo_frame *frames = memo->frames;
    uint64_t hash = STACK_HASH_START;
    if (w->keep)
        hash = frames[w->keep - 1].hash;
    else if (w->fresh && memo->fresh[w->fresh - 1].kind == MEMO_STUCK)
        hash = stack_hash_add(hash, 0, STACK_TRUNCATED);
    for (uint32_t i = w->fresh; i-- > 0;) {
        struct memo_frame *frame = &frames[w->keep++];
        *frame = memo->fresh[i];
        frame->module =
            (frame->module & ~STACK_MODULE_MASK) | stack_memo_module(memo, frame->pc, frame->exact);
        hash = stack_hash_add(hash, frame->pc, frame->module);
        frame->hash = hash;
        frame->node = 0;
        describe_step(memo, w->keep - 1);
    }
    memo->count = w->keep;
}

static void walk_blind(struct stack_memo *memo, const struct frame_state *start) {
    memo->fresh[0] = (struct memo_frame){.pc = start->pc, .sp = start->sp, .kind = MEMO_STUCK};
    append_fresh(&(struct walking){.memo = memo, .fresh = 1});
}

void stack_memo_begin(struct stack_memo *memo) {
    memo->count = 0;
    memo->never = 0;
    memset(memo->seen, 0, sizeof memo->seen);
}

// Most walks: all frames were there the last time.
static inline bool is_known(struct stack_memo *memo, const struct unwind_state *state) {
    uint32_t keep = memo->count;
    while (keep > 0 && memo->frames[keep - 1].sp < state->sp)
        keep--;
    if (keep == 0 || !is_state(&memo->frames[keep - 1], state) || verify(memo, keep - 1) != 0 ||
        memo->frames[0].kind != MEMO_END)
        return false;
    memo->count = keep;
    return true;
}

bool stack_memo_walk(struct stack_memo *memo, const struct frame_state *start) {
    struct unwind_state state = {start->pc, start->sp, start->fp, false};
    uint32_t unloads = module_unloads();
    if (unlikely(memo->unloads != unloads)) // an address may mean another module than it did
        memo->count = 0;
    memo->unloads = unloads;
    if (likely(is_known(memo, &state)))
        return true;
    if (unlikely(!unwind_ready())) {
        walk_blind(memo, start);
        return true;
    }
    struct walking w = {.memo = memo, .keep = memo->count};
    walk(&w, state);
    if (w.deep) {
        memo->count = 0;
        return false;
    }
    append_fresh(&w);
    return true;
}

uint32_t stack_memo_module(struct stack_memo *memo, uintptr_t pc, bool exact) {
    uint32_t at = (uint32_t)(pc ^ pc >> 9) % MEMO_SEEN;
    if (memo->seen[at].pc == pc && memo->seen[at].unloads == memo->unloads)
        return memo->seen[at].module;
    uint32_t module = module_of(&memo->identity, exact ? pc : pc - 1);
    if (!module) // a library may be loaded there later, which nobody tells us
        return 0;
    memo->seen[at].pc = pc;
    memo->seen[at].module = module;
    memo->seen[at].unloads = memo->unloads;
    return module;
}
