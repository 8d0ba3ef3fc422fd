// links: analyzer/report/json_read_fd.c analyzer/report/text_descriptors.c analyzer/report/text_unattributed.c
// links: analyzer/report/json_memory.c analyzer/report/text_memory.c
// links: analyzer/report/report.c analyzer/report/json_read.c analyzer/report/json_pool.c analyzer/report/json_fields.c
// links: analyzer/report/go_frames.c
// links: analyzer/report/json_write.c analyzer/report/text.c analyzer/report/text_sites.c
// links: analyzer/report/text_summary.c analyzer/report/text_verdicts.c analyzer/report/units.c analyzer/report/escape.c analyzer/arena.c
// links: analyzer/report/text_gate.c analyzer/report/text_names.c analyzer/whole_file.c
// flags: -ljansson
//
// Schema seep-report-1: what is written is what the contract says, reads back the same, and whatever else a
// file holds is refused in one line.
#include "analyzer/report/json.h"
#include "analyzer/report/text.h"
#include "tests/lib/suite.h"
#include "tests/unit/golden_reports.h"

#include <check.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static char *write_text(const struct report *report) {
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    ck_assert_int_eq(report_write_json(report, NULL, out), 0);
    fclose(out);
    return text;
}

static struct report *parse(const char *text) {
    char message[512] = "";
    struct report *report = NULL;
    int rc = report_parse_json(text, strlen(text), "test", &report, message, sizeof message);
    ck_assert_msg(rc == 0, "%s", message);
    return report;
}

// Refused, with one printable line that holds the words.
static void refuse(const char *text, size_t bytes, const char *words) {
    char message[512] = "";
    struct report *untouched = (struct report *)&message, *report = untouched;
    ck_assert_int_eq(report_parse_json(text, bytes, "a\nb.json", &report, message, sizeof message), -EBADMSG);
    ck_assert_ptr_eq(report, untouched);
    ck_assert_msg(strncmp(message, "'a\\nb.json' ", 12) == 0, "%s", message);
    for (const char *c = message; *c; c++)
        ck_assert((unsigned char)*c >= 0x20 && *c != 0x7f);
    ck_assert_msg(strstr(message, words) != NULL, "%s\nhas no: %s", message, words);
}

static const char *const goldens[] = {"one", "tree", "inexact", "clean", "hostile", "memory"};

START_TEST(what_was_written_and_read_back_writes_identically) {
    char path[64];
    snprintf(path, sizeof path, "tests/golden/%s.json", goldens[_i]);
    char *file = slurp(path);
    struct report *first = parse(file);
    char *once = write_text(first);
    struct report *second = parse(once);
    char *twice = write_text(second);
    ck_assert_str_eq(once, twice);

    // And nothing was lost on the way: the file's members, as far as they are known, are those that were
    // written.
    json_t *expected = json_loads(file, 0, NULL);
    json_t *written = json_loads(once, 0, NULL);
    ck_assert_int_eq(json_equal(expected, written), 1);
    json_decref(expected);
    json_decref(written);
    free(file);
    free(once);
    free(twice);
    report_free(first);
    report_free(second);
}
END_TEST

START_TEST(figures_that_are_not_known_are_null) {
    char *file = slurp("tests/golden/one.json");
    struct report *report = parse(file);
    struct report_process *process = &report->processes[0];
    process->heap_tracked = false;
    process->executable = NULL;
    process->end.code_known = false;
    process->sites[0].frames[0].line = 0;
    char *text = write_text(report);
    json_t *root = json_loads(text, 0, NULL);
    json_t *one = json_array_get(json_object_get(root, "processes"), 0);
    ck_assert(json_is_null(json_object_get(root, "gate")));
    ck_assert(json_is_null(json_object_get(one, "executable")));
    ck_assert(json_is_null(json_object_get(one, "memory")));
    ck_assert(json_is_null(json_object_get(one, "verdicts")));
    ck_assert(json_is_null(json_object_get(json_object_get(one, "end"), "code")));
    ck_assert(json_is_null(json_object_get(json_object_get(one, "end"), "signal")));
    json_t *totals = json_object_get(one, "totals");
    ck_assert(json_is_null(json_object_get(totals, "heap")));
    ck_assert(json_is_null(json_object_get(totals, "fd")));
    ck_assert(json_is_null(json_object_get(totals, "map")));
    json_t *site = json_array_get(json_object_get(one, "sites"), 0);
    ck_assert(json_is_null(json_object_get(site, "resident_bytes")));
    ck_assert(json_is_null(json_object_get(json_array_get(json_object_get(site, "frames"), 0), "line")));
    json_decref(root);

    struct report *back = parse(text);
    ck_assert(!back->processes[0].heap_tracked);
    ck_assert(!back->processes[0].end.code_known);
    ck_assert_ptr_null(back->processes[0].executable);
    ck_assert_int_eq(back->processes[0].sites[0].resident_bytes, -1);
    report_free(back);
    report_free(report);
    free(text);
    free(file);
}
END_TEST

START_TEST(the_gate_and_the_remarks_read_back) {
    char *file = slurp("tests/golden/one.json");
    struct report *report = parse(file);
    ck_assert_ptr_null(report->gate);
    const char *reasons[] = {"1 definite site", "bytes \xff"}, *remarks[] = {"unused: leak:x"};
    struct report_gate gate = {.tripped = true,
                               .failed = 1u << VERDICT_DEFINITE | 1u << VERDICT_OPEN,
                               .reasons = reasons,
                               .reason_count = 2,
                               .update = "seep run"};
    report->gate = &gate;
    report->remarks = remarks;
    report->remark_count = 1;
    char *text = write_text(report);
    struct report *back = parse(text);
    ck_assert(back->gate && back->gate->tripped);
    ck_assert_uint_eq(back->gate->failed, gate.failed);
    ck_assert_uint_eq(back->gate->reason_count, 2);
    ck_assert_str_eq(back->gate->reasons[1], "bytes \\xff");
    ck_assert_str_eq(back->gate->update, "seep run");
    ck_assert_uint_eq(back->remark_count, 1);
    ck_assert_str_eq(back->remarks[0], "unused: leak:x");
    char *place = strstr(text, "\"tripped\": true");
    ck_assert_ptr_nonnull(place);
    memcpy(place, "\"tripped\": null", 15);
    refuse(text, strlen(text), "gate.tripped should be true or false");
    memcpy(place, "\"tripped\": true", 15);
    place = strstr(text, "\"open\"");
    ck_assert_ptr_nonnull(place);
    memcpy(place, "\"oven\"", 6);
    refuse(text, strlen(text), "gate.failed should be an array of verdicts");
    report_free(back);
    report_free(report);
    free(text);
    free(file);
}
END_TEST

START_TEST(names_of_any_bytes_give_valid_json) {
    char *file = slurp("tests/golden/one.json");
    struct report *report = parse(file);
    char all[300];
    for (int byte = 1; byte < 256; byte++)
        all[byte - 1] = (char)byte;
    strcpy(all + 255, "\xed\xa0\x80|\xc0\xaf|\xf4\x90\x80\x80|\xe2\x82|\xe2\x82\xac|\xf0\x9f\x98\x80|\xc3");
    const char *words[] = {all, "", "\xff"};
    report->command = words;
    report->command_count = 3;
    report->processes[0].sites[0].frames[0].function = all;
    char *text = write_text(report);
    json_t *root = json_loads(text, 0, NULL); // jansson takes valid UTF-8 only
    ck_assert_ptr_nonnull(root);
    json_t *command = json_object_get(root, "command");
    const char *got = json_string_value(json_array_get(command, 0));
    ck_assert(memcmp(got, all, 127) == 0); // ASCII, control characters included, as it was
    ck_assert_ptr_nonnull(strstr(got, "\\x80\\x81"));
    ck_assert_ptr_nonnull(strstr(
        got,
        "\\xed\\xa0\\x80|\\xc0\\xaf|\\xf4\\x90\\x80\\x80|\\xe2\\x82|\xe2\x82\xac|\xf0\x9f\x98\x80|\\xc3"));
    ck_assert_str_eq(json_string_value(json_array_get(command, 1)), "");
    ck_assert_str_eq(json_string_value(json_array_get(command, 2)), "\\xff");
    json_decref(root);

    struct report *back = parse(text);
    char *again = write_text(back);
    ck_assert_str_eq(text, again);
    report_free(back);
    report_free(report);
    free(again);
    free(text);
    free(file);
}
END_TEST

START_TEST(each_site_stands_on_a_line_of_its_own) {
    char *file = slurp("tests/golden/tree.json");
    struct report *report = parse(file);
    char *text = write_text(report);
    size_t sites = 0;
    for (size_t i = 0; i < report->process_count; i++)
        sites += report->processes[i].site_count;
    size_t lines = 0;
    for (const char *at = text; (at = strstr(at, "\n{\"id\": \"")); at++)
        lines++;
    ck_assert_uint_eq(lines, sites);
    report_free(report);
    free(text);
    free(file);
}
END_TEST

START_TEST(unknown_members_are_ignored) {
    char *file = slurp("tests/golden/one.json");
    json_t *root = json_loads(file, 0, NULL);
    json_t *process = json_array_get(json_object_get(root, "processes"), 0);
    json_object_set_new(root, "later", json_pack("{s:[i,i]}", "x", 1, 2));
    json_object_set_new(process, "later", json_null());
    json_object_set_new(json_object_get(process, "totals"), "later", json_pack("{s:i}", "opened", 3));
    json_object_set_new(json_array_get(json_object_get(process, "sites"), 0), "later", json_true());
    char *text = json_dumps(root, 0);
    struct report *plain = parse(file), *more = parse(text);
    char *a = write_text(plain), *b = write_text(more);
    ck_assert_str_eq(a, b);
    report_free(plain);
    report_free(more);
    json_decref(root);
    free(a);
    free(b);
    free(text);
    free(file);
}
END_TEST

START_TEST(foreign_files_are_told_apart_from_damaged_ones) {
    refuse("", 0, "is not JSON");
    refuse("\x7f"
           "ELF\x02\x01\x01\0\0",
           9, "is not JSON");
    refuse("{\"schema\": \"seep-report-1\"", 25, "cut short");
    refuse("[]", 2, "not a seep report");
    refuse("{}", 2, "not a seep report");
    refuse("{\"schema\": 1}", 13, "not a seep report");
    refuse("{\"schema\": \"seep-report-2\\u001b[31m\"}", 37, "another schema");
    refuse("{\"schema\": \"seep-report-1\"}", 27, "seep_version should be a string");
    refuse("{\"a\": \"\\u0000\"}", 15, "is not JSON");
    refuse("{\"schema\": \"seep-report-1\", \"schema\": \"seep-report-1\"}", 54, "is not JSON");
}
END_TEST

// Of any length, among them those for which memory is cut otherwise; and the memory is given back each time.
START_TEST(texts_of_any_length_read_back) {
    static char text[100000], document[sizeof text + 512];
    for (size_t bytes = 1; bytes < sizeof text; bytes += 1 + bytes / 7) {
        memset(text, 'a' + (int)(bytes % 26), bytes);
        text[bytes] = '\0';
        snprintf(document, sizeof document,
                 "{\"schema\": \"seep-report-1\", \"seep_version\": \"%s\", \"command\": [\"x\"], "
                 "\"started\": \"-\", \"duration\": 1, \"exact\": true, \"inexact_because\": [], "
                 "\"processes\": []}",
                 text);
        char message[256] = "";
        struct report *report = NULL;
        ck_assert_msg(
            report_parse_json(document, strlen(document), "test", &report, message, sizeof message) == 0,
            "%zu: %s", bytes, message);
        ck_assert_str_eq(report->seep_version, text);
        report_free(report);
        document[strlen(document) - 2] = '\0';
        ck_assert_int_eq(
            report_parse_json(document, strlen(document), "test", &report, message, sizeof message),
            -EBADMSG);
    }
    json_malloc_t allocate;
    json_free_t release;
    json_get_alloc_funcs(&allocate, &release);
    ck_assert(allocate == malloc && release == free);
}
END_TEST

START_TEST(endless_nesting_is_refused) {
    enum { LEVELS = 1000000 };
    char *text = malloc(LEVELS);
    memset(text, '[', LEVELS);
    refuse(text, LEVELS, "is not JSON");
    free(text);
}
END_TEST

// One member of one.json, or of memory.json where it is of a process's memory, replaced: where it stands, by
// what, and what the line must say.
static const struct damage {
    const char *pointer, *value, *words;
} damages[] = {
    {"processes", "{}", "processes should be an array"},
    {"processes.0", "7", "processes[0].pid should be a whole number"},
    {"processes.0.pid", "-1", "processes[0].pid should be a whole number, 0 or more"},
    {"processes.0.pid", "1.5", "processes[0].pid should be"},
    {"processes.0.argv", "[1]", "processes[0].argv should be an array of strings"},
    {"processes.0.begin", "\"birth\"", "processes[0].begin should be exec, fork or attach"},
    {"processes.0.end", "null", "processes[0].end should be an object"},
    {"processes.0.end.how", "null", "processes[0].end.how should be exit, signal"},
    {"processes.0.end.code", "256", "processes[0].end.code should be null or a whole number from 0 to 255"},
    {"processes.0.end.how", "\"signal\"", "processes[0].end.signal should be a signal's number"},
    {"processes.0.exact", "1", "processes[0].exact should be true or false"},
    {"processes.0.lost_records", "-3", "processes[0].lost_records should be"},
    {"processes.0.totals", "[]", "processes[0].totals should be an object"},
    {"processes.0.totals.heap", "3", "processes[0].totals.heap should be an object"},
    {"processes.0.totals.heap.frees", "-9223372036854775808", "processes[0].totals.heap.frees should be"},
    {"processes.0.totals.heap.frees", "null", "processes[0].totals.heap.frees should be"},
    {"processes.0.verdicts", "null", "processes[0].verdicts should be an object"},
    {"processes.0.verdicts.suppressed.bytes", "\"1\"", "processes[0].verdicts.suppressed.bytes should be"},
    {"processes.0.sites.1.id", "\"xyz\"", "processes[0].sites[1].id should be 16 hex digits"},
    {"processes.0.sites.1.id", "\"00000000000000A2\"", "processes[0].sites[1].id should be 16 hex digits"},
    {"processes.0.sites.1.kind", "\"fd\"", "verdict should be one that goes with the kind"},
    {"processes.0.sites.1.verdict", "\"open\"", "verdict should be one that goes with the kind"},
    {"processes.0.sites.1.call", "null", "sites[1].call should be a string"},
    {"processes.0.sites.1.count", "true", "sites[1].count should be"},
    {"processes.0.sites.1.resident_bytes", "-1", "sites[1].resident_bytes should be"},
    {"processes.0.sites.1.frames", "\"\"", "sites[1].frames should be an array"},
    {"processes.0.sites.1.frames.2.line", "4294967296", "sites[1].frames[2].line should be"},
    {"processes.0.sites.1.frames.2.offset", "\"12\"", "sites[1].frames[2].offset should be an address"},
    {"processes.0.sites.1.frames.2.offset", "\"0x11112222333344445\"",
     "frames[2].offset should be an address"},
    {"processes.0.sites.1.frames.2.offset", "\"0x1g\"", "sites[1].frames[2].offset should be an address"},
    {"processes.0.sites.1.frames.2.inlined", "null", "sites[1].frames[2].inlined should be true or false"},
    {"processes.0.sites.1.frames.2.module", "{}", "sites[1].frames[2].module should be a string or null"},
    {"processes.0.sites.1.examples", "[{},{},{},{},{},{}]",
     "sites[1].examples should be an array of at most 5"},
    {"processes.0.sites.1.examples.0.bytes", "[]", "sites[1].examples[0].bytes should be"},
    {"processes.0.memory", "[]", "processes[0].memory should be an object"},
    {"processes.0.memory.age", "-1", "processes[0].memory.age should be seconds"},
    {"processes.0.memory.rss_bytes", "null", "memory.rss_bytes should be a whole number"},
    {"processes.0.memory.peak_rss_bytes", "-1", "memory.peak_rss_bytes should be null or a whole number"},
    {"processes.0.memory.killed", "null", "memory.killed should be true or false"},
    {"processes.0.memory.rows", "{}", "memory.rows should be an array"},
    {"processes.0.memory.rows.1.what", "\"heap\"", "memory.rows[1].what should be one of"},
    {"processes.0.memory.rows.3.verdict", "\"mapped\"", "rows[3].verdict should be a verdict on blocks"},
    {"processes.0.memory.rows.3.verdict", "null", "rows[3].verdict should be a verdict on blocks"},
    {"processes.0.memory.rows.2.bytes", "1.5", "memory.rows[2].bytes should be"},
    {"processes.0.memory.cgroup", "1", "memory.cgroup should be an object"},
    {"processes.0.memory.cgroup.version", "3", "cgroup.version should be null or a whole number from 1 to 2"},
    {"processes.0.memory.cgroup.path", "null", "cgroup.path should be a string"},
    {"duration", "-0.5", "duration should be null or seconds"},
    {"started", "5", "started should be a string"},
    {"inexact_because", "null", "inexact_because should be an array"},
    {"command", "[null]", "command should be an array of strings"},
};
#define DAMAGES ((int)(sizeof damages / sizeof damages[0]))

// Sets the member that the dotted path names.
static void replace(json_t *root, const char *pointer, const char *value) {
    char path[128];
    snprintf(path, sizeof path, "%s", pointer);
    json_t *at = root;
    char *rest = path, *step, *dot;
    while ((dot = strchr(rest, '.'))) {
        *dot = '\0';
        at = json_is_array(at) ? json_array_get(at, strtoul(rest, NULL, 10)) : json_object_get(at, rest);
        ck_assert_ptr_nonnull(at);
        rest = dot + 1;
    }
    step = rest;
    json_t *new = json_loads(value, JSON_DECODE_ANY, NULL);
    ck_assert_ptr_nonnull(new);
    if (json_is_array(at))
        ck_assert_int_eq(json_array_set_new(at, strtoul(step, NULL, 10), new), 0);
    else {
        ck_assert_ptr_nonnull(json_object_get(at, step));
        ck_assert_int_eq(json_object_set_new(at, step, new), 0);
    }
}

START_TEST(wrong_types_and_ranges_are_refused_with_their_place) {
    bool of_memory = strstr(damages[_i].pointer, ".memory") != NULL;
    char *file = slurp(of_memory ? "tests/golden/memory.json" : "tests/golden/one.json");
    json_t *root = json_loads(file, 0, NULL);
    replace(root, damages[_i].pointer, damages[_i].value);
    char *text = json_dumps(root, 0);
    refuse(text, strlen(text), damages[_i].words);
    json_decref(root);
    free(text);
    free(file);
}
END_TEST

static uint64_t next_random(uint64_t *state) { // xorshift64
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

// Bytes changed, cut out, doubled, or numbers swapped for extreme ones.
static size_t mutate(char *text, size_t bytes, size_t room, uint64_t *state) {
    static const char *const seeds[] = {"-1",      "null", "1e999",  "18446744073709551616",
                                        "{}",      "[]",   "\"\"",   "true",
                                        "\\u0000", "\xff", "\"0x\"", "9223372036854775807"};
    for (uint64_t n = 1 + next_random(state) % 4; n > 0 && bytes > 0; n--) {
        size_t at = next_random(state) % bytes;
        const char *seed = seeds[next_random(state) % (sizeof seeds / sizeof seeds[0])];
        size_t length = strlen(seed);
        switch (next_random(state) % 5) {
        case 0:
            text[at] = (char)next_random(state);
            break;
        case 1:
            bytes = at;
            break;
        case 2: {
            size_t cut = 1 + next_random(state) % 40;
            cut = cut < bytes - at ? cut : bytes - at;
            memmove(text + at, text + at + cut, bytes - at - cut);
            bytes -= cut;
            break;
        }
        default: { // over a value, so that what comes out is often JSON still
            char *colon = memchr(text + at, ':', bytes - at);
            if (!colon || bytes + length > room)
                break;
            size_t from = (size_t)(colon + 1 - text), to = from;
            while (to < bytes && !strchr(",}]\n", text[to]))
                to++;
            memmove(text + from + length, text + to, bytes - to);
            memcpy(text + from, seed, length);
            bytes = bytes - (to - from) + length;
        }
        }
    }
    return bytes;
}

START_TEST(mutilated_reports_are_read_or_refused_never_worse) {
    char *file = slurp("tests/golden/inexact.json");
    size_t bytes = strlen(file), room = bytes + 1024;
    char *copy = malloc(room);
    uint64_t state = 0x5eed5eed5eed5eed + (uint64_t)_i;
    size_t accepted = 0, refused = 0;
    for (int round = 0; round < 5000; round++) {
        memcpy(copy, file, bytes);
        size_t length = mutate(copy, bytes, room, &state);
        char message[256] = "";
        struct report *report;
        int rc = report_parse_json(copy, length, "mutant", &report, message, sizeof message);
        if (rc < 0) {
            ck_assert_int_eq(rc, -EBADMSG);
            ck_assert(strlen(message) > 10 && !strchr(message, '\n'));
            refused++;
            continue;
        }
        accepted++; // then it prints, and is as good a report as any
        char *text = write_text(report);
        struct report *back = parse(text);
        FILE *nowhere = fopen("/dev/null", "w");
        struct options options = {.show = ~0u, .verbosity = 1};
        ck_assert_int_eq(report_write_text(back, &options, nowhere), 0);
        fclose(nowhere);
        report_free(back);
        report_free(report);
        free(text);
    }
    ck_assert_uint_gt(accepted, 50);
    ck_assert_uint_gt(refused, 1000);
    free(copy);
    free(file);
}
END_TEST

START_TEST(files_that_cannot_be_read_say_so) {
    struct report *report;
    char message[256];
    ck_assert_int_eq(report_read_json("tests/golden/missing.json", &report, message, sizeof message),
                     -ENOENT);
    ck_assert_str_eq(message, "'tests/golden/missing.json' cannot be read: No such file or directory");
    ck_assert_int_eq(report_read_json("tests/golden", &report, message, sizeof message), -EISDIR);
    ck_assert_int_eq(report_read_json("/dev/null", &report, message, sizeof message), -EBADMSG);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, what_was_written_and_read_back_writes_identically, 0,
                        (int)(sizeof goldens / sizeof goldens[0]));
    tcase_add_test(tests, figures_that_are_not_known_are_null);
    tcase_add_test(tests, the_gate_and_the_remarks_read_back);
    tcase_add_test(tests, names_of_any_bytes_give_valid_json);
    tcase_add_test(tests, each_site_stands_on_a_line_of_its_own);
    tcase_add_test(tests, unknown_members_are_ignored);
    tcase_add_test(tests, foreign_files_are_told_apart_from_damaged_ones);
    tcase_add_test(tests, texts_of_any_length_read_back);
    tcase_add_test(tests, endless_nesting_is_refused);
    tcase_add_loop_test(tests, wrong_types_and_ranges_are_refused_with_their_place, 0, DAMAGES);
    tcase_add_loop_test(tests, mutilated_reports_are_read_or_refused_never_worse, 0, 3);
    tcase_add_test(tests, files_that_cannot_be_read_say_so);
}
SEEP_TEST_MAIN("report_json")
