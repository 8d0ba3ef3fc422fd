// A small library with one leak that its project has put into its baseline (seep.baseline): inventory_add()
// forgets the name that it replaces. Compiled with -DFIXED it does not; with -DNEW_LEAK it has one more.
#pragma once

struct inventory {
    char *names[8];
};

void inventory_add(struct inventory *inventory, unsigned place, const char *name);
void inventory_clear(struct inventory *inventory);
