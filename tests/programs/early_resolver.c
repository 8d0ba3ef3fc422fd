// The program's own IFUNC resolver allocates two blocks, 100 and 200 bytes, before any constructor has run.
// early_resolver keep|free|grow
#include "tests/programs/keep.h"

static void *blocks[2];

static int one(void) {
    return 1;
}

typedef int number_function(void);

static number_function *resolve_number(void) {
    blocks[0] = malloc(100);
    blocks[1] = malloc(200);
    return one;
}

int number(void) __attribute__((ifunc("resolve_number")));

int main(int argc, char **argv) {
    MUST(argc == 2 && number() == 1);
    MUST(blocks[0] && blocks[1]);
    memset(blocks[1], 'x', 200);
    if (!strcmp(argv[1], "free")) {
        free(blocks[0]);
        free(blocks[1]);
    }
    if (!strcmp(argv[1], "grow")) {
        char *grown = keep(realloc(blocks[1], 5000));
        MUST(grown[199] == 'x');
    }
    return 0;
}
