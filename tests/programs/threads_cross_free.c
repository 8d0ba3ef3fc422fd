// flags: -pthread -l:count.so
// Two threads allocate what two others free, through one slot each can take from: addresses are reused across
// threads at once. Of 200,000 blocks the last of each slot stays.
#include "tests/programs/count.h"
#include "tests/programs/keep.h"

#include <pthread.h>
#include <sched.h>

enum { PER_PRODUCER = 100000, SLOTS = 64 };

static void *slots[SLOTS];
static int producing = 2;

OWN_FRAME static void *make_block(int i) {
    void *block = keep(malloc((size_t)(i % 200) + 1));
    AFTER_CALL;
    return block;
}

static void *produce(void *unused) {
    for (int i = 0; i < PER_PRODUCER; i++)
        free(__atomic_exchange_n(&slots[i % SLOTS], make_block(i), __ATOMIC_ACQ_REL));
    __atomic_fetch_sub(&producing, 1, __ATOMIC_ACQ_REL);
    return unused;
}

static void *consume(void *unused) {
    for (unsigned i = 0; __atomic_load_n(&producing, __ATOMIC_ACQUIRE); i++)
        free(__atomic_exchange_n(&slots[i * 7 % SLOTS], NULL, __ATOMIC_ACQ_REL));
    return unused;
}

int main(void) {
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        MUST(pthread_create(&threads[i], NULL, i % 2 ? consume : produce, NULL) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < SLOTS; i++) { // exactly five stay, whatever the consumers left
        free(slots[i]);
        slots[i] = i < 5 ? make_block(99) : NULL;
    }
    return 0;
}
