// See foresight.h. Begun by examine.c; assemble.c takes what was found. The thread touches the symbols and
// its own list of frames, and nothing else of the session.
#include "analyzer/foresight.h"

#include "analyzer/harvest.h"
#include "analyzer/must.h"
#include "analyzer/resolved.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

enum { STACK_BYTES = 8 << 20 }; // as the main thread has: debug information nests deep

struct foresight {
    struct symbols *symbols;
    struct harvest ahead; // frames and modules
    pthread_t thread;
    bool begun, runs;
};

struct foresight *foresight_new(const struct symbols_options *options) {
    struct foresight *foresight = must(calloc(1, sizeof *foresight));
    foresight->symbols = symbols_new(options);
    return foresight;
}

static void *look_up(void *argument) {
    struct foresight *foresight = argument;
    for (size_t i = 0; i < foresight->ahead.frame_count; i++) {
        const struct harvested_frame *frame = &foresight->ahead.frames[i];
        if (frame->module < 0)
            continue;
        struct symbol_module module = resolved_module(&foresight->ahead.modules[frame->module]);
        symbols_prepare(foresight->symbols, &module, frame->address);
    }
    return NULL;
}

// With one processor the program would stand still for as long as the names take.
static bool has_a_second_processor(void) {
    cpu_set_t processors;
    return sched_getaffinity(0, sizeof processors, &processors) == 0 && CPU_COUNT(&processors) > 1;
}

static bool start(struct foresight *foresight) {
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0)
        return false;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool runs = pthread_attr_setstacksize(&attributes, STACK_BYTES) == 0 &&
                pthread_create(&foresight->thread, &attributes, look_up, foresight) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return runs;
}

void foresight_begin(struct foresight *foresight, const struct family *family, const struct live_set *live) {
    if (foresight->begun || !has_a_second_processor())
        return;
    foresight->begun = true;
    harvest_glance(&foresight->ahead, family, live);
    foresight->runs = foresight->ahead.frame_count && start(foresight);
}

static void wait_for_it(struct foresight *foresight) {
    if (foresight->runs)
        pthread_join(foresight->thread, NULL);
    foresight->runs = false;
}

struct symbols *foresight_symbols(struct foresight *foresight) {
    wait_for_it(foresight);
    return foresight->symbols;
}

void foresight_free(struct foresight *foresight) {
    if (!foresight)
        return;
    wait_for_it(foresight);
    symbols_free(foresight->symbols);
    harvest_free(&foresight->ahead);
    free(foresight);
}
