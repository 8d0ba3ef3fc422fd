// A library whose code looks at every address like stack_second.c's, but whose frames are of another size.
// When it is loaded it calls the program, if that wants it.
#ifndef FRAME_BYTES
#define FRAME_BYTES 1000
#endif

extern void library_is_loaded(void) __attribute__((weak));

__attribute__((constructor)) static void start(void) {
    if (library_is_loaded)
        library_is_loaded();
}

__attribute__((noinline)) static int inner(void (*callback)(void)) {
    volatile char frame[FRAME_BYTES];
    frame[0] = 1;
    callback();
    return frame[0];
}

int call_back(void (*callback)(void)) {
    return inner(callback) + 1;
}
