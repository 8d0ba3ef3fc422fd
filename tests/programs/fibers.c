// flags: -l:count.so
// 20 fibers on stacks of their own, switched 50 times each by swapcontext, allocate in one visit and free in
// another's. Each leaks 5 blocks of 64 bytes from leak_on_fiber, two calls below its start.
#include "tests/programs/count.h"
#include "tests/programs/keep.h"

#include <sys/mman.h>
#include <ucontext.h>

enum { FIBERS = 20, VISITS = 50, LEAKS = 5, STACK_BYTES = 128 << 10 };

static ucontext_t scheduler, fibers[FIBERS];
static void *shared[FIBERS];

OWN_FRAME static void leak_on_fiber(void) {
    keep(malloc(64));
    AFTER_CALL;
}

OWN_FRAME static void visit(int self, int number) {
    free(shared[(self + 1) % FIBERS]); // what another fiber allocated
    shared[(self + 1) % FIBERS] = NULL;
    free(shared[self]);
    shared[self] = keep(malloc((size_t)(number + 1) * 10));
    if (number < LEAKS)
        leak_on_fiber();
    AFTER_CALL;
}

static void fiber_main(int self) {
    for (int number = 0; number < VISITS; number++) {
        visit(self, number);
        swapcontext(&fibers[self], &scheduler);
    }
}

int main(void) {
    for (int i = 0; i < FIBERS; i++) {
        getcontext(&fibers[i]);
        fibers[i].uc_stack.ss_sp =
            mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        MUST(fibers[i].uc_stack.ss_sp != MAP_FAILED);
        fibers[i].uc_stack.ss_size = STACK_BYTES;
        fibers[i].uc_link = &scheduler;
        makecontext(&fibers[i], (void (*)(void))fiber_main, 1, i);
    }
    for (int number = 0; number <= VISITS; number++)
        for (int i = 0; i < FIBERS; i++)
            swapcontext(&scheduler, &fibers[i]);
    return 0;
}
