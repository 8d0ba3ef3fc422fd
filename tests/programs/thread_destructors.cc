// flags: -pthread -l:count.so -std=c++17
// Threads whose thread_local objects allocate and free while the thread is being torn down. Each of 50
// threads leaks one block of 72 bytes from a destructor.
#include "tests/programs/count.h"
#include "tests/programs/keep.h"

#include <thread>
#include <vector>

OWN_FRAME static void leak_in_destructor() {
    keep(malloc(72));
    AFTER_CALL;
}

struct owner {
    void *block = keep(malloc(100));
    ~owner() {
        free(block);
        free(keep(malloc(50)));
        leak_in_destructor();
        AFTER_CALL;
    }
};

static thread_local owner owned;
static thread_local std::vector<int> numbers;

static void thread_main() {
    keep(&owned.block);
    for (int i = 0; i < 100; i++)
        numbers.push_back(i);
}

int main() {
    for (int i = 0; i < 50; i++)
        std::thread(thread_main).join();
    return 0;
}
