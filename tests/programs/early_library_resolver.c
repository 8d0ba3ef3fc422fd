// flags: -l:early_resolver.so
// A library's IFUNC resolver allocated a block of 300 bytes while libraries were still being relocated; main
// uses it and, when told "free", frees it.
#include "tests/programs/keep.h"

extern void *early_library_block;
int early_library_call(void);

int main(int argc, char **argv) {
    MUST(early_library_call() == 2);
    MUST(early_library_block);
    memset(early_library_block, 'x', 300);
    if (argc == 2 && !strcmp(argv[1], "free"))
        free(early_library_block);
    return 0;
}
