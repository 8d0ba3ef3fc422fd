// What C++ keeps interior pointers to on purpose, as verdicts.c has the rest. Sizes as there.
#include "tests/programs/verdicts.h"

static void *volatile held[8];

struct counted { // has a destructor: new[] puts the number of elements in front
    ~counted();
    char byte;
};
counted::~counted() {
    keep(this);
}

struct first {
    virtual ~first();
    virtual void one();
    uint64_t fill[10];
};
struct second {
    virtual ~second();
    virtual void two();
};
struct both : first, second {
    void one() override;
    void two() override;
    char more[TAGGED_BYTES + 8 * 1 - 8 - 80 - 8];
};
first::~first() {
}
second::~second() {
}
void first::one() {
    keep(this);
}
void second::two() {
    keep(this);
}
void both::one() {
    keep(this);
}
void both::two() {
    keep(this);
}
static_assert(sizeof(both) == TAGGED_BYTES + 8 * 1, "is block 1");

OWN_FRAME static void make() {
    held[0] = keep(new counted[TAGGED_BYTES + 8 * 0 - 8]);
    second *base = new both;
    held[1] = keep(base);
    void **length = BLOCK(2); // its length, then what callers see
    length[0] = reinterpret_cast<void *>(uintptr_t(TAGGED_BYTES + 8 * 2 - 8));
    held[2] = length + 1;
    void **old_string = BLOCK(3); // length, capacity, count of references, characters
    old_string[0] = reinterpret_cast<void *>(uintptr_t(5));
    old_string[1] = reinterpret_cast<void *>(uintptr_t(TAGGED_BYTES + 8 * 3 - 25));
    held[3] = old_string + 3;
    held[4] = BLOCK(4) + 2; // none of these
    void **small = BLOCK(5);
    small[0] = reinterpret_cast<void *>(uintptr_t(7)); // 10032 is no multiple of 7
    held[5] = small + 1;
}

int main() {
    make();
    scrub_stack();
    _exit(0);
}
