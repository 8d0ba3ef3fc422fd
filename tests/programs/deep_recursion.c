// Allocates one block under as many frames of down() as its argument says.
#include "tests/programs/keep.h"

OWN_FRAME static void down(int frames) {
    if (frames > 1)
        down(frames - 1);
    else
        keep(malloc(10));
    AFTER_CALL;
}

int main(int argc, char **argv) {
    MUST(argc == 2);
    down(atoi(argv[1]));
    return 0;
}
