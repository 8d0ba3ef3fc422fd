// links: analyzer/report/*.c analyzer/arena.c analyzer/table.c
// flags: -ljansson -lz -lxml2 -I/usr/include/libxml2
//
// The formats for reviewers and CI servers, against golden files (tests/golden/NAME.FORMAT from NAME.json;
// SEEP_GOLDEN=write writes them anew), against public schemas, and read back from reports made of hostile
// names.
#include "analyzer/report/escape.h"
#include "analyzer/report/json.h"
#include "analyzer/report/listing.h"
#include "analyzer/report/writers.h"
#include "tests/unit/hostile.h"

#include <check.h>
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <sys/stat.h>
#include <unistd.h>

// For every byte: Check's own assertions write to a pipe each time.
#define REQUIRE(condition, ...)                                                                              \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            ck_abort_msg(__VA_ARGS__);                                                                       \
    } while (0)

#define SHOW_ALL     ((1u << VERDICTS) - 1)
#define SHOW_DEFAULT (SHOW_ALL & ~(1u << VERDICT_REACHABLE) & ~(1u << VERDICT_INDIRECT))

enum { SEEDS = 60 };

typedef int (*writer)(const struct report *report, const struct options *options, FILE *out);

static const char *const reports[] = {"one", "tree", "inexact", "clean", "stripped", "hostile", "gated"};
static const struct {
    const char *name;
    writer write;
} writers[] = {{"junit", report_write_junit},       {"github", report_write_github},
               {"markdown", report_write_markdown}, {"folded", report_write_folded},
               {"sarif", report_write_sarif},       {"suppressions", report_write_suppressions}};
enum { REPORTS = sizeof reports / sizeof reports[0], WRITERS = sizeof writers / sizeof writers[0] };

static char *slurp(const char *path) {
    FILE *in = fopen(path, "r");
    ck_assert_msg(in != NULL, "cannot open %s: the tests run from the top of the tree", path);
    char *text = NULL;
    size_t room = 0;
    if (getdelim(&text, &room, '\0', in) < 0) { // empty
        free(text);
        text = strdup("");
    }
    fclose(in);
    return text;
}

static struct report *load(const char *name) {
    char path[256], message[512];
    struct report *report;
    snprintf(path, sizeof path, "tests/golden/%s.json", name);
    ck_assert_msg(report_read_json(path, &report, message, sizeof message) == 0, "%s", message);
    return report;
}

static char *render(writer write, const struct report *report, show_set show, const char *root) {
    struct options options = {.show = show, .top = 20, .source_root = root};
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    ck_assert_int_eq(write(report, &options, out), 0);
    fclose(out);
    ck_assert_uint_eq(strlen(text), bytes); // no NUL among it
    return text;
}

static struct listing list(struct arena *arena, const struct report *report, show_set show) {
    struct options options = {.show = show};
    return listing_make(arena, report, &options);
}

static char *escaped(const char *text) {
    char *result = NULL;
    size_t bytes;
    FILE *out = open_memstream(&result, &bytes);
    escape_print(out, text);
    fclose(out);
    return result;
}

// Everything a format may hold but JUnit's and SARIF's own syntax: whole characters, no control but line
// ends.
static void assert_clean(const char *text) {
    while (*text) {
        uint32_t point;
        size_t length = utf8_sequence(text, &point);
        REQUIRE(length > 0, "not UTF-8: %.40s", text);
        REQUIRE(point >= 0x20 || point == '\n', "control character 0x%x before: %.40s", point, text + 1);
        REQUIRE(point < 0x7f || point > 0x9f, "control character 0x%x", point);
        text += length;
    }
}

START_TEST(prints_as_the_golden_file_has_it) {
    const char *name = reports[_i / WRITERS];
    char path[256];
    snprintf(path, sizeof path, "tests/golden/%s.%s", name, writers[_i % WRITERS].name);
    struct report *report = load(name);
    char *text = render(writers[_i % WRITERS].write, report, SHOW_DEFAULT, "/home/ann/leaky");
    const char *mode = getenv("SEEP_GOLDEN");
    if (mode && strcmp(mode, "write") == 0) {
        FILE *out = fopen(path, "w");
        fputs(text, out);
        fclose(out);
    }
    char *expected = slurp(path);
    ck_assert_str_eq(text, expected);
    free(text);
    free(expected);
    report_free(report);
}
END_TEST

// --- JUnit
// -----------------------------------------------------------------------------------------------------------

static void stay_silent(void *context, const char *format, ...) {
    (void)context, (void)format;
}

static void assert_valid_junit(xmlDocPtr document, const char *text) {
    static xmlSchemaPtr schema;
    if (!schema) {
        xmlSchemaParserCtxtPtr parser = xmlSchemaNewParserCtxt("tests/schemas/junit.xsd");
        schema = xmlSchemaParse(parser);
        xmlSchemaFreeParserCtxt(parser);
    }
    ck_assert_ptr_nonnull(schema);
    xmlSchemaValidCtxtPtr context = xmlSchemaNewValidCtxt(schema);
    ck_assert_msg(xmlSchemaValidateDoc(context, document) == 0, "not valid:\n%.2000s", text);
    xmlSchemaFreeValidCtxt(context);
}

static xmlNodePtr element_in(xmlNodePtr parent, const char *name) {
    for (xmlNodePtr node = parent->children; node; node = node->next)
        if (node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0)
            return node;
    return NULL;
}

static long number_attribute(xmlNodePtr node, const char *name) {
    xmlChar *value = xmlGetProp(node, (const xmlChar *)name);
    ck_assert_msg(value != NULL, "no %s", name);
    long number = atol((const char *)value);
    xmlFree(value);
    return number;
}

static void assert_case(xmlNodePtr node, const struct listed_site *listed, struct arena *arena) {
    xmlChar *name = xmlGetProp(node, (const xmlChar *)"name");
    char id[32];
    snprintf(id, sizeof id, " [%s]", listed->site->id);
    ck_assert_str_eq((const char *)name + strlen((const char *)name) - strlen(id), id);
    xmlFree(name);
    xmlNodePtr failure = element_in(node, "failure");
    ck_assert_msg(!failure != !element_in(node, "skipped"), "neither failed nor skipped, or both");
    if (!failure)
        return;
    xmlChar *text = xmlNodeGetContent(failure);
    char *call = escaped(arena_printf(arena, "%s called from\n", listed->site->call));
    call[strlen(call) - 2] = '\0'; // up to the line end's escape
    ck_assert_msg(strncmp((const char *)text, call, strlen(call)) == 0, "'%s' is not '%s'", text, call);
    free(call);
    xmlFree(text);
}

static void assert_junit(const struct report *report, show_set show) {
    char *text = render(report_write_junit, report, show, "/home/ann/leaky");
    assert_clean(text);
    xmlSetGenericErrorFunc(NULL, stay_silent);
    xmlDocPtr document =
        xmlReadMemory(text, (int)strlen(text), "junit", NULL, XML_PARSE_NONET | XML_PARSE_HUGE);
    ck_assert_msg(document != NULL, "not XML:\n%.2000s", text);
    assert_valid_junit(document, text);

    struct arena *arena = arena_new();
    struct listing listing = list(arena, report, show);
    xmlNodePtr suite = element_in(xmlDocGetRootElement(document), "testsuite");
    ck_assert_int_eq(number_attribute(suite, "tests"), (long)listing.count + 1);
    size_t cases = 0;
    long failures = 0, skipped = 0;
    for (xmlNodePtr node = suite->children; node; node = node->next) {
        if (node->type != XML_ELEMENT_NODE || strcmp((const char *)node->name, "testcase") != 0)
            continue;
        failures += element_in(node, "failure") != NULL;
        skipped += element_in(node, "skipped") != NULL;
        if (cases > 0) { // the first is the gate's
            ck_assert_uint_le(cases, listing.count);
            assert_case(node, &listing.sites[cases - 1], arena);
        }
        cases++;
    }
    ck_assert_uint_eq(cases, listing.count + 1);
    ck_assert_int_eq(number_attribute(suite, "failures"), failures);
    ck_assert_int_eq(number_attribute(suite, "skipped"), skipped);
    arena_free(arena);
    xmlFreeDoc(document);
    free(text);
}

START_TEST(junit_is_valid_by_its_schema_and_has_a_case_per_site) {
    struct report *report = load(reports[_i]);
    assert_junit(report, SHOW_DEFAULT);
    report_free(report);
}
END_TEST

START_TEST(junit_survives_hostile_names) {
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        struct report *report = hostile_report(seed);
        assert_junit(report, SHOW_ALL);
        report_free(report);
    }
}
END_TEST

static size_t count(const char *text, const char *what) {
    size_t found = 0;
    for (; (text = strstr(text, what)); text++)
        found++;
    return found;
}

START_TEST(junit_fails_what_the_gate_fails_and_nothing_else) {
    struct report *report = load("gated");
    char *text = render(report_write_junit, report, SHOW_ALL, NULL);
    ck_assert_uint_eq(count(text, "<failure "), 1 + 5); // the gate, and what is new or grown
    ck_assert_uint_eq(count(text, "<skipped>known to the baseline: "), 2);
    free(text);

    struct options options = {
        .show = SHOW_ALL, .fail_on_given = true, .fail_on = 1u << VERDICT_DEFINITE | 1u << VERDICT_POSSIBLE};
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    ck_assert_int_eq(report_write_junit(report, &options, out), 0);
    fclose(out);
    ck_assert_uint_eq(count(text, "<failure "), 1 + 3);
    ck_assert_uint_eq(count(text, "<skipped>of a kind that the gate does not ask for: "), 2); // fd and map
    free(text);

    report->gate->failed = 1u << VERDICT_OPEN; // of the others there is what --allow lets pass
    text = render(report_write_junit, report, SHOW_ALL, NULL);
    ck_assert_uint_eq(count(text, "<failure "), 1 + 1);
    ck_assert_uint_eq(count(text, "<skipped>let pass by the gate: "), 4);
    free(text);

    report->gate->tripped = false;
    report->gate->reason_count = 0;
    text = render(report_write_junit, report, SHOW_ALL, NULL);
    ck_assert_uint_eq(count(text, "<failure "), 0);
    ck_assert_uint_eq(count(text, "<skipped>let pass by the gate: "), 5);
    free(text);

    report->gate = NULL;
    text = render(report_write_junit, report, SHOW_ALL, NULL);
    ck_assert_uint_eq(count(text, "<failure "), 5);
    ck_assert_uint_eq(count(text, "<skipped>no gate was asked for"), 1);
    free(text);
    report_free(report);
}
END_TEST

// --- GitHub
// ----------------------------------------------------------------------------------------------------------

// A property's or a message's text as the runner has it, up to the end; *text moves behind it.
static char *runner_text(const char **text, const char *ends) {
    char *result = malloc(strlen(*text) + 1), *at = result;
    while (**text && !strchr(ends, **text)) {
        unsigned value;
        if (**text == '%') {
            ck_assert_msg(sscanf(*text + 1, "%2X", &value) == 1, "a bare percent sign: %.20s", *text);
            *at++ = (char)value;
            *text += 3;
        } else {
            *at++ = *(*text)++;
        }
    }
    *at = '\0';
    return result;
}

static void assert_annotation(const char *line) {
    static const char *const known[] = {"::error ", "::warning ", "::notice "};
    size_t which = 0;
    while (which < 3 && strncmp(line, known[which], strlen(known[which])) != 0)
        which++;
    ck_assert_msg(which < 3, "no annotation: %.100s", line);
    const char *at = line + strlen(known[which]);
    bool titled = false;
    for (;;) {
        size_t name = strspn(at, "filentd");
        ck_assert_msg(at[name] == '=' && (name == 4 || name == 5), "no property: %.40s", at);
        titled = titled || strncmp(at, "title=", 6) == 0;
        at += name + 1;
        free(runner_text(&at, ",:"));
        if (*at == ':')
            break;
        ck_assert_int_eq(*at++, ',');
    }
    ck_assert(titled);
    ck_assert_msg(strncmp(at, "::", 2) == 0, "no message: %.40s", at);
    at += 2;
    char *message = runner_text(&at, "");
    free(message);
}

static size_t assert_annotations(char *text) {
    size_t annotations = 0;
    assert_clean(text);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        assert_annotation(line);
        annotations++;
    }
    ck_assert_uint_le(annotations, 10);
    return annotations;
}

START_TEST(github_survives_hostile_names) {
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        struct report *report = hostile_report(seed);
        char *text = render(report_write_github, report, SHOW_ALL, "/");
        assert_annotations(text);
        free(text);
        report_free(report);
    }
}
END_TEST

START_TEST(github_gets_ten_annotations_and_the_worst_first) {
    struct report *report = load("tree");
    char *text = render(report_write_github, report, SHOW_ALL, "/home/ann/leaky");
    const char *more = strstr(text, "title=seep%3A ");
    ck_assert_ptr_nonnull(strstr(text, " more sites::"));
    ck_assert_ptr_nonnull(more);
    ck_assert_uint_eq(assert_annotations(text), 10);
    free(text);
    report_free(report);

    report = load("gated");
    text = render(report_write_github, report, SHOW_ALL, "/home/ann/leaky");
    ck_assert_int_eq(strncmp(text, "\n::error title=seep%3A the gate failed::definite%", 0), 0);
    const char *gate = strstr(text, "the gate failed"), *worst = strstr(text, "file=src/parse.c,line=88"),
               *possible = strstr(text, "possibly lost");
    ck_assert_ptr_null(worst); // xmalloc is nearer to the block
    worst = strstr(text, "::error file=src/util.c,line=14,title=seep%3A 1%2C000 blocks");
    ck_assert(gate && worst && possible && gate < worst && worst < possible);
    ck_assert_ptr_null(strstr(text, "name.c")); // known to the baseline
    free(text);
    report_free(report);
}
END_TEST

START_TEST(the_job_summary_is_appended_within_githubs_limit) {
    char path[] = "/tmp/test-writers-XXXXXX", message[256];
    close(mkstemp(path));
    FILE *file = fopen(path, "w");
    fputs("before\n", file);
    fclose(file);
    setenv("GITHUB_STEP_SUMMARY", path, 1);
    struct report *report = load("gated");
    struct options options = {.show = SHOW_ALL};
    ck_assert_int_eq(github_append_summary(report, &options, message, sizeof message), 0);
    ck_assert_int_eq(github_append_summary(report, &options, message, sizeof message), 0);
    char *text = slurp(path);
    ck_assert_int_eq(strncmp(text, "before\n### seep: the gate failed", 32), 0);
    ck_assert_uint_eq(count(text, "### seep: the gate failed"), 2);
    free(text);

    for (long used = (1 << 20) - 12000; used <= 1 << 20; used += 1500) { // less and less room
        ck_assert_int_eq(truncate(path, used), 0);
        ck_assert_int_eq(github_append_summary(report, &options, message, sizeof message), 0);
        struct stat status;
        ck_assert_int_eq(stat(path, &status), 0);
        ck_assert_int_le(status.st_size, 1 << 20);
        ck_assert_int_ge(status.st_size, used);
    }
    setenv("GITHUB_STEP_SUMMARY", "/nowhere/summary", 1);
    ck_assert_int_lt(github_append_summary(report, &options, message, sizeof message), 0);
    ck_assert_ptr_nonnull(strstr(message, "/nowhere/summary"));
    unlink(path);
    report_free(report);
}
END_TEST

// --- Markdown
// --------------------------------------------------------------------------------------------------------

// Names stand within <code> or <pre>, and hold nothing there that Markdown or HTML would act on. Outside
// there are our own words, and elements.
static void assert_markdown(const char *text) {
    static const char *const ours[] = {"<code>",     "</code>",   "<pre>", "</pre>", "<details><summary>",
                                       "</summary>", "</details>"};
    assert_clean(text);
    bool in_pre = false, in_code = false;
    while (*text) {
        size_t skip = 0;
        for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
            if (strncmp(text, ours[i], strlen(ours[i])) == 0)
                skip = strlen(ours[i]);
        if (skip && strstr(text, "pre>") == text + skip - 4)
            in_pre = text[1] != '/';
        if (skip && strstr(text, "code>") == text + skip - 5)
            in_code = text[1] != '/';
        bool named = in_pre || in_code;
        if (!skip)
            REQUIRE(!strchr(named ? "<>@[]_~$!\"'`*|" : "<>@[]_~$!\"'&\\", *text),
                    "a mark came through: %.60s", text);
        if (!skip && *text == '\\') // the escape of a byte
            REQUIRE(strchr("xntu", text[1]), "a backslash came through: %.60s", text);
        REQUIRE(!in_code || *text != '\n', "a line ends within a name");
        REQUIRE(!in_pre || strncmp(text, "\n\n", 2) != 0, "an empty line within HTML");
        text += skip ? skip : 1;
    }
    ck_assert(!in_pre && !in_code);
}

START_TEST(markdown_survives_hostile_names) {
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        struct report *report = hostile_report(seed);
        char *text = render(report_write_markdown, report, SHOW_ALL, "/");
        assert_markdown(text);
        ck_assert_uint_le(strlen(text), 65000);
        free(text);
        report_free(report);
    }
}
END_TEST

// --- folded
// ----------------------------------------------------------------------------------------------------------

static size_t frames_in(const char *line) {
    size_t frames = 1;
    for (; *line; line++)
        frames += *line == ';';
    return frames;
}

START_TEST(folded_survives_hostile_names) {
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        struct report *report = hostile_report(seed);
        struct arena *arena = arena_new();
        struct listing listing = list(arena, report, SHOW_ALL);
        char *text = render(report_write_folded, report, SHOW_ALL, "/");
        assert_clean(text);
        char *rest = text;
        for (size_t i = 0; i < listing.count; i++) {
            const struct report_site *site = listing.sites[i].site;
            if (site->kind != SITE_HEAP)
                continue;
            char *line = strsep(&rest, "\n");
            ck_assert_ptr_nonnull(line);
            char *figure = strrchr(line, ' ');
            ck_assert_ptr_nonnull(figure);
            ck_assert_uint_eq(strtoull(figure, NULL, 10), listing.sites[i].bytes);
            ck_assert_uint_eq(frames_in(line), site->frame_count + site->truncated + 2);
        }
        ck_assert_str_eq(rest ? rest : "", "");
        free(text);
        arena_free(arena);
        report_free(report);
    }
}
END_TEST

START_TEST(folded_stacks_have_one_unit) {
    struct report *report = load("gated");
    char *text = render(report_write_folded, report, 1u << VERDICT_OPEN, NULL);
    ck_assert_str_eq(text, "leaky;main;log_open;open 3\n");
    free(text);
    text = render(report_write_folded, report, 1u << VERDICT_OPEN | 1u << VERDICT_MAPPED, NULL);
    ck_assert_str_eq(text, "leaky;(truncated);?? in libplug.so+0x4e1f;mmap 8192\n");
    free(text);
    text = render(report_write_folded, report, SHOW_ALL, NULL);
    ck_assert_ptr_null(strstr(text, "mmap"));
    ck_assert_ptr_null(strstr(text, "log_open"));
    free(text);
    report_free(report);
}
END_TEST

// --- suppressions
// ----------------------------------------------------------------------------------------------------

// Each line is what it should be, in its place: nothing in a name ends an entry or begins another.
static void assert_suppressions(char *text) {
    assert_clean(text);
    int place = 0; // 0: outside, 1: name, 2: comment, 3: kind, 4: match-leak-kinds or fun, 5: frames
    for (char *line; (line = strsep(&text, "\n")) && *line;) {
        bool leaves = strcmp(line, "}") == 0;
        switch (place) {
        case 0:
            REQUIRE(*line == '#' || strcmp(line, "{") == 0 || strncmp(line, "map:", 4) == 0,
                    "'%s' is outside", line);
            place = strcmp(line, "{") == 0;
            break;
        case 1:
            REQUIRE(strncmp(line, "   seep-", 8) == 0, "'%s' is no name", line);
            place = 2;
            break;
        case 2:
            REQUIRE(strncmp(line, "   # ", 5) == 0, "'%s' is no comment", line);
            place = 3;
            break;
        case 3:
            REQUIRE(strcmp(line, "   Memcheck:Leak") == 0 || strcmp(line, "   CoreError:FdNotClosed") == 0,
                    "'%s' is no kind", line);
            place = 4;
            break;
        case 4:
            if (strncmp(line, "   match-leak-kinds: ", 21) == 0)
                break;
            REQUIRE(strncmp(line, "   fun:", 7) == 0 && line[7], "'%s' is no call", line);
            place = 5;
            break;
        default:
            REQUIRE(leaves ||
                        ((strncmp(line, "   fun:", 7) == 0 || strncmp(line, "   obj:", 7) == 0) && line[7]) ||
                        strcmp(line, "   ...") == 0,
                    "'%s' is no frame", line);
            place = leaves ? 0 : 5;
        }
    }
    ck_assert_int_eq(place, 0);
}

START_TEST(suppressions_survive_hostile_names) {
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        struct report *report = hostile_report(seed);
        char *text = render(report_write_suppressions, report, SHOW_ALL, NULL);
        assert_suppressions(text);
        free(text);
        text = render(report_write_suppressions, report, 1u << VERDICT_MAPPED, NULL);
        ck_assert_ptr_null(strstr(text, "# map:"));
        assert_suppressions(text);
        free(text);
        report_free(report);
    }
}
END_TEST

// --- what they share
// ---------------------------------------------------------------------------------------------------

START_TEST(a_site_of_several_processes_is_listed_once) {
    struct report *report = load("gated");
    struct arena *arena = arena_new();
    struct report_process *twice = arena_array(arena, struct report_process, 2);
    twice[0] = twice[1] = report->processes[0];
    report->processes = twice;
    size_t before = list(arena, report, SHOW_ALL).count; // of one: process_count is still 1
    report->process_count = 2;
    struct listing listing = list(arena, report, SHOW_ALL);
    ck_assert_uint_eq(listing.count, before);
    ck_assert_uint_eq(listing.sites[0].count, 2000);
    ck_assert_uint_eq(listing.sites[0].bytes, 64000);
    ck_assert_uint_eq(listing.sites[0].processes, 2);
    ck_assert_str_eq(listed_title(arena, &listing.sites[0]),
                     "2,000 blocks (62.5 KiB) definitely lost in 2 processes");
    arena_free(arena);
    report_free(report);
}
END_TEST

START_TEST(source_paths_count_from_the_root) {
    static const struct {
        const char *root, *file, *path;
    } cases[] = {{"/a/b", "/a/b/c.c", "c.c"},       {"/a/b", "/a/b/./d/../c.c", "c.c"},
                 {"/a/b", "/a/bc/c.c", NULL},       {"/a/b", "/a/b", NULL},
                 {"/a/b", "/a/b/../c.c", NULL},     {"/a/b", "src/c.c", "src/c.c"},
                 {"/a/b", "./src//c.c", "src/c.c"}, {"/a/b", "../c.c", NULL},
                 {"/a/b", "x/../../c.c", NULL},     {"", "/usr/x.c", "usr/x.c"},
                 {NULL, "/a/b/c.c", NULL},          {"/a/b", "", NULL}};
    struct arena *arena = arena_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *path = source_path(arena, cases[i].root, cases[i].file);
        if (cases[i].path)
            ck_assert_pstr_eq(path, cases[i].path);
        else
            ck_assert_msg(!path, "%s in %s is %s", cases[i].file, cases[i].root, path);
    }
    arena_free(arena);
}
END_TEST

START_TEST(what_cgo_generated_is_in_nobodys_sources) {
    struct report_frame frames[] = {
        {.function = "C.cache_put", .file = "cache/cache.c", .line = 3},
        {.function = "_cgo_0123456789ab_Cfunc_cache_put", .file = "cgo-gcc-prolog"},
        {.function = "runtime.asmcgocall", .file = "/usr/lib/go/src/runtime/asm.s"},
        {.function = "main._Cfunc_cache_put", .file = "_cgo_gotypes.go", .line = 43},
        {.function = "main.(*Cache).Put", .file = "/src/cache.go", .line = 20}};
    struct report_site site = {.frames = frames, .frame_count = 5};
    struct arena *arena = arena_new();
    const char *path;
    size_t count;
    const struct report_frame **shown = frames_for_people(arena, &site, &count);
    ck_assert_uint_eq(count, 2);
    ck_assert_ptr_eq(shown[1], &frames[4]);
    site.frames = &frames[1];
    site.frame_count = 4;
    ck_assert_ptr_eq(frame_in_sources(arena, &site, "/src", &path), &frames[4]);
    ck_assert_str_eq(path, "cache.go");
    site.frame_count = 3; // nothing else is left: then it is shown
    ck_assert_ptr_null(frame_in_sources(arena, &site, "/src", &path));
    frames_for_people(arena, &site, &count);
    ck_assert_uint_eq(count, 3);
    arena_free(arena);
}
END_TEST

START_TEST(the_root_is_what_is_said_or_what_ci_says_or_here) {
    struct arena *arena = arena_new();
    char here[4096];
    ck_assert_ptr_nonnull(getcwd(here, sizeof here));
    unsetenv("GITHUB_WORKSPACE");
    unsetenv("CI_PROJECT_DIR");
    ck_assert_str_eq(source_root(arena, &(struct options){0}), here);
    setenv("CI_PROJECT_DIR", "/builds/x/", 1);
    ck_assert_str_eq(source_root(arena, &(struct options){0}), "/builds/x");
    setenv("GITHUB_WORKSPACE", "/home/runner/work/x", 1);
    ck_assert_str_eq(source_root(arena, &(struct options){0}), "/home/runner/work/x");
    ck_assert_str_eq(source_root(arena, &(struct options){.source_root = "/src//y/."}), "/src/y");
    ck_assert_str_eq(source_root(arena, &(struct options){.source_root = "tests"}),
                     arena_printf(arena, "%s/tests", here));
    arena_free(arena);
}
END_TEST

START_TEST(long_names_are_cut_between_characters) {
    struct arena *arena = arena_new();
    ck_assert_str_eq(shortened(arena, "sixteen letters.", 16), "sixteen letters.");
    ck_assert_str_eq(shortened(arena, "seventeen letters", 16), "seventeen let...");
    ck_assert_str_eq(
        shortened(arena, "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5", 16),
        "\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5...");
    arena_free(arena);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("writers");
    TCase *tests = tcase_create("formats");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, prints_as_the_golden_file_has_it, 0, REPORTS * WRITERS);
    tcase_add_loop_test(tests, junit_is_valid_by_its_schema_and_has_a_case_per_site, 0, REPORTS);
    tcase_add_test(tests, junit_survives_hostile_names);
    tcase_add_test(tests, junit_fails_what_the_gate_fails_and_nothing_else);
    tcase_add_test(tests, github_survives_hostile_names);
    tcase_add_test(tests, github_gets_ten_annotations_and_the_worst_first);
    tcase_add_test(tests, the_job_summary_is_appended_within_githubs_limit);
    tcase_add_test(tests, markdown_survives_hostile_names);
    tcase_add_test(tests, folded_survives_hostile_names);
    tcase_add_test(tests, folded_stacks_have_one_unit);
    tcase_add_test(tests, suppressions_survive_hostile_names);
    tcase_add_test(tests, a_site_of_several_processes_is_listed_once);
    tcase_add_test(tests, source_paths_count_from_the_root);
    tcase_add_test(tests, what_cgo_generated_is_in_nobodys_sources);
    tcase_add_test(tests, the_root_is_what_is_said_or_what_ci_says_or_here);
    tcase_add_test(tests, long_names_are_cut_between_characters);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
