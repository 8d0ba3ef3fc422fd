// The analyzer's growing array: VECTOR_PUSH(array, count, room) makes place for one more element, zeroed, and
// gives a pointer to it. Plain arrays owned by whoever declares them; released with free(). Aborts when
// memory runs out.
#pragma once

#include "analyzer/must.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static inline void *vector_grow(void *array, size_t *room, size_t element_bytes) {
    size_t fresh_room = *room ? 2 * *room : 16;
    void *fresh = must(reallocarray(array, fresh_room, element_bytes));
    *room = fresh_room;
    return fresh;
}

#define VECTOR_PUSH(array, count, room)                                                                      \
    ({                                                                                                       \
        if ((count) == (room))                                                                               \
            (array) = vector_grow((array), &(room), sizeof *(array));                                        \
        memset(&(array)[(count)], 0, sizeof *(array));                                                       \
        &(array)[(count)++];                                                                                 \
    })
