// Reading JSON that may come from anywhere: each call takes one member of an object, of one type and range.
// The first thing that is wrong is kept, as a line with its place in the document, and turns all further
// calls into no-ops that return something harmless; so a caller reads on and looks at error at the end (and
// in loops).
#pragma once

#include "analyzer/arena.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define READER_DEPTH 8 // processes, memory, rows and a member, with room to spare
#define READER_TEXTS 4096

struct reader {
    struct arena *arena; // owns the strings that are returned
    const char *name;    // of the document, for the message
    struct reader_step {
        const char *member; // NULL: the element at index of the array before
        size_t index;
    } path[READER_DEPTH]; // where in the document the object at hand lies
    size_t depth;
    char *message; // receives the line: what, where, what was expected
    size_t message_bytes;
    int error;                       // 0 or -EBADMSG
    const char *texts[READER_TEXTS]; // that were returned lately, by their hashes
};

// One line: 'name' WHAT DETAIL; name and detail are escaped. detail may be NULL.
void reader_say(char *message, size_t message_bytes, const char *name, const char *what, const char *detail);
// "MEMBER should be EXPECTED". member may be NULL: the object at hand.
void reader_fail(struct reader *r, const char *member, const char *expected);

void reader_enter_member(struct reader *r, const char *member);
void reader_enter_element(struct reader *r, size_t index);
void reader_leave(struct reader *r);

bool get_bool(struct reader *r, const json_t *object, const char *member);
// 0 to INT64_MAX.
uint64_t get_count(struct reader *r, const json_t *object, const char *member);
// least to most; absent for null and for a member that isn't there.
int64_t get_number(struct reader *r, const json_t *object, const char *member, int64_t least, int64_t most,
                   int64_t absent);
const char *get_text(struct reader *r, const json_t *object, const char *member); // never NULL
const char *get_text_or_null(struct reader *r, const json_t *object, const char *member);
// The enumerator that from_name finds; words lists what is allowed, for the message. 0 on error.
unsigned get_word(struct reader *r, const json_t *object, const char *member, int (*from_name)(const char *),
                  const char *words);
uint64_t get_address(struct reader *r, const json_t *object, const char *member); // "0x..."

// What these return may be used with all functions here, even after an error.
const json_t *get_object(struct reader *r, const json_t *object, const char *member);
const json_t *get_object_or_null(struct reader *r, const json_t *object, const char *member);
const json_t *get_array(struct reader *r, const json_t *object, const char *member,
                        size_t *count); // error: count 0
const char **get_texts(struct reader *r, const json_t *object, const char *member, size_t *count);
