// Exceptions in flight: calls back from destructors while frames are unwound, from catch blocks, and from a
// rethrow.
#include <stdexcept>
#include <string>

namespace {

typedef void callback_function();

struct caller_back {
    callback_function *callback;
    ~caller_back() {
        callback();
    }
};

__attribute__((noinline)) void descend(callback_function *callback, int depth) {
    caller_back guard{callback};
    if (depth == 0)
        throw std::runtime_error(
            std::string("thrown from far below, with a text too long to be kept in place"));
    descend(callback, depth - 1);
    asm volatile("");
}

__attribute__((noinline)) void pass_on(callback_function *callback) {
    try {
        descend(callback, 3);
    } catch (const std::logic_error &) {
        callback();
    } catch (...) {
        callback();
        throw;
    }
}

} // namespace

extern "C" int throw_and_catch(callback_function *callback) {
    try {
        pass_on(callback);
    } catch (const std::exception &error) {
        callback();
        return error.what()[0];
    }
    return 0;
}
