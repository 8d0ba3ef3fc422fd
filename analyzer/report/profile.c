// See profile.h. Called by pprof.c.
#include "analyzer/report/profile.h"

#include "analyzer/must.h"
#include "analyzer/report/escape.h"
#include "analyzer/table.h"
#include "analyzer/vector.h"

// Field numbers of profile.proto.
enum {
    PROFILE_SAMPLE_TYPE = 1,
    PROFILE_SAMPLE = 2,
    PROFILE_MAPPING = 3,
    PROFILE_LOCATION = 4,
    PROFILE_FUNCTION = 5,
    PROFILE_STRING_TABLE = 6,
    PROFILE_TIME_NANOS = 9,
    PROFILE_DURATION_NANOS = 10,
    PROFILE_PERIOD_TYPE = 11,
    PROFILE_PERIOD = 12,
    PROFILE_COMMENT = 13,
    PROFILE_DEFAULT_SAMPLE_TYPE = 14,
    VALUE_TYPE = 1,
    VALUE_UNIT = 2,
    SAMPLE_LOCATION_ID = 1,
    SAMPLE_VALUE = 2,
    SAMPLE_LABEL = 3,
    LABEL_KEY = 1,
    LABEL_STR = 2,
    MAPPING_ID = 1,
    MAPPING_FILENAME = 5,
    MAPPING_BUILD_ID = 6,
    MAPPING_HAS_FUNCTIONS = 7,
    MAPPING_HAS_FILENAMES = 8,
    MAPPING_HAS_LINE_NUMBERS = 9,
    MAPPING_HAS_INLINE_FRAMES = 10,
    LOCATION_ID = 1,
    LOCATION_MAPPING_ID = 2,
    LOCATION_ADDRESS = 3,
    LOCATION_LINE = 4,
    LINE_FUNCTION_ID = 1,
    LINE_LINE = 2,
    FUNCTION_ID = 1,
    FUNCTION_NAME = 2,
    FUNCTION_SYSTEM_NAME = 3,
    FUNCTION_FILENAME = 4,
};

// What is numbered: by its encoded fields without the number. Keys are hashes; on a collision the next key is
// tried, until the very same bytes are met.
struct numbered {
    struct table places;
    struct item {
        char *bytes;
        size_t count;
    } * items;
    size_t count, room;
};

struct profile {
    struct proto message, inner,
        innermost; // the latter two: a message and one in it, while they are put together
    struct numbered strings, mappings, functions, locations;
    uint64_t *comments;
    size_t comment_count, comment_room;
};

static uint64_t hash_of(const char *bytes, size_t count) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint32_t number_of(struct numbered *all, const void *bytes, size_t count, int *added) {
    for (uint64_t key = hash_of(bytes, count);; key++) {
        uint32_t index = *table_at(&all->places, key, (uint32_t)all->count, added);
        if (*added) {
            struct item *item = VECTOR_PUSH(all->items, all->count, all->room);
            item->bytes = must(malloc(count + 1));
            item->count = count;
            if (count)
                memcpy(item->bytes, bytes, count);
            return index;
        }
        if (all->items[index].count == count &&
            (count == 0 || memcmp(all->items[index].bytes, bytes, count) == 0))
            return index;
    }
}

static void numbered_free(struct numbered *all) {
    for (size_t i = 0; i < all->count; i++)
        free(all->items[i].bytes);
    free(all->items);
    table_free(&all->places);
}

struct profile *profile_new(void) {
    struct profile *profile = must(calloc(1, sizeof *profile));
    int added;
    number_of(&profile->strings, "", 0, &added); // by definition the first
    return profile;
}

void profile_free(struct profile *profile) {
    numbered_free(&profile->strings);
    numbered_free(&profile->mappings);
    numbered_free(&profile->functions);
    numbered_free(&profile->locations);
    proto_free(&profile->message);
    proto_free(&profile->inner);
    proto_free(&profile->innermost);
    free(profile->comments);
    free(profile);
}

uint64_t profile_text(struct profile *profile, const char *text) {
    if (!text)
        return 0;
    char *safe = NULL;
    size_t count;
    FILE *out = open_memstream(&safe, &count);
    if (!out)
        return 0;
    escape_print(out, text);
    if (fclose(out) != 0)
        count = 0;
    int added;
    uint64_t number = number_of(&profile->strings, safe, count, &added);
    free(safe);
    return number;
}

// The number of the thing whose fields are in inner; it is written when it is new. Empties inner.
static uint64_t take_inner(struct profile *profile, struct numbered *all, uint32_t field, uint32_t id_field) {
    int added;
    uint64_t number = 1 + (uint64_t)number_of(all, profile->inner.bytes, profile->inner.count, &added);
    if (added) {
        proto_number(&profile->inner, id_field, number);
        proto_message(&profile->message, field, &profile->inner);
    }
    profile->inner.count = 0;
    return number;
}

uint64_t profile_mapping(struct profile *profile, const char *file, const char *build_id) {
    struct proto *inner = &profile->inner;
    proto_number(inner, MAPPING_FILENAME, profile_text(profile, file));
    proto_number(inner, MAPPING_BUILD_ID, profile_text(profile, build_id));
    proto_number(inner, MAPPING_HAS_FUNCTIONS,
                 1); // whatever could be found was: nothing is left to be looked up
    proto_number(inner, MAPPING_HAS_FILENAMES, 1);
    proto_number(inner, MAPPING_HAS_LINE_NUMBERS, 1);
    proto_number(inner, MAPPING_HAS_INLINE_FRAMES, 1);
    return take_inner(profile, &profile->mappings, PROFILE_MAPPING, MAPPING_ID);
}

uint64_t profile_function(struct profile *profile, const char *name, const char *system_name,
                          const char *file) {
    struct proto *inner = &profile->inner;
    proto_number(inner, FUNCTION_NAME, profile_text(profile, name));
    proto_number(inner, FUNCTION_SYSTEM_NAME, profile_text(profile, system_name ? system_name : name));
    proto_number(inner, FUNCTION_FILENAME, profile_text(profile, file));
    return take_inner(profile, &profile->functions, PROFILE_FUNCTION, FUNCTION_ID);
}

uint64_t profile_location(struct profile *profile, uint64_t mapping, uint64_t address,
                          const struct profile_line *lines, size_t line_count) {
    struct proto *inner = &profile->inner;
    proto_number(inner, LOCATION_MAPPING_ID, mapping);
    proto_number(inner, LOCATION_ADDRESS, address);
    for (size_t i = 0; i < line_count; i++) {
        proto_number(&profile->innermost, LINE_FUNCTION_ID, lines[i].function);
        proto_number(&profile->innermost, LINE_LINE, lines[i].line);
        proto_message(inner, LOCATION_LINE, &profile->innermost);
    }
    return take_inner(profile, &profile->locations, PROFILE_LOCATION, LOCATION_ID);
}

void profile_sample(struct profile *profile, const uint64_t *locations, size_t location_count,
                    const uint64_t *values, size_t value_count, const struct profile_label *labels,
                    size_t label_count) {
    struct proto *inner = &profile->inner;
    proto_numbers(inner, SAMPLE_LOCATION_ID, locations, location_count);
    proto_numbers(inner, SAMPLE_VALUE, values, value_count);
    for (size_t i = 0; i < label_count; i++) {
        if (!labels[i].text)
            continue;
        proto_number(&profile->innermost, LABEL_KEY, profile_text(profile, labels[i].key));
        proto_number(&profile->innermost, LABEL_STR, profile_text(profile, labels[i].text));
        proto_message(inner, SAMPLE_LABEL, &profile->innermost);
    }
    proto_message(&profile->message, PROFILE_SAMPLE, inner);
}

static void value_type(struct profile *profile, uint32_t field, const char *type, const char *unit) {
    proto_number(&profile->inner, VALUE_TYPE, profile_text(profile, type));
    proto_number(&profile->inner, VALUE_UNIT, profile_text(profile, unit));
    proto_message(&profile->message, field, &profile->inner);
}

void profile_sample_type(struct profile *profile, const char *type, const char *unit) {
    value_type(profile, PROFILE_SAMPLE_TYPE, type, unit);
}

void profile_default_sample_type(struct profile *profile, const char *type) {
    proto_number(&profile->message, PROFILE_DEFAULT_SAMPLE_TYPE, profile_text(profile, type));
}

void profile_period(struct profile *profile, const char *type, const char *unit, uint64_t period) {
    value_type(profile, PROFILE_PERIOD_TYPE, type, unit);
    proto_number(&profile->message, PROFILE_PERIOD, period);
}

void profile_comment(struct profile *profile, const char *text) {
    *VECTOR_PUSH(profile->comments, profile->comment_count, profile->comment_room) =
        profile_text(profile, text);
}

void profile_time(struct profile *profile, uint64_t unix_ns, uint64_t duration_ns) {
    proto_number(&profile->message, PROFILE_TIME_NANOS, unix_ns);
    proto_number(&profile->message, PROFILE_DURATION_NANOS, duration_ns);
}

struct proto profile_finish(struct profile *profile) {
    proto_numbers(&profile->message, PROFILE_COMMENT, profile->comments, profile->comment_count);
    for (size_t i = 0; i < profile->strings.count; i++)
        proto_bytes(&profile->message, PROFILE_STRING_TABLE, profile->strings.items[i].bytes,
                    profile->strings.items[i].count);
    struct proto whole = profile->message;
    profile->message = (struct proto){0};
    return whole;
}
