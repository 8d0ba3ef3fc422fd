// Throws 10,000 exceptions, or as many as it is told, through frames that hold allocated things, catches them
// at several depths, throws them on, and lets some cross threads.
// flags: -pthread
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

struct coded : std::runtime_error {
    explicit coded(int value)
        : std::runtime_error("a message long enough for the heap: " + std::to_string(value)), code(value) {
    }
    int code;
};

[[gnu::noinline]] int down(int depth, int value) {
    std::string name(40 + depth, 'x');
    std::unique_ptr<int[]> numbers(new int[depth + 1]);
    std::vector<std::string> more(depth % 3 + 1, name);
    if (depth == 0)
        throw coded(value);
    try {
        return down(depth - 1, value) + numbers[0];
    } catch (const coded &error) {
        if (depth % 5 == 0 && error.code % 2)
            throw; // the same object, on
        if (depth % 5 == 0)
            throw coded(error.code + 1); // another in its place
        throw;
    }
}

long catch_all(int from, int to) {
    long sum = 0;
    for (int i = from; i < to; i++) {
        try {
            down(i % 12 + 1, i);
        } catch (const std::exception &error) {
            sum += static_cast<long>(std::string(error.what()).size());
        }
    }
    return sum;
}

} // namespace

int main(int argc, char **argv) {
    int count = argc > 1 ? std::atoi(argv[1]) : 10000;
    long sums[2];
    sums[0] = catch_all(0, count / 2);
    std::thread other([&] { sums[1] = catch_all(count / 2, count); });
    other.join();
    std::exception_ptr kept;
    std::thread([&] {
        try {
            down(3, 1);
        } catch (...) {
            kept = std::current_exception();
        }
    }).join();
    try {
        std::rethrow_exception(kept);
    } catch (const coded &error) {
        std::printf("%ld %ld %d\n", sums[0], sums[1], error.code);
    }
    return 6;
}
