// The loader's hooks. dlopen is not among them: it depends on its caller's RUNPATH, which would become ours.
#include "preload/attach.h"
#include "preload/hooks.h"
#include "preload/module.h"
#include "preload/real.h"
#include "preload/unwind.h"

HOOKED int dlclose(void *handle) {
    int result = real.dlclose(handle);
    if (attach_on()) {
        module_note_unload();
        unwind_forget_unloaded();
    }
    return result;
}
