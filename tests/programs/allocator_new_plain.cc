// flags: -std=c++17 -fsized-deallocation -faligned-new
// The C++ runtime's own new and delete, which call malloc and free.
#include "tests/programs/allocator_new.h"

int main(int argc, char **argv) {
    allocator_new_work(argc, argv);
    return 0;
}
