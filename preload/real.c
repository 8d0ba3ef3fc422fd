// Resolves what the hooks forward to. Never called from inside a hook but before the constructor: close and
// friends must stay async-signal-safe, so everything is looked up there.
#include "preload/real.h"
#include "preload/arena_early.h"

#include <dlfcn.h>
#include <errno.h>

struct real_functions real;

void real_resolve(void) {
#define HOOK(name, type, parameters) real.name = (type(*) parameters)dlsym(RTLD_NEXT, #name);
#include "preload/hooks.def"
#undef HOOK
}

// Weak, so that the compiler does not take them for known: they are NULL until the loader has relocated this
// library.
extern __typeof__(dlsym) dlsym __attribute__((weak));
extern __typeof__(__errno_location) __errno_location __attribute__((weak));

void real_resolve_early(void) {
    static bool begun; // looking up may run resolvers that come here again
    if (begun || real.malloc || !dlsym)
        return;
    begun = true;
    early_mark_own(true); // the loader allocates for what it does not find
    real_resolve();
    early_mark_own(false);
}

void real_errno_early(int error) {
    if (__errno_location)
        errno = error;
}
