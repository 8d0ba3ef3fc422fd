// flags: -l:images.so
// A service whose heap is small and whose library maps 64 MiB for each of COUNT requests.
#include "tests/programs/keep.h"

int image_open(const char *name);

OWN_FRAME static void serve(int requests) {
    for (int i = 0; i < requests; i++)
        MUST(image_open("a.png") == 0);
    AFTER_CALL;
}

int main(int argc, char **argv) {
    MUST(argc == 2);
    char *heap = keep(malloc(1000));
    serve(atoi(argv[1]));
    free(heap);
    return 0;
}
