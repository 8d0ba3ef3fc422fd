// The loader's hooks. dlopen is not among them: it depends on its caller's RUNPATH, which would become ours.
#include "preload/attach.h"
#include "preload/hooks.h"
#include "preload/module.h"
#include "preload/next.h"
#include "preload/real.h"
#include "preload/unwind.h"

HOOKED int dlclose(void *handle) {
    next_forget(); // before as well: what another thread loads meanwhile may lie where this library lay
    int result = real.dlclose(handle);
    next_forget();
    if (attach_on()) {
        module_note_unload();
        unwind_forget_unloaded();
    }
    return result;
}
