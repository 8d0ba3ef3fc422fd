// flags: -l:thrower.so -l:count.so
// A C program whose C++ library throws and catches 1,000 exceptions through frames that allocate.
#include "tests/programs/count.h"
#include "tests/programs/keep.h"

int throw_and_catch(int times);

int main(void) {
    MUST(throw_and_catch(1000));
    return 0;
}
