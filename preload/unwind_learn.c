// See unwind_learn.h. Called by unwind_step.c; blocks signals and holds the gate while libunwind works.

#include "preload/unwind_learn.h"

#include "preload/derive.h"
#include "preload/go_modules.h"
#include "preload/go_rules.h"
#include "preload/unwind.h"
#include "preload/unwind_gate.h"
#include "preload/unwind_objects.h"

#include <dlfcn.h>

int unwind_learn_start(void) {
    int result = frame_rules_start();
    if (result == 0)
        result = derive_load();
    if (result == 0)
        unwind_learn(
            (uintptr_t)
                unwind_learn_start); // libunwind sets itself up on its first step: now rather than later
    return result;
}

// Between two looks at the table another thread may have derived the rule.
static packed_rule learn_in_gate(uintptr_t address, const struct dl_find_object *found) {
    packed_rule packed = frame_rules_find(address);
    if (packed)
        return packed;
    struct frame_rule rule = derive_rule(address, found);
    if (rule.kind == FRAME_NO_INFO)
        go_rule(address, found, &rule);
    packed = frame_rules_pack(&rule);
    if (!packed)
        packed = PACKED_COMPLEX; // no room aside: slow, but right
    unwind_objects_note(found);
    frame_rules_insert(address, packed);
    return packed;
}

__attribute__((noinline)) packed_rule unwind_learn(uintptr_t address) {
    // Outside of objects there is nothing to derive and nothing to keep: a library may be loaded there later.
    struct dl_find_object found;
    if (_dl_find_object((void *)address, &found) != 0)
        return PACKED_NO_INFO;
    struct gate_visit visit;
    if (gate_enter(&visit) != 0)
        return 0;
    packed_rule packed = learn_in_gate(address, &found);
    gate_leave(&visit);
    return packed;
}

__attribute__((noinline)) enum step_result unwind_step_complex(struct unwind_state *state) {
    struct machine_registers registers;
    machine_capture(&registers);
    struct gate_visit visit;
    if (gate_enter(&visit) != 0)
        return STEP_FAILED;
    enum step_result result = derive_real_step(&registers, state);
    gate_leave(&visit);
    return result;
}

__attribute__((noinline)) size_t unwind_real_walk(const struct unwind_state *start, uintptr_t *pcs,
                                                  size_t limit, bool *ended) {
    struct machine_registers registers;
    machine_capture(&registers);
    struct gate_visit visit;
    *ended = false;
    if (gate_enter(&visit) != 0)
        return 0;
    size_t count = derive_real_walk(&registers, start, pcs, limit, ended);
    gate_leave(&visit);
    return count;
}

void unwind_forget_unloaded(void) {
    struct gate_visit visit;
    if (gate_enter(&visit) != 0)
        return;
    unwind_objects_forget();
    go_modules_forget();
    gate_leave(&visit);
}

void unwind_before_fork(void) {
    gate_before_fork();
}

void unwind_after_fork(void) {
    gate_after_fork();
}
