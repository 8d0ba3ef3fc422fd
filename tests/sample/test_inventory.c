#include "inventory.h"

#include <string.h>

static int replaces_names(struct inventory *inventory) {
    inventory_add(inventory, 3, "nut");
    inventory_add(inventory, 3, "bolt");
    return strcmp(inventory->names[3], "bolt") == 0;
}

int main(void) {
    struct inventory inventory = {{0}};
    int good = replaces_names(&inventory);
    inventory_clear(&inventory);
    return !good;
}
