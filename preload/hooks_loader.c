// The loader's hooks. What dlopen and dlmopen do depends on their caller (its RUNPATH, its namespace), which
// must not become ours: they have no frame (hooks_tail.c), and only what they are asked for is looked at
// here.
#include "preload/attach.h"
#include "preload/hooks.h"
#include "preload/hooks_early.h"
#include "preload/module.h"
#include "preload/next.h"
#include "preload/real.h"
#include "preload/tail.h"
#include "preload/unwind.h"

#include <dlfcn.h>

void *tail_dlopen(const char *path, int flags) {
    if (unlikely(phase == PHASE_EARLY))
        real_resolve_early();
    else if (path && (flags & RTLD_DEEPBIND))
        attach_note(NOTE_DEEP_BOUND);
    return (void *)real.dlopen;
}

void *tail_dlmopen(long space, const char *path, int flags) {
    if (unlikely(phase == PHASE_EARLY))
        real_resolve_early();
    else if (space != LM_ID_BASE)
        attach_note(NOTE_NAMESPACE);
    else if (path && (flags & RTLD_DEEPBIND))
        attach_note(NOTE_DEEP_BOUND);
    return (void *)real.dlmopen;
}

HOOKED int dlclose(void *handle) {
    EARLY(EARLY_REAL(dlclose, (handle), early_fails()));
    next_forget(); // before as well: what another thread loads meanwhile may lie where this library lay
    int result = real.dlclose(handle);
    next_forget();
    if (attach_on()) {
        unwind_forget_unloaded(); // first: a memo that begins anew must not take up a rule of what is gone
        module_note_unload();
    }
    return result;
}
