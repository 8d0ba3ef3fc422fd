// Loads a plugin, lets it leak, unloads it; then another of the same size, which the loader puts at the same
// place. frames_unloaded PLUGIN OTHER_PLUGIN
#include "tests/programs/keep.h"

#include <dlfcn.h>

OWN_FRAME static void use(const char *path, const char *name) {
    void *library = dlopen(path, RTLD_NOW);
    MUST(library);
    void (*function)(void) = (void (*)(void))dlsym(library, name);
    MUST(function);
    function();
    MUST(dlclose(library) == 0);
}

int main(int argc, char **argv) {
    MUST(argc == 3);
    for (int i = 0; i < 3; i++) {
        use(argv[1], "plugin_leaks");
        use(argv[2], "other_plugin_leaks");
    }
    return 0;
}
