// See go_rules.h. An ordinary Go function's caller is a fixed distance above sp, which the table's pc values
// tell for each address. Some functions of the runtime change stacks, or are where one ends; they are known
// by name.
//
// While a walk is on Go frames, the fp of its state is not the frame pointer, which no Go frame needs, but
// C's stack pointer as it was when C called Go: that of the runtime's frame where C's frames go on outward,
// if this goroutine runs a callback. FRAME_TO_GO sets it, FRAME_TO_C uses it, and all rules between hand it
// on.
//
// Must not: take locks, call libc beyond string functions. Called by unwind_learn.c under the gate.

#include "preload/go_rules.h"

#include "preload/go_modules.h"
#include "preload/machine_go.h"

static const struct frame_rule stuck = {.kind = FRAME_STUCK};

// The function's own name, without the marks that assembly functions' doubles have.
static bool is_named(const char *name, const char *wanted) {
    size_t length = strlen(wanted);
    return strncmp(name, wanted, length) == 0 &&
           (name[length] == '\0' || strcmp(name + length, ".abi0") == 0);
}

static bool is_one_of(const char *name, const char *const names[]) {
    for (; *names; names++)
        if (is_named(name, *names))
            return true;
    return false;
}

// Where stacks begin: a goroutine's, a thread's, and what the runtime does on its own stack on a goroutine's
// behalf, which its own tracebacks end at too.
static const char *const outermost[] = {
    "runtime.goexit",    "runtime.mstart",      "runtime.rt0_go",           "runtime.mcall",
    "runtime.morestack", "runtime.systemstack", "runtime.morestack_noctxt", NULL,
};

static const char *const signal_returns[] = {"runtime.sigreturn", "runtime.sigreturn__sigaction", NULL};
// The last is Go 1.4's.
static const char *const calls_c[] = {"runtime.asmcgocall", "runtime.asmcgocall_no_g", "asmcgocall", NULL};
static const char *const library_entries[] = {MACHINE_GO_LIBRARY_ENTRIES, NULL};
static const char *const called_by_c[] = {"runtime.cgocallback", "runtime.cgocallback_gofunc", NULL};

enum { FRAME_BYTES_MOST = 1 << 30 }; // no stack is larger

// What rules are made from.
struct place {
    const struct go_table *table;
    const struct go_function *function;
    const uint8_t *code;
    size_t bytes; // of code, up to and with the call
};

// Bytes between sp and the caller's at an offset in the function. False: not known.
static bool frame_bytes_at(const struct place *place, size_t offset, int32_t *bytes) {
    int32_t value;
    if (go_table_value(place->table, place->function, place->function->stack_values,
                       place->function->start + offset, &value) != 0 ||
        value < 0 || value > FRAME_BYTES_MOST || value % (int32_t)sizeof(uintptr_t) != 0)
        return false;
    *bytes = value + MACHINE_GO_PUSHED_BYTES;
    return true;
}

// The caller's sp is frame_bytes above sp, or above what is kept at sp + kept; its pc at pc_slot from there.
static struct frame_rule step_over(int32_t frame_bytes, int32_t pc_slot) {
    bool is_near = pc_slot >= INT16_MIN; // else it is near sp
    return (struct frame_rule){.kind = FRAME_STEP,
                               .cfa_base = FRAME_SP,
                               .cfa_offset = frame_bytes,
                               .ra_base = is_near ? FRAME_CFA : FRAME_SP,
                               .ra_offset = (int16_t)(is_near ? pc_slot : frame_bytes + pc_slot),
                               .fp_base = FRAME_SAME};
}

static struct frame_rule step_over_kept(int16_t kept, int32_t frame_bytes, int32_t pc_slot) {
    struct frame_rule rule = step_over(kept, pc_slot);
    rule.cfa_base = FRAME_SP_LOADED;
    rule.cfa_add = frame_bytes;
    return rule;
}

static struct frame_rule ordinary_rule(const struct place *place, int32_t frame_bytes) {
    int32_t pc_slot;
    return machine_go_read_return(place->code, place->bytes, frame_bytes, &pc_slot)
               ? step_over(frame_bytes, pc_slot)
               : stuck;
}

// The function before it changes stacks is like any other, and so is its double that calls it.
static struct frame_rule call_rule(const struct place *place) {
    struct machine_go_call call;
    int32_t frame_bytes, pc_slot;
    if (!machine_go_read_call(place->code, place->bytes, &call))
        return !machine_go_moves_sp(place->code, place->bytes) &&
                       frame_bytes_at(place, place->bytes - 1, &frame_bytes)
                   ? ordinary_rule(place, frame_bytes)
                   : stuck;
    if (!frame_bytes_at(place, call.taken, &frame_bytes) ||
        !machine_go_read_return(place->code, call.taken, frame_bytes, &pc_slot))
        return stuck;
    if (call.switched)
        return (struct frame_rule){.kind = FRAME_TO_GO,
                                   .ra_offset = call.g,
                                   .fp_offset = call.depth,
                                   .cfa_offset = call.opened,
                                   .cfa_add = frame_bytes};
    return step_over_kept(call.stack, frame_bytes, pc_slot);
}

// C's frame pointer lies in the frame of the function through which C comes in. lost: bytes that moving sp to
// a boundary took.
static struct frame_rule from_c_rule(const struct place *place, int32_t frame_bytes, int32_t lost) {
    struct machine_go_saved saved;
    int32_t there, pc_slot;
    if (!machine_go_read_saved(place->code, place->bytes, &saved) ||
        !frame_bytes_at(place, saved.place, &there))
        return stuck;
    if (machine_go_moves_sp(place->code, saved.place))
        there += lost;
    if (saved.has_pc)
        pc_slot = saved.pc - there;
    else if (!machine_go_read_return(place->code, place->bytes, frame_bytes, &pc_slot))
        return stuck;
    int32_t fp_slot = saved.fp - there;
    if (fp_slot >= 0 || pc_slot >= 0 || fp_slot < INT16_MIN || fp_slot % (int32_t)sizeof(uintptr_t) != 0)
        return stuck;
    struct frame_rule rule = step_over(frame_bytes + lost, pc_slot);
    rule.fp_base = FRAME_CFA;
    rule.fp_offset = (int16_t)fp_slot;
    return rule;
}

// What the runtime has C do for it, mapping memory for instance, on a stack that may have been moved to a
// boundary.
static struct frame_rule moved_rule(const struct place *place, int32_t frame_bytes) {
    int32_t pc_slot;
    return machine_go_keeps_sp(place->code, place->bytes) &&
                   machine_go_read_return(place->code, place->bytes, frame_bytes, &pc_slot)
               ? step_over_kept(0, frame_bytes, pc_slot)
               : stuck;
}

// A return address that is a function's first byte was planted there, unless a call ends right before it (to
// a function that never returns). The kernel comes back from signal handlers through such a one.
static struct frame_rule entry_rule(const struct go_table *table, const struct go_function *entered) {
    if (is_one_of(go_table_name(table, entered->name), signal_returns))
        return (struct frame_rule){.kind = FRAME_SIGNAL,
                                   .cfa_base = FRAME_SP_LOADED,
                                   .cfa_offset = MACHINE_GO_SIGNAL_SP,
                                   .ra_base = FRAME_SP,
                                   .ra_offset = MACHINE_GO_SIGNAL_PC,
                                   .fp_base = FRAME_SP,
                                   .fp_offset = MACHINE_GO_SIGNAL_FP};
    return stuck;
}

static struct frame_rule rule_of(const struct place *place, const char *name) {
    int32_t frame_bytes;
    if (is_one_of(name, outermost))
        return (struct frame_rule){.kind = FRAME_END};
    if (is_one_of(name, calls_c))
        return call_rule(place);
    if (!frame_bytes_at(place, place->bytes - 1, &frame_bytes))
        return stuck;
    bool moved = machine_go_moves_sp(place->code, place->bytes);
    if (is_named(name, "crosscall2"))
        return from_c_rule(place, frame_bytes, 0);
    if (is_one_of(name, library_entries))
        return from_c_rule(place, frame_bytes, moved ? machine_go_entry_lost(frame_bytes) : 0);
    if (is_one_of(name, called_by_c))
        return machine_go_read_callback(place->code, place->bytes)
                   ? (struct frame_rule){.kind = FRAME_TO_C, .cfa_offset = frame_bytes}
                   : ordinary_rule(place, frame_bytes);
    return moved ? moved_rule(place, frame_bytes) : ordinary_rule(place, frame_bytes);
}

static struct frame_rule rule_in(const struct go_table *table, uintptr_t address) {
    struct go_function function, next;
    if (go_table_find(table, address, &function) != 0)
        return stuck;
    const uint8_t *code = (const uint8_t *)function.start;
    size_t bytes = address + 1 - function.start; // up to and with the call
    if (address + 1 == function.end && !machine_go_ends_with_call(code, bytes) &&
        go_table_find(table, address + 1, &next) == 0)
        return entry_rule(table, &next);
    if (function.stack_values == 0)
        return (struct frame_rule){.kind = FRAME_FOREIGN};
    const struct place place = {table, &function, code, bytes};
    return rule_of(&place, go_table_name(table, function.name));
}

bool go_rule(uintptr_t address, const struct dl_find_object *found, struct frame_rule *rule) {
    const struct go_table *table = go_modules_table(address, found);
    if (!table)
        return false;
    *rule = rule_in(table, address);
    return true;
}
