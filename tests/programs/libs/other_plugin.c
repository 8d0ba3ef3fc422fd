// Loaded where the first plugin was: a plugin that leaks one block of 110 bytes each time it is asked.
#include <stdlib.h>

void other_plugin_leaks(void);

static void *volatile kept;

__attribute__((noinline)) static void other_plugin_inner(void) {
    kept = malloc(110);
}

void other_plugin_leaks(void) {
    other_plugin_inner();
    __asm__ volatile("" : : : "memory");
}
