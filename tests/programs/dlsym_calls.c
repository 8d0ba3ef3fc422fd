// flags: -l:count.so
// Lookups that fail: the loader allocates the message of each, and frees it at the next.
#include "tests/programs/count.h"
#include "tests/programs/keep.h"

#include <dlfcn.h>

int main(void) {
    for (int i = 0; i < 100; i++) {
        MUST(!dlsym(RTLD_DEFAULT, "no_function_has_this_name"));
        MUST(dlerror());
        MUST(!dlopen("/nonexistent/library.so", RTLD_NOW));
        MUST(dlerror());
        MUST(dlsym(RTLD_DEFAULT, "malloc"));
    }
    return 0;
}
