// links: analyzer/report/*.c analyzer/arena.c analyzer/table.c analyzer/whole_file.c
// flags: -ljansson -lz
//
// What GitHub reads: annotations, the summary of a job, and comments in Markdown.
#include "tests/lib/suite.h"
#include "tests/unit/writers_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

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

static void add_tests(TCase *tests) {
    tcase_add_test(tests, github_survives_hostile_names);
    tcase_add_test(tests, github_gets_ten_annotations_and_the_worst_first);
    tcase_add_test(tests, the_job_summary_is_appended_within_githubs_limit);
    tcase_add_test(tests, markdown_survives_hostile_names);
}
SEEP_TEST_MAIN("github")
