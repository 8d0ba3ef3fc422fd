// The loader's hooks. dlopen is not among them: it depends on its caller's RUNPATH, which would become ours.
#include "preload/attach.h"
#include "preload/hooks.h"
#include "preload/hooks_early.h"
#include "preload/module.h"
#include "preload/next.h"
#include "preload/real.h"
#include "preload/unwind.h"

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
