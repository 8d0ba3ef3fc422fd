// A C program without any C++ runtime finds C++'s operators only under seep, and calls each by its symbol:
// they work as malloc and free do. Prints how often it found one.
#define _GNU_SOURCE
#include "tests/programs/keep.h"

#include <dlfcn.h>
#include <stdint.h>

enum shape { PLAIN, NOTHROW, ALIGNED, ALIGNED_NOTHROW, SIZED, SIZED_ALIGNED };
enum { BYTES = 40, ALIGNMENT = 64 };

struct form {
    const char *name;
    enum shape shape;
};

static const struct form makers[] = {
    {"_Znwm", PLAIN},
    {"_Znam", PLAIN},
    {"_ZnwmRKSt9nothrow_t", NOTHROW},
    {"_ZnamRKSt9nothrow_t", NOTHROW},
    {"_ZnwmSt11align_val_t", ALIGNED},
    {"_ZnamSt11align_val_t", ALIGNED},
    {"_ZnwmSt11align_val_tRKSt9nothrow_t", ALIGNED_NOTHROW},
    {"_ZnamSt11align_val_tRKSt9nothrow_t", ALIGNED_NOTHROW},
};

static const struct form deleters[] = {
    {"_ZdlPv", PLAIN},
    {"_ZdaPv", PLAIN},
    {"_ZdlPvm", SIZED},
    {"_ZdaPvm", SIZED},
    {"_ZdlPvRKSt9nothrow_t", NOTHROW},
    {"_ZdaPvRKSt9nothrow_t", NOTHROW},
    {"_ZdlPvSt11align_val_t", ALIGNED},
    {"_ZdaPvSt11align_val_t", ALIGNED},
    {"_ZdlPvmSt11align_val_t", SIZED_ALIGNED},
    {"_ZdaPvmSt11align_val_t", SIZED_ALIGNED},
    {"_ZdlPvSt11align_val_tRKSt9nothrow_t", ALIGNED_NOTHROW},
    {"_ZdaPvSt11align_val_tRKSt9nothrow_t", ALIGNED_NOTHROW},
};

static int nothrow, found;

static void *symbol(const char *name) {
    void *function = dlsym(RTLD_DEFAULT, name);
    found += function != NULL;
    return function;
}

OWN_FRAME static void *make(const struct form *maker) {
    void *function = symbol(maker->name), *block = NULL;
    if (!function)
        return NULL;
    switch (maker->shape) {
    case PLAIN:
        block = keep(((void *(*)(size_t))function)(BYTES));
        break;
    case NOTHROW:
        block = keep(((void *(*)(size_t, const void *))function)(BYTES, &nothrow));
        break;
    case ALIGNED:
        block = keep(((void *(*)(size_t, size_t))function)(BYTES, ALIGNMENT));
        break;
    default:
        block = keep(((void *(*)(size_t, size_t, const void *))function)(BYTES, ALIGNMENT, &nothrow));
    }
    MUST(block && (maker->shape < ALIGNED || (uintptr_t)block % ALIGNMENT == 0));
    return block;
}

OWN_FRAME static void give_back(const struct form *deleter, void *block) {
    void *function = symbol(deleter->name);
    if (!function)
        return;
    switch (deleter->shape) {
    case PLAIN:
        ((void (*)(void *))function)(block);
        break;
    case NOTHROW:
        ((void (*)(void *, const void *))function)(block, &nothrow);
        break;
    case ALIGNED:
        ((void (*)(void *, size_t))function)(block, ALIGNMENT);
        break;
    case ALIGNED_NOTHROW:
        ((void (*)(void *, size_t, const void *))function)(block, ALIGNMENT, &nothrow);
        break;
    case SIZED:
        ((void (*)(void *, size_t))function)(block, BYTES);
        break;
    case SIZED_ALIGNED:
        ((void (*)(void *, size_t, size_t))function)(block, BYTES, ALIGNMENT);
        break;
    }
}

int main(void) {
    for (size_t i = 0; i < COUNT_OF(makers); i++)
        make(&makers[i]); // stays
    for (size_t i = 0; i < COUNT_OF(deleters); i++) {
        give_back(&deleters[i], make(&makers[i % COUNT_OF(makers)])); // one memory for all
        give_back(&deleters[i], NULL);
    }
    printf("%d\n", found);
    return 0;
}
