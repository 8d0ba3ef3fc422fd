// See stack_first.c.
#define FRAME_BYTES 5000
#include "stack_first.c"
