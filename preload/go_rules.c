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
#include "preload/machine.h"
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
static const char *const calls_c[] = {"runtime.asmcgocall", "runtime.asmcgocall_no_g", NULL};
static const char *const called_by_c[] = {"runtime.cgocallback", "runtime.cgocallback_gofunc", NULL};

// The caller is `distance` above sp, its return address right below that.
static struct frame_rule step_over(int32_t distance) {
    return (struct frame_rule){.kind = FRAME_STEP,
                               .cfa_base = FRAME_SP,
                               .cfa_offset = distance - MACHINE_RETURN_OFFSET,
                               .ra_base = FRAME_CFA,
                               .ra_offset = MACHINE_RETURN_OFFSET,
                               .fp_base = FRAME_SAME};
}

static struct frame_rule call_rule(const uint8_t *code, size_t bytes) {
    struct machine_go_call call;
    if (!machine_go_read_call(code, bytes, &call))
        return stuck;
    if (call.switched)
        return (struct frame_rule){
            .kind = FRAME_TO_GO, .ra_offset = call.g, .fp_offset = call.depth, .cfa_offset = call.opened};
    return (struct frame_rule){.kind = FRAME_STEP,
                               .cfa_base = FRAME_SP_LOADED,
                               .cfa_offset = call.stack,
                               .cfa_add = -MACHINE_RETURN_OFFSET,
                               .ra_base = FRAME_CFA,
                               .ra_offset = MACHINE_RETURN_OFFSET,
                               .fp_base = FRAME_SAME};
}

// C's frame pointer lies in the frame of the function through which C comes in.
static struct frame_rule from_c_rule(const struct go_table *table, const struct go_function *function,
                                     const uint8_t *code, size_t bytes, int32_t distance) {
    struct frame_rule rule = step_over(distance);
    size_t place;
    int16_t offset;
    int32_t there;
    if (!machine_go_read_saved_fp(code, bytes, &place, &offset) ||
        go_table_value(table, function, function->stack_values, function->start + place, &there) != 0)
        return stuck;
    int32_t slot = offset - there + MACHINE_RETURN_OFFSET; // from the CFA
    if (slot >= 0 || slot < INT16_MIN || slot % (int32_t)sizeof(uintptr_t) != 0)
        return stuck;
    rule.fp_base = FRAME_CFA;
    rule.fp_offset = (int16_t)slot;
    return rule;
}

static bool aligns(const uint8_t *code, size_t bytes) {
    for (size_t at = 0; at < bytes; at++)
        if (MACHINE_GO_ALIGNS(code + at, bytes - at))
            return true;
    return false;
}

// What the runtime has C do for it, mapping memory for instance, on a stack that may have been moved to a
// boundary.
static struct frame_rule aligned_rule(const uint8_t *code, size_t bytes, int32_t distance) {
    for (size_t at = 0; at < bytes; at++)
        if (MACHINE_GO_KEEPS_SP(code + at, bytes - at))
            return (struct frame_rule){.kind = FRAME_STEP,
                                       .cfa_base = FRAME_SP_LOADED,
                                       .cfa_add = distance - MACHINE_RETURN_OFFSET,
                                       .ra_base = FRAME_CFA,
                                       .ra_offset = MACHINE_RETURN_OFFSET,
                                       .fp_base = FRAME_SAME};
    return stuck;
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

static struct frame_rule rule_in(const struct go_table *table, uintptr_t address) {
    struct go_function function, next;
    if (go_table_find(table, address, &function) != 0)
        return stuck;
    const uint8_t *code = (const uint8_t *)function.start;
    size_t bytes = address + 1 - function.start; // up to and with the call
    if (address + 1 == function.end && !(bytes >= MACHINE_CALL_BYTES && machine_is_call(code + bytes)) &&
        go_table_find(table, address + 1, &next) == 0)
        return entry_rule(table, &next);

    const char *name = go_table_name(table, function.name);
    int32_t distance;
    if (function.stack_values == 0)
        return (struct frame_rule){.kind = FRAME_FOREIGN};
    if (is_one_of(name, outermost))
        return (struct frame_rule){.kind = FRAME_END};
    if (is_one_of(name, calls_c))
        return call_rule(code, bytes);
    if (go_table_value(table, &function, function.stack_values, address, &distance) != 0 || distance < 0 ||
        distance % (int32_t)sizeof(uintptr_t) != 0)
        return stuck;
    if (is_named(name, "crosscall2"))
        return from_c_rule(table, &function, code, bytes, distance);
    if (is_named(name, MACHINE_GO_LIBRARY_ENTRY)) {
        if (aligns(code, bytes))
            distance += (MACHINE_GO_ENTRY_MISALIGNED - distance) & (MACHINE_GO_ALIGNMENT - 1);
        return from_c_rule(table, &function, code, bytes, distance);
    }
    if (is_one_of(name, called_by_c) && machine_go_read_callback(code, bytes))
        return (struct frame_rule){.kind = FRAME_TO_C, .cfa_offset = distance - MACHINE_RETURN_OFFSET};
    return aligns(code, bytes) ? aligned_rule(code, bytes, distance) : step_over(distance);
}

bool go_rule(uintptr_t address, const struct dl_find_object *found, struct frame_rule *rule) {
    const struct go_table *table = go_modules_table(address, found);
    if (!table)
        return false;
    *rule = rule_in(table, address);
    return true;
}
