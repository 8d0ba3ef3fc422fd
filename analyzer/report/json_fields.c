// The members of JSON objects, one by one, with their types and ranges checked; see json_fields.h. Knows no
// schema.
#include "analyzer/report/json_fields.h"

#include "analyzer/report/escape.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Only the escaped form of what stands in the file may reach a message: it is one line.
void reader_say(char *message, size_t message_bytes, const char *name, const char *what, const char *detail) {
    FILE *out = message_bytes ? fmemopen(message, message_bytes, "w") : NULL;
    if (!out)
        return;
    fputc('\'', out);
    escape_print(out, name);
    fprintf(out, "' %s", what);
    escape_print(out, detail);
    fclose(out);
    message[message_bytes - 1] = '\0';
}

void reader_fail(struct reader *r, const char *member, const char *expected) {
    if (r->error)
        return;
    r->error = -EBADMSG;
    char detail[512];
    size_t at = 0;
    for (size_t i = 0; i < r->depth && at < sizeof detail; i++) {
        const struct reader_step *step = &r->path[i];
        if (step->member)
            at += (size_t)snprintf(detail + at, sizeof detail - at, "%s%s", at ? "." : "", step->member);
        else
            at += (size_t)snprintf(detail + at, sizeof detail - at, "[%zu]", step->index);
    }
    if (at < sizeof detail && member)
        at += (size_t)snprintf(detail + at, sizeof detail - at, "%s%s", at ? "." : "", member);
    if (at < sizeof detail)
        snprintf(detail + at, sizeof detail - at, " should be %s", expected);
    reader_say(r->message, r->message_bytes, r->name, "is damaged or not written by seep: ", detail);
}

void reader_enter_member(struct reader *r, const char *member) {
    r->path[r->depth++] = (struct reader_step){.member = member};
}

void reader_enter_element(struct reader *r, size_t index) {
    r->path[r->depth++] = (struct reader_step){.index = index};
}

void reader_leave(struct reader *r) {
    r->depth--;
}

bool get_bool(struct reader *r, const json_t *object, const char *member) {
    const json_t *value = json_object_get(object, member);
    if (!json_is_boolean(value))
        reader_fail(r, member, "true or false");
    return json_is_true(value);
}

uint64_t get_count(struct reader *r, const json_t *object, const char *member) {
    const json_t *value = json_object_get(object, member);
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        reader_fail(r, member, "a whole number, 0 or more");
        return 0;
    }
    return (uint64_t)json_integer_value(value);
}

// A whole number within bounds, or absent for null.
int64_t get_number(struct reader *r, const json_t *object, const char *member, int64_t least, int64_t most,
                   int64_t absent) {
    const json_t *value = json_object_get(object, member);
    if (!value || json_is_null(value))
        return absent;
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < least || number > most) {
        char expected[96];
        snprintf(expected, sizeof expected, "null or a whole number from %" PRId64 " to %" PRId64, least,
                 most);
        reader_fail(r, member, expected);
        return absent;
    }
    return number;
}

static uint64_t hash_text(const char *text, size_t bytes) {
    uint64_t hash = bytes;
    for (; bytes; text += bytes < 8 ? bytes : 8, bytes -= bytes < 8 ? bytes : 8) {
        uint64_t word = 0;
        memcpy(&word, text, bytes < 8 ? bytes : 8);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
        hash ^= hash >> 32;
    }
    return hash;
}

// A copy that lasts, the same for texts that are equal where they come close to each other: functions, files
// and objects are named again and again, and whoever judges the report knows texts by their addresses.
static const char *kept(struct reader *r, const json_t *value) {
    const char *text = json_string_value(value);
    size_t bytes = json_string_length(value);
    const char **lately = &r->texts[hash_text(text, bytes) % READER_TEXTS];
    if (!*lately || strcmp(*lately, text) != 0)
        *lately = arena_strndup(r->arena, text, bytes);
    return *lately;
}

const char *get_text_or_null(struct reader *r, const json_t *object, const char *member) {
    const json_t *value = json_object_get(object, member);
    if (!value || json_is_null(value))
        return NULL;
    if (!json_is_string(value))
        reader_fail(r, member, "a string or null");
    return json_is_string(value) ? kept(r, value) : NULL;
}

const char *get_text(struct reader *r, const json_t *object, const char *member) {
    const json_t *value = json_object_get(object, member);
    if (!json_is_string(value)) {
        reader_fail(r, member, "a string");
        return "";
    }
    return kept(r, value);
}

// One of the schema's words, as its enumerator.
unsigned get_word(struct reader *r, const json_t *object, const char *member, int (*from_name)(const char *),
                  const char *words) {
    const char *text = json_string_value(json_object_get(object, member));
    int value = text ? from_name(text) : -EINVAL;
    if (value < 0) {
        reader_fail(r, member, words);
        return 0;
    }
    return (unsigned)value;
}

uint64_t get_address(struct reader *r, const json_t *object, const char *member) {
    const char *text = json_string_value(json_object_get(object, member));
    size_t digits = text && strncmp(text, "0x", 2) == 0 ? strspn(text + 2, "0123456789abcdefABCDEF") : 0;
    if (digits < 1 || digits > 16 || text[2 + digits]) {
        reader_fail(r, member, "an address such as \"0x1f\"");
        return 0;
    }
    return strtoull(text, NULL, 16);
}

const json_t *get_object(struct reader *r, const json_t *object, const char *member) {
    const json_t *value = json_object_get(object, member);
    if (!json_is_object(value))
        reader_fail(r, member, "an object");
    return value;
}

const json_t *get_object_or_null(struct reader *r, const json_t *object, const char *member) {
    const json_t *value = json_object_get(object, member);
    return !value || json_is_null(value) ? NULL : get_object(r, object, member);
}

// The array and its length; on error the length is 0.
const json_t *get_array(struct reader *r, const json_t *object, const char *member, size_t *count) {
    const json_t *value = json_object_get(object, member);
    if (!json_is_array(value))
        reader_fail(r, member, "an array");
    *count = r->error ? 0 : json_array_size(value);
    return value;
}

const char **get_texts(struct reader *r, const json_t *object, const char *member, size_t *count) {
    const json_t *array = get_array(r, object, member, count);
    const char **list = arena_array(r->arena, const char *, *count);
    for (size_t i = 0; i < *count; i++) {
        const char *text = json_string_value(json_array_get(array, i));
        if (!text)
            reader_fail(r, member, "an array of strings");
        list[i] = text ? arena_strdup(r->arena, text) : "";
    }
    return list;
}
