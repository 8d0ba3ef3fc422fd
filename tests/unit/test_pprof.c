// links: analyzer/report/*.c analyzer/arena.c analyzer/table.c analyzer/whole_file.c
// flags: -ljansson -lz
//
// The pprof report, decoded again by a reader that knows only the wire format and profile.proto's field
// numbers.
#include "analyzer/report/escape.h"
#include "analyzer/report/json.h"
#include "analyzer/report/listing.h"
#include "analyzer/report/protobuf.h"
#include "analyzer/report/writers.h"
#include "tests/lib/suite.h"
#include "tests/unit/golden_reports.h"
#include "tests/unit/hostile.h"

#include <check.h>
#include <zlib.h>

enum { SEEDS = 100, MOST = 4096, MOST_VALUES = 8 };

// --- the wire format
// --------------------------------------------------------------------------------------------------

struct reader {
    const uint8_t *at, *end;
};

struct field {
    uint32_t number;
    uint64_t value;       // of a number
    struct reader inside; // of bytes; else at is NULL
};

static uint64_t read_varint(struct reader *r) {
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        ck_assert_msg(r->at < r->end && shift < 64, "a number that does not end");
        value |= (uint64_t)(*r->at & 0x7f) << shift;
        if (*r->at++ < 0x80)
            return value;
    }
}

static bool next_field(struct reader *r, struct field *out) {
    if (r->at == r->end)
        return false;
    uint64_t head = read_varint(r);
    *out = (struct field){.number = (uint32_t)(head >> 3)};
    ck_assert_msg((head & 7) == 0 || (head & 7) == 2, "a type that profile.proto does not have");
    uint64_t value = read_varint(r);
    if ((head & 7) == 0) {
        out->value = value;
        return true;
    }
    ck_assert_uint_le(value, (uint64_t)(r->end - r->at));
    out->inside = (struct reader){r->at, r->at + value};
    r->at += value;
    return true;
}

static size_t read_packed(struct reader r, uint64_t *out, size_t most) {
    size_t count = 0;
    while (r.at < r.end) {
        ck_assert_uint_lt(count, most);
        out[count++] = read_varint(&r);
    }
    return count;
}

// --- profile.proto
// ----------------------------------------------------------------------------------------------------

struct line {
    uint64_t function, line;
};

struct location {
    uint64_t mapping, address;
    struct line lines[64];
    size_t line_count;
};

struct sample {
    uint64_t locations[300], values[MOST_VALUES], keys[8], texts[8];
    size_t location_count, value_count, label_count;
};

struct decoded {
    char *strings[MOST];
    size_t string_count;
    uint64_t types[MOST_VALUES], units[MOST_VALUES], comments[64];
    size_t type_count, comment_count;
    struct {
        uint64_t file, build_id, has; // has: how many of the four has_... are set
    } mappings[MOST];                 // by number, as the following
    size_t mapping_count;
    struct {
        uint64_t name, system_name, file;
    } functions[MOST];
    size_t function_count;
    struct location locations[MOST];
    size_t location_count;
    struct sample samples[512];
    size_t sample_count;
    uint64_t time, duration, period, preset;
};

static void decode_location(struct decoded *d, struct reader r) {
    struct location *location = &d->locations[++d->location_count];
    *location = (struct location){0};
    struct field f, g;
    while (next_field(&r, &f))
        if (f.number == 1)
            ck_assert_uint_eq(f.value, d->location_count);
        else if (f.number == 2)
            location->mapping = f.value;
        else if (f.number == 3)
            location->address = f.value;
        else if (f.number == 4)
            for (struct line *line = &location->lines[location->line_count++]; next_field(&f.inside, &g);)
                *(g.number == 1 ? &line->function : &line->line) = g.value;
}

static void decode_sample(struct decoded *d, struct reader r) {
    struct sample *sample = &d->samples[d->sample_count++];
    *sample = (struct sample){0};
    struct field f, g;
    while (next_field(&r, &f))
        if (f.number == 1)
            sample->location_count = read_packed(f.inside, sample->locations, 300);
        else if (f.number == 2)
            sample->value_count = read_packed(f.inside, sample->values, MOST_VALUES);
        else if (f.number == 3)
            for (size_t i = sample->label_count++; next_field(&f.inside, &g);)
                *(g.number == 1 ? &sample->keys[i] : &sample->texts[i]) = g.value;
}

static void decode_fields(struct decoded *d, struct reader r) {
    struct field f, g;
    while (next_field(&r, &f)) {
        switch (f.number) {
        case 1:
            while (next_field(&f.inside, &g))
                *(g.number == 1 ? &d->types[d->type_count] : &d->units[d->type_count]) = g.value;
            d->type_count++;
            break;
        case 2:
            decode_sample(d, f.inside);
            break;
        case 3:
            d->mapping_count++;
            while (next_field(&f.inside, &g))
                if (g.number == 1)
                    ck_assert_uint_eq(g.value, d->mapping_count);
                else if (g.number <= 4)
                    ck_abort_msg("a range that nobody knows");
                else if (g.number == 5)
                    d->mappings[d->mapping_count].file = g.value;
                else if (g.number == 6)
                    d->mappings[d->mapping_count].build_id = g.value;
                else
                    d->mappings[d->mapping_count].has += g.value;
            break;
        case 4:
            decode_location(d, f.inside);
            break;
        case 5:
            d->function_count++;
            while (next_field(&f.inside, &g))
                if (g.number == 1)
                    ck_assert_uint_eq(g.value, d->function_count);
                else if (g.number == 2)
                    d->functions[d->function_count].name = g.value;
                else if (g.number == 3)
                    d->functions[d->function_count].system_name = g.value;
                else if (g.number == 4)
                    d->functions[d->function_count].file = g.value;
            break;
        case 6:
            ck_assert_uint_lt(d->string_count, MOST);
            d->strings[d->string_count++] =
                strndup((const char *)f.inside.at, (size_t)(f.inside.end - f.inside.at));
            break;
        case 9:
            d->time = f.value;
            break;
        case 10:
            d->duration = f.value;
            break;
        case 11:
            break;
        case 12:
            d->period = f.value;
            break;
        case 13:
            d->comment_count = read_packed(f.inside, d->comments, 64);
            break;
        case 14:
            d->preset = f.value;
            break;
        default:
            ck_abort_msg("field %u", f.number);
        }
    }
}

static struct decoded *decode(const struct report *report, show_set show) {
    struct options options = {.show = show};
    char *packed = NULL;
    size_t packed_bytes, bytes = 0, room = 1 << 20;
    FILE *out = open_memstream(&packed, &packed_bytes);
    ck_assert_int_eq(report_write_pprof(report, &options, out), 0);
    fclose(out);
    uint8_t *message = malloc(room);
    z_stream stream = {.next_in = (unsigned char *)packed, .avail_in = (uInt)packed_bytes};
    ck_assert_int_eq(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK); // gzip only
    for (int rc = Z_OK; rc != Z_STREAM_END;) {
        stream.next_out = message + bytes;
        stream.avail_out = (uInt)(room - bytes);
        rc = inflate(&stream, Z_NO_FLUSH);
        ck_assert_msg(rc == Z_OK || rc == Z_STREAM_END, "not gzip");
        bytes = room - stream.avail_out;
        if (stream.avail_out == 0)
            message = realloc(message, room *= 2);
    }
    ck_assert_uint_eq(stream.avail_in, 0);
    inflateEnd(&stream);
    struct decoded *d = calloc(1, sizeof *d);
    decode_fields(d, (struct reader){message, message + bytes});
    free(message);
    free(packed);
    return d;
}

static void free_decoded(struct decoded *d) {
    for (size_t i = 0; i < d->string_count; i++)
        free(d->strings[i]);
    free(d);
}

static const char *label(const struct decoded *d, const struct sample *sample, const char *key) {
    for (size_t i = 0; i < sample->label_count; i++)
        if (strcmp(d->strings[sample->keys[i]], key) == 0)
            return d->strings[sample->texts[i]];
    return NULL;
}

static size_t type_named(const struct decoded *d, const char *name) {
    for (size_t i = 0; i < d->type_count; i++)
        if (strcmp(d->strings[d->types[i]], name) == 0)
            return i;
    ck_abort_msg("no sample type %s", name);
}

// Whatever a number leads to is there.
static void assert_whole(const struct decoded *d) {
    ck_assert_uint_gt(d->string_count, 0);
    ck_assert_str_eq(d->strings[0], "");
    ck_assert_uint_lt(d->preset, d->string_count);
    for (size_t i = 1; i <= d->mapping_count; i++) {
        ck_assert(d->mappings[i].file < d->string_count && d->mappings[i].build_id < d->string_count);
        ck_assert_uint_eq(d->mappings[i].has, 4);
    }
    for (size_t i = 1; i <= d->function_count; i++)
        ck_assert(d->functions[i].name < d->string_count && d->functions[i].system_name < d->string_count &&
                  d->functions[i].file < d->string_count);
    for (size_t i = 1; i <= d->location_count; i++) {
        ck_assert_uint_le(d->locations[i].mapping, d->mapping_count);
        for (size_t k = 0; k < d->locations[i].line_count; k++) {
            ck_assert_uint_gt(d->locations[i].lines[k].function, 0);
            ck_assert_uint_le(d->locations[i].lines[k].function, d->function_count);
        }
    }
    for (size_t i = 0; i < d->sample_count; i++) {
        const struct sample *sample = &d->samples[i];
        ck_assert_uint_eq(sample->value_count, d->type_count);
        ck_assert_uint_gt(sample->location_count, 0);
        for (size_t k = 0; k < sample->location_count; k++)
            ck_assert(sample->locations[k] > 0 && sample->locations[k] <= d->location_count);
        for (size_t k = 0; k < sample->label_count; k++)
            ck_assert(sample->keys[k] < d->string_count && sample->texts[k] < d->string_count);
    }
    for (size_t i = 0; i < d->string_count; i++) {
        for (const char *at = d->strings[i]; *at;) {
            uint32_t point;
            size_t length = utf8_sequence(at, &point);
            if (length == 0 || point < 0x20)
                ck_abort_msg("a control character, or not UTF-8: %.40s", at);
            at += length;
        }
        for (size_t k = 0; k < i && i < 200; k++)
            if (strcmp(d->strings[i], d->strings[k]) == 0)
                ck_abort_msg("'%s' is in the table twice", d->strings[i]);
    }
}

START_TEST(every_site_is_a_sample_with_its_figures_and_labels) {
    struct report *report = load(golden_reports[_i]);
    struct decoded *d = decode(report, SHOW_ALL);
    assert_whole(d);
    struct arena *arena = arena_new();
    struct options options = {.show = SHOW_ALL};
    struct listing listing = listing_make(arena, report, &options);
    ck_assert_uint_eq(d->sample_count, listing.count);
    for (size_t i = 0; i < listing.count; i++) {
        const struct listed_site *listed = &listing.sites[i];
        const struct sample *sample = &d->samples[i];
        enum site_kind kind = listed->site->kind;
        ck_assert_str_eq(label(d, sample, "site"), listed->site->id);
        ck_assert_str_eq(label(d, sample, "kind"), site_kind_name(kind));
        ck_assert_str_eq(label(d, sample, "verdict"), verdict_name(listed->site->verdict));
        uint64_t count = listed->count, bytes = listed->bytes;
        ck_assert_uint_eq(sample->values[type_named(d, "inuse_objects")], kind == SITE_HEAP ? count : 0);
        ck_assert_uint_eq(sample->values[type_named(d, "inuse_space")], kind == SITE_HEAP ? bytes : 0);
        ck_assert_uint_eq(sample->values[type_named(d, "descriptors")], kind == SITE_FD ? count : 0);
        ck_assert_uint_eq(sample->values[type_named(d, "mappings")], kind == SITE_MAP ? count : 0);
        ck_assert_uint_eq(sample->values[type_named(d, "mapped_space")], kind == SITE_MAP ? bytes : 0);
    }
    ck_assert_uint_eq(d->type_count, 5); // nobody counted what was acquired in all
    arena_free(arena);
    free_decoded(d);
    report_free(report);
}
END_TEST

START_TEST(the_profile_says_what_ran_and_when) {
    struct report *report = load("one");
    struct decoded *d = decode(report, SHOW_ALL);
    ck_assert_uint_eq(d->time, UINT64_C(1777636800000000000)); // 2026-05-01T12:00:00Z
    ck_assert_uint_eq(d->duration, 1250000000);
    ck_assert_uint_eq(d->period, 1);
    ck_assert_str_eq(d->strings[d->preset], "inuse_space");
    ck_assert_str_eq(d->strings[d->comments[0]], "command: ./leaky --fast 'my input.txt'");
    ck_assert_str_eq(d->strings[d->mappings[1].file], "/usr/bin/leaky");
    ck_assert_str_eq(d->strings[d->mappings[1].build_id], "0123abcd");
    free_decoded(d);

    static const struct {
        const char *started;
        uint64_t ns;
    } times[] = {{"2026-05-01T14:00:00.5+02:00", UINT64_C(1777636800500000000)},
                 {"2026-05-01T10:30:00-01:30", UINT64_C(1777636800000000000)},
                 {"1970-01-01T00:00:01Z", 1000000000},
                 {"yesterday", 0},
                 {"", 0}};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        report->started = times[i].started;
        d = decode(report, SHOW_ALL);
        ck_assert_uint_eq(d->time, times[i].ns);
        free_decoded(d);
    }
    d = decode(report, 1u << VERDICT_OPEN);
    ck_assert_uint_eq(d->sample_count, 0);
    free_decoded(d);
    report_free(report);

    report = load("gated");
    d = decode(report, 1u << VERDICT_OPEN);
    ck_assert_str_eq(d->strings[d->preset], "descriptors");
    free_decoded(d);
    report_free(report);
}
END_TEST

START_TEST(inlined_functions_are_lines_of_one_location) {
    struct report *report = load("one");
    report->processes[0].sites[0].frames[0].linkage = "_Z7xmallocm";
    struct decoded *d = decode(report, SHOW_ALL);
    const struct sample *sample = &d->samples[0];
    ck_assert_uint_eq(sample->location_count, 6); // of 7 frames
    const struct location *first = &d->locations[sample->locations[0]];
    ck_assert_uint_eq(first->line_count, 2);
    ck_assert_uint_eq(first->address, 0x11d4);
    ck_assert_str_eq(d->strings[d->functions[first->lines[0].function].name], "xmalloc");
    ck_assert_str_eq(d->strings[d->functions[first->lines[0].function].system_name], "_Z7xmallocm");
    ck_assert_uint_eq(first->lines[0].line, 14);
    ck_assert_str_eq(d->strings[d->functions[first->lines[1].function].name], "parse_line");
    ck_assert_str_eq(d->strings[d->functions[first->lines[1].function].system_name], "parse_line");
    ck_assert_str_eq(d->strings[d->functions[first->lines[1].function].file], "/home/ann/leaky/src/parse.c");
    free_decoded(d);
    report_free(report);
}
END_TEST

START_TEST(what_stacks_acquired_in_all_comes_first_where_it_is_known) {
    struct report *report = load("one");
    struct report_process *process = &report->processes[0];
    struct report_site acquired[2] = {process->sites[0], {.count = 7, .bytes = 70}};
    acquired[0].count = 5000;
    acquired[0].bytes = 16000000;
    process->acquired = acquired;
    process->acquired_count = 2;
    struct decoded *d = decode(report, SHOW_ALL);
    assert_whole(d);
    ck_assert_uint_eq(d->type_count, 7);
    ck_assert_uint_eq(type_named(d, "alloc_objects"), 0);
    ck_assert_uint_eq(type_named(d, "alloc_space"), 1);
    ck_assert_str_eq(d->strings[d->preset], "inuse_space");
    uint64_t objects = 0, space = 0, in_use = 0;
    for (size_t i = 0; i < d->sample_count; i++) {
        objects += d->samples[i].values[0];
        space += d->samples[i].values[1];
        in_use += d->samples[i].values[type_named(d, "inuse_space")];
    }
    ck_assert_uint_eq(objects, 5007);
    ck_assert_uint_eq(space, 16000070);
    ck_assert_uint_eq(in_use, 3354936);
    free_decoded(d);
    report_free(report);
}
END_TEST

START_TEST(survives_hostile_names) {
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        struct report *report = hostile_report(seed);
        struct decoded *d = decode(report, SHOW_ALL);
        assert_whole(d);
        free_decoded(d);
        report_free(report);
    }
}
END_TEST

START_TEST(numbers_are_written_as_the_wire_format_says) {
    struct proto message = {0}, inner = {0};
    proto_number(&message, 1, 150);
    proto_number(&message, 2, 0); // left out
    proto_bytes(&message, 2, "testing", 7);
    proto_number(&inner, 1, UINT64_MAX);
    proto_message(&message, 16, &inner);
    proto_numbers(&message, 4, (uint64_t[]){3, 270, 86942, 0}, 4);
    static const uint8_t expected[] = {0x08, 0x96, 0x01, 0x12, 7,    't',  'e',  's',  't',  'i',  'n',  'g',
                                       0x82, 0x01, 11,   0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                       0xff, 0x01, 0x22, 7,    3,    0x8e, 0x02, 0x9e, 0xa7, 0x05, 0};
    ck_assert_uint_eq(message.count, sizeof expected);
    ck_assert_mem_eq(message.bytes, expected, sizeof expected);
    ck_assert_uint_eq(inner.count, 0);
    proto_free(&message);
    proto_free(&inner);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, every_site_is_a_sample_with_its_figures_and_labels, 0, GOLDEN_REPORTS);
    tcase_add_test(tests, the_profile_says_what_ran_and_when);
    tcase_add_test(tests, inlined_functions_are_lines_of_one_location);
    tcase_add_test(tests, what_stacks_acquired_in_all_comes_first_where_it_is_known);
    tcase_add_test(tests, survives_hostile_names);
    tcase_add_test(tests, numbers_are_written_as_the_wire_format_says);
}
SEEP_TEST_MAIN("pprof")
