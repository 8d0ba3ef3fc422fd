// Memory for jansson while it reads one document: a large report has millions of small values, and taking
// and giving back each alone costs as much as parsing them.
#pragma once

#include <stddef.h>

struct json_pool {
    struct json_pool_state *state;
    void *(*old_allocate)(size_t bytes);
    void (*old_release)(void *piece);
};

// From here on all that jansson allocates is the pool's. One pool at a time, on the one thread that uses
// jansson.
void json_pool_begin(struct json_pool *pool);
// Releases all of it at once, values that still have references too, and gives jansson its functions back.
void json_pool_end(struct json_pool *pool);
