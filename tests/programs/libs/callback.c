// A library that calls back into the program, through two frames of its own.

typedef void callback(void *argument);

void library_calls_back(callback *function, void *argument);

#define AFTER_CALL __asm__ volatile("" : : : "memory")

__attribute__((noinline)) static void library_inner(callback *function, void *argument) {
    function(argument);
    AFTER_CALL;
}

void library_calls_back(callback *function, void *argument) {
    library_inner(function, argument);
    AFTER_CALL;
}
