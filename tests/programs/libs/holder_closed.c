// Another library that holds a pointer in a global, to be closed.
void keep_global(void *pointer);

static void *volatile global[4];

void keep_global(void *pointer) {
    global[2] = pointer;
}
