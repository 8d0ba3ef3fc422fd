// A C++ library in a C program: throws through frames that allocate and that clean up, and catches itself.
#include <stdexcept>
#include <string>
#include <vector>

extern "C" int throw_and_catch(int times);

namespace {
int cleaned;

struct cleaner {
    std::vector<int> numbers = std::vector<int>(10);
    ~cleaner() {
        cleaned++;
    }
};

__attribute__((noinline)) void throw_below(int depth) {
    cleaner here;
    if (depth == 0)
        throw std::runtime_error("a message that does not fit a short string " + std::to_string(depth));
    throw_below(depth - 1);
}
} // namespace

extern "C" int throw_and_catch(int times) {
    int caught = 0;
    for (int i = 0; i < times; i++) {
        try {
            throw_below(5);
        } catch (const std::runtime_error &) {
            caught++;
        }
    }
    return caught == times && cleaned == times * 6;
}
