// A plugin that leaks one block of 90 bytes each time it is asked.
#include <stdlib.h>

void plugin_leaks(void);

static void *volatile kept;

__attribute__((noinline)) static void plugin_inner(void) {
    kept = malloc(90);
}

void plugin_leaks(void) {
    plugin_inner();
    __asm__ volatile("" : : : "memory");
}
