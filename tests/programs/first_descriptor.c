// Ends with 50 plus the number that the first descriptor it opens gets; then the same in a child that it
// execs as itself.
#include "tests/programs/keep.h"

#include <fcntl.h>

int main(int argc, char **argv) {
    free(keep(malloc(10)));
    if (argc == 1) {
        execl(argv[0], argv[0], "again", (char *)NULL);
        _exit(1);
    }
    return 50 + open("/dev/null", O_RDWR);
}
