// flags: -std=c++17
// Leaks through C++: a template, a virtual call, a lambda, a constructor before main, and a catch block.
#include "tests/programs/keep.h"

#include <stdexcept>

struct shape {
    virtual ~shape() = default;
    virtual void draw(int bytes) = 0;
};

namespace pictures {
template <typename Number> OWN_FRAME void fill(Number bytes) {
    keep(::operator new(bytes));
    AFTER_CALL;
}
struct circle : shape {
    OWN_FRAME void draw(int bytes) override {
        fill<unsigned long>(static_cast<unsigned long>(bytes));
        AFTER_CALL;
    }
};
} // namespace pictures

OWN_FRAME static void draw_it(shape &drawn) {
    drawn.draw(33);
    AFTER_CALL;
}

struct global_object {
    OWN_FRAME global_object() {
        keep(malloc(44));
        AFTER_CALL;
    }
};
static global_object before_main;

OWN_FRAME static void throw_it() {
    throw std::runtime_error("thrown");
}

OWN_FRAME static void catch_and_leak() {
    try {
        throw_it();
    } catch (const std::exception &error) {
        keep(malloc(55));
        AFTER_CALL;
    }
}

int main() {
    pictures::circle circle;
    draw_it(*static_cast<shape *>(keep(&circle)));
    catch_and_leak();
    return 0;
}
