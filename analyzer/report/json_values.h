// Making JSON values, for the files that write the schema's parts, and for nobody else: the names are short.
// All abort when memory runs out: a report that does not fit into memory can't be written, and half of one
// must not look whole.
#pragma once

#include "analyzer/must.h"
#include "analyzer/report/escape.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

// Takes the value.
static inline void put(json_t *object, const char *key, json_t *value) {
    if (json_object_set_new_nocheck(object, key, must(value)) != 0)
        must(NULL);
}

// A string, made valid UTF-8 (escape.h).
static inline json_t *text_or_null(const char *text) {
    if (!text)
        return json_null();
    json_t *value = json_string(text); // NULL if it isn't UTF-8
    if (value)
        return value;
    char *valid = must(escape_invalid(text));
    value = json_string(valid);
    free(valid);
    return value;
}

// JSON readers hold whole numbers in 63 bits; no count of blocks or bytes gets there.
static inline json_t *number(uint64_t value) {
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

// Negative ones stand for "not known".
static inline json_t *number_or_null(int64_t value) {
    return value < 0 ? json_null() : json_integer(value);
}
