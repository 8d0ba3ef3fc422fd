#include "inventory.h"

#include <stdlib.h>
#include <string.h>

static char *copy_of(const char *name) {
    char *copy = malloc(strlen(name) + 1);
    if (copy)
        strcpy(copy, name);
    return copy;
}

#ifdef NEW_LEAK
static void remember(const char *name) {
    char *last = copy_of(name);
    if (last && !*last)
        free(last);
}
#endif

void inventory_add(struct inventory *inventory, unsigned place, const char *name) {
#ifdef FIXED
    free(inventory->names[place]);
#endif
#ifdef NEW_LEAK
    remember(name);
#endif
    inventory->names[place] = copy_of(name);
}

void inventory_clear(struct inventory *inventory) {
    for (unsigned i = 0; i < 8; i++)
        free(inventory->names[i]);
    memset(inventory, 0, sizeof *inventory);
}
