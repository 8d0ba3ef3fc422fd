// Resolves what the hooks forward to. Never called from inside a hook: close and friends must stay
// async-signal-safe, so everything is looked up in the constructor.
#include "preload/real.h"

#include <dlfcn.h>

struct real_functions real;

void real_resolve(void) {
#define HOOK(name, type, parameters) real.name = (type(*) parameters)dlsym(RTLD_NEXT, #name);
#include "preload/hooks.def"
#undef HOOK
}
