// links: analyzer/options.c analyzer/options_table.c analyzer/options_values.c analyzer/options_words.c
// links: analyzer/options_help.c
//
// The command line and SEEP_OPTIONS: each option good, bad and missing its value; what is refused says what
// to do.
#include "analyzer/options.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOW_ALL ((1u << VERDICTS) - 1)

static struct options options;
static char message[512];

// Parses the words between blanks, after "seep".
static int parse(const char *line) {
    static char copy[512];
    static char *argv[32];
    static char seep[] = "seep";
    int argc = 1;
    snprintf(copy, sizeof copy, "%s", line);
    argv[0] = seep;
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    memset(&options, 0xa5, sizeof options);
    message[0] = '\0';
    return options_parse(argc, argv, &options, message, sizeof message);
}

static void good(const char *line) {
    int rc = parse(line);
    ck_assert_msg(rc == 0, "%s: %s", line, message);
}

static void bad(const char *line, const char *expected) {
    struct options untouched;
    memset(&untouched, 0xa5, sizeof untouched);
    ck_assert_msg(parse(line) == -EINVAL, "'%s' was taken", line);
    ck_assert_str_eq(message, expected);
    ck_assert(memcmp(&options, &untouched, sizeof options) == 0);
}

START_TEST(defaults_are_as_documented) {
    good("run prog");
    ck_assert_int_eq(options.command, COMMAND_RUN);
    ck_assert_ptr_null(options.output);
    ck_assert_uint_eq(options.format_count, 1);
    ck_assert_str_eq(options.formats[0].format, "text");
    ck_assert_ptr_null(options.formats[0].file);
    ck_assert_uint_eq(options.track, TRACK_HEAP | TRACK_FD | TRACK_MAP);
    ck_assert(!options.track_given);
    ck_assert_uint_eq(options.depth, 256);
    ck_assert(options.follow_children);
    ck_assert(options.verdict);
    ck_assert(!options.verdict_given);
    ck_assert_uint_eq(options.show, SHOW_ALL & ~(1u << VERDICT_REACHABLE | 1u << VERDICT_INDIRECT));
    ck_assert_uint_eq(options.top, 20);
    ck_assert(!options.debuginfod);
    ck_assert_int_eq(options.verbosity, 0);
    options_free(&options);
}
END_TEST

START_TEST(every_option_is_taken_in_every_spelling) {
    static const char *const outputs[] = {"run -o f p",       "run -of p",  "run --output f p",
                                          "run --output=f p", "run -qof p", "run -o x -o f p"};
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
        good(outputs[i]);
        ck_assert_str_eq(options.output, "f");
        ck_assert_str_eq(options.arguments[0], "p");
        ck_assert_uint_eq(options.argument_count, 1);
        options_free(&options);
    }
    good("run -f json=a=b -ftext --format json --format=text=t p");
    ck_assert_uint_eq(options.format_count, 4);
    ck_assert_str_eq(options.formats[0].format, "json");
    ck_assert_str_eq(options.formats[0].file, "a=b");
    ck_assert_str_eq(options.formats[1].format, "text");
    ck_assert_ptr_null(options.formats[2].file);
    ck_assert_str_eq(options.formats[3].file, "t");
    options_free(&options);

    good("run -o f -f json=j p"); // what -o asks for is the text report
    ck_assert_uint_eq(options.format_count, 2);
    ck_assert_str_eq(options.formats[1].format, "text");
    ck_assert_ptr_null(options.formats[1].file);
    options_free(&options);
    good("run -o f -f json p");
    ck_assert_uint_eq(options.format_count, 1);
    options_free(&options);

    good("run --verdict on p");
    ck_assert(options.verdict && !options.trace);
    options_free(&options);
    good("run --verdict trace p");
    ck_assert(options.verdict && options.trace);
    options_free(&options);
    good("run --track heap --depth 2048 --children ignore --verdict off --top 0 --debuginfod --quiet p");
    ck_assert_uint_eq(options.track, TRACK_HEAP);
    ck_assert(options.track_given);
    ck_assert_uint_eq(options.depth, 2048);
    ck_assert(!options.follow_children);
    ck_assert(!options.verdict);
    ck_assert(options.verdict_given);
    ck_assert_uint_eq(options.top, 0);
    ck_assert(options.debuginfod);
    ck_assert_int_eq(options.verbosity, -1);
    options_free(&options);

    good("run --children=follow --depth=2 --top=4294967295 -q -v p");
    ck_assert(options.follow_children);
    ck_assert_uint_eq(options.depth, 2);
    ck_assert_uint_eq(options.top, UINT32_MAX);
    ck_assert_int_eq(options.verbosity, 1);
    options_free(&options);
}
END_TEST

START_TEST(show_names_kinds) {
    static const struct {
        const char *line;
        show_set expected;
    } cases[] = {
        {"run --show definite p", 1u << VERDICT_DEFINITE},
        {"run --show indirect,possible p", 1u << VERDICT_INDIRECT | 1u << VERDICT_POSSIBLE},
        {"run --show=reachable,unclassified p", 1u << VERDICT_REACHABLE | 1u << VERDICT_UNCLASSIFIED},
        {"run --show fd,map p", 1u << VERDICT_OPEN | 1u << VERDICT_MAPPED},
        {"run --show all p", SHOW_ALL},
        {"report --show all,fd r.json", SHOW_ALL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        good(cases[i].line);
        ck_assert_uint_eq(options.show, cases[i].expected);
        options_free(&options);
    }
}
END_TEST

START_TEST(bad_values_are_refused) {
    static const char shows[] = " definite, indirect, possible, reachable, unclassified, fd, map, all";
    char expected[256];
    snprintf(expected, sizeof expected, "--show definite,leaks: 'leaks' is none of%s", shows);
    bad("run --show definite,leaks p", expected);
    snprintf(expected, sizeof expected, "--show fd,: a word is missing; there are%s", shows);
    bad("run --show fd, p", expected);
    bad("run --output= p", "--output : a file name is missing");
    bad("run -f xml p", "-f xml: no such format; there are: text, json, pprof, folded, junit, sarif, "
                        "markdown, suppressions, github");
    bad("run -f html=x p", "-f html=x: no such format; there are: text, json, pprof, folded, junit, sarif, "
                           "markdown, suppressions, github");
    bad("run -f json= p", "-f json=: no file is named after the '='");
    bad("run --track cpu p", "--track cpu: 'cpu' is none of heap, fd, map");
    bad("run --depth 1 p", "--depth 1: not a whole number from 2 to 2048");
    bad("run --depth 2049 p", "--depth 2049: not a whole number from 2 to 2048");
    bad("run --depth -1 p", "--depth -1: not a whole number from 2 to 2048");
    bad("run --depth 8k p", "--depth 8k: not a whole number from 2 to 2048");
    bad("run --depth= p", "--depth : not a whole number from 2 to 2048");
    bad("run --top 99999999999999999999 p",
        "--top 99999999999999999999: not a whole number from 0 to 4294967295");
    bad("run --top x p", "--top x: not a whole number from 0 to 4294967295");
    bad("run --children some p", "--children some: neither follow nor ignore");
    bad("run --verdict maybe p", "--verdict maybe: neither on nor off nor trace");
    bad("run --quiet=1 p", "--quiet takes no value");
    bad("run --debuginfod=x p", "--debuginfod takes no value");
}
END_TEST

START_TEST(missing_values_are_noticed) {
    bad("run -o", "-o needs a value: -o FILE");
    bad("run -f", "-f needs a value: -f NAME[=FILE]");
    static const char *const names[][2] = {{"output", "FILE"},
                                           {"format", "NAME[=FILE]"},
                                           {"track", "LIST"},
                                           {"depth", "N"},
                                           {"children", "follow|ignore"},
                                           {"verdict", "on|off|trace"},
                                           {"show", "LIST"},
                                           {"top", "N"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char line[64], expected[128];
        snprintf(line, sizeof line, "run --%s", names[i][0]);
        snprintf(expected, sizeof expected, "--%s needs a value: --%s %s", names[i][0], names[i][0],
                 names[i][1]);
        bad(line, expected);
    }
}
END_TEST

START_TEST(the_gate_is_what_was_asked_for) {
    good("run p");
    ck_assert(!options.fail_on_given);
    ck_assert_uint_eq(options.exit_code, 23);
    options_free(&options);
    good("run --fail-on definite,fd p");
    ck_assert(options.fail_on_given && !options.fail_on_new);
    ck_assert_uint_eq(options.fail_on, 1u << VERDICT_DEFINITE | 1u << VERDICT_OPEN);
    options_free(&options);
    good("run --fail-on any p");
    ck_assert_uint_eq(options.fail_on, SHOW_ALL & ~(1u << VERDICT_REACHABLE));
    options_free(&options);
    good("run --fail-on all p");
    ck_assert_uint_eq(options.fail_on, SHOW_ALL);
    options_free(&options);
    good("run --fail-on new --baseline b --exit-code 7 p");
    ck_assert(options.fail_on_new);
    ck_assert_uint_eq(options.fail_on, SHOW_ALL & ~(1u << VERDICT_REACHABLE));
    ck_assert_str_eq(options.baseline, "b");
    ck_assert_uint_eq(options.exit_code, 7);
    options_free(&options);
    good("run --suppressions a --suppressions b --write-baseline w p");
    ck_assert_uint_eq(options.suppression_count, 2);
    ck_assert_str_eq(options.suppressions[1], "b");
    ck_assert_str_eq(options.write_baseline, "w");
    options_free(&options);
    bad("run --fail-on new p", "--fail-on new needs --baseline FILE, which says what is known");
    bad("run --fail-on lost p", "--fail-on lost: 'lost' is none of definite, indirect, possible, reachable, "
                                "unclassified, fd, map, any, all, new");
    bad("run --exit-code 256 p", "--exit-code 256: not a whole number from 0 to 255");
    bad("run --baseline= p", "--baseline : a file name is missing");
}
END_TEST

START_TEST(a_gate_may_allow_some) {
    good("run --fail-on any --allow definite=3 --allow definite=2K --allow fd=1 --allow inexact p");
    ck_assert(options.allow[VERDICT_DEFINITE].count_given && options.allow[VERDICT_DEFINITE].bytes_given);
    ck_assert_uint_eq(options.allow[VERDICT_DEFINITE].count, 3);
    ck_assert_uint_eq(options.allow[VERDICT_DEFINITE].bytes, 2048);
    ck_assert_uint_eq(options.allow[VERDICT_OPEN].count, 1);
    ck_assert(!options.allow[VERDICT_POSSIBLE].count_given);
    ck_assert(options.allow_inexact);
    options_free(&options);
    bad("run --allow definite=1 p", "--allow needs a gate: --fail-on LIST says what trips it");
    bad("run --fail-on any --allow definite p", "--allow definite: the limit is missing: definite=LIMIT");
    bad("run --fail-on any --allow inexact=1 p", "--allow inexact=1: inexact takes no limit");
    bad("run --fail-on any --allow fd=1K p", "--allow fd=1K: descriptors have no size; give a count");
    static const char *const limits[] = {
        "", "-1", "1KB", "K", "99999999999999999999", "18446744073709551615K"};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        char line[128], expected[256];
        snprintf(line, sizeof line, "run --fail-on any --allow map=%s p", limits[i]);
        snprintf(expected, sizeof expected,
                 "--allow map=%s: '%s' is neither a count nor a size such as 64B, 10K, 2M or 1G", limits[i],
                 limits[i]);
        bad(line, expected);
    }
}
END_TEST

START_TEST(check_always_has_a_gate) {
    good("check a.json b.json");
    ck_assert_uint_eq(options.argument_count, 2);
    ck_assert(options.fail_on_given && !options.fail_on_new);
    options_free(&options);
    good("check --baseline b a.json");
    ck_assert(options.fail_on_new);
    options_free(&options);
    bad("check", "seep check needs more: seep check [options] REPORT.json...");
}
END_TEST

START_TEST(options_of_another_command_are_refused) {
    bad("report --depth 3 r.json", "--depth is not an option of seep report; seep help report lists those");
    bad("doctor -q", "-q is not an option of seep doctor; seep help doctor lists those");
}
END_TEST

START_TEST(unknown_words_get_a_suggestion_when_one_is_near) {
    bad("run --outptu f p",
        "unknown option '--outptu' (did you mean '--output'?); seep help run lists the options");
    bad("run --formt=x p",
        "unknown option '--formt' (did you mean '--format'?); seep help run lists the options");
    bad("run --zzz p", "unknown option '--zzz'; seep help run lists the options");
    bad("run -x p", "unknown option '-x'; seep help run lists the options");
    bad("run -qx p", "unknown option '-x' in '-qx'; seep help run lists the options");
    bad("rnu p", "unknown command 'rnu' (did you mean 'run'?); seep help lists the commands, "
                 "seep run -- rnu runs that program");
    bad("/bin/true",
        "unknown command '/bin/true'; seep help lists the commands, seep run -- /bin/true runs that program");
    bad("-o f run p", "a command comes before '-o': seep run -o ...; seep help lists the commands");
    bad("help reprot", "there is no command 'reprot' (did you mean 'report'?); seep help lists the commands");
    bad("", "no command is named; seep help lists the commands, seep run -- PROGRAM runs a program");
}
END_TEST

START_TEST(what_follows_the_program_is_the_programs) {
    good("run -q prog -v --top 3 -- -o x");
    ck_assert_int_eq(options.verbosity, -1);
    ck_assert_uint_eq(options.argument_count, 7);
    ck_assert_str_eq(options.arguments[0], "prog");
    ck_assert_str_eq(options.arguments[1], "-v");
    ck_assert_str_eq(options.arguments[4], "--");
    ck_assert_str_eq(options.arguments[6], "x");
    ck_assert_ptr_null(options.arguments[7]);
    options_free(&options);
    good("run -v -- -odd --help");
    ck_assert_int_eq(options.command, COMMAND_RUN);
    ck_assert_str_eq(options.arguments[0], "-odd");
    ck_assert_str_eq(options.arguments[1], "--help");
    options_free(&options);
}
END_TEST

START_TEST(report_takes_options_and_one_file_in_any_order) {
    good("report r.json -f json --top 3");
    ck_assert_int_eq(options.command, COMMAND_REPORT);
    ck_assert_str_eq(options.arguments[0], "r.json");
    ck_assert_ptr_null(options.arguments[1]);
    ck_assert_uint_eq(options.top, 3);
    options_free(&options);
    good("report -- -r.json");
    ck_assert_str_eq(options.arguments[0], "-r.json");
    options_free(&options);
    bad("report", "seep report needs more: seep report [options] REPORT.json");
    bad("report a b", "'b' is too much: seep report [options] REPORT.json");
    bad("run", "seep run needs more: seep run [options] [--] PROGRAM [ARG...]");
    bad("run --", "seep run needs more: seep run [options] [--] PROGRAM [ARG...]");
    bad("version a", "'a' is too much: seep version");
    bad("doctor a b", "'b' is too much: seep doctor [PROGRAM]");
}
END_TEST

START_TEST(help_and_version_are_found_wherever_people_look) {
    static const char *const plain[] = {"help", "--help", "-h"};
    for (size_t i = 0; i < 3; i++) {
        good(plain[i]);
        ck_assert_int_eq(options.command, COMMAND_HELP);
        ck_assert_ptr_null(options.arguments[0]);
        options_free(&options);
    }
    static const char *const of_run[] = {"help run", "run --help", "run -h", "run -v --help --nonsense",
                                         "run -vh p"};
    for (size_t i = 0; i < 5; i++) {
        good(of_run[i]);
        ck_assert_int_eq(options.command, COMMAND_HELP);
        ck_assert_str_eq(options.arguments[0], "run");
        ck_assert_ptr_null(options.arguments[1]);
        options_free(&options);
    }
    good("check --help");
    ck_assert_str_eq(options.arguments[0], "check");
    options_free(&options);
    static const char *const versions[] = {"--version", "-V", "version"};
    for (size_t i = 0; i < 3; i++) {
        good(versions[i]);
        ck_assert_int_eq(options.command, COMMAND_VERSION);
        options_free(&options);
    }
}
END_TEST

static void good_environment(const char *words) {
    int rc = options_parse_environment(words, &options, message, sizeof message);
    ck_assert_msg(rc == 0, "%s: %s", words, message);
}

static void bad_environment(const char *words, const char *expected) {
    ck_assert_int_eq(options_parse_environment(words, &options, message, sizeof message), -EINVAL);
    ck_assert_str_eq(message, expected);
}

START_TEST(the_environment_is_split_as_a_shell_does) {
    static const char *const blank[] = {NULL, "", " \t\n"};
    for (size_t i = 0; i < 3; i++) {
        good_environment(blank[i]);
        ck_assert_int_eq(options.command, COMMAND_RUN);
        ck_assert_uint_eq(options.argument_count, 0);
        ck_assert_uint_eq(options.top, 20);
        options_free(&options);
    }
    char words[] = " --top 3\t-o 'a b'\"c \\\"d\\x\"\\ e\n-v ";
    good_environment(words);
    memset(words, 'z', sizeof words - 1); // nothing points into it any more
    ck_assert_uint_eq(options.top, 3);
    ck_assert_str_eq(options.output, "a bc \"d\\x e");
    ck_assert_int_eq(options.verbosity, 1);
    options_free(&options);
    good_environment("-o x\\\\y --show='definite'");
    ck_assert_str_eq(options.output, "x\\y");
    ck_assert_uint_eq(options.show, 1u << VERDICT_DEFINITE);
    options_free(&options);
}
END_TEST

START_TEST(the_environment_holds_nothing_but_options) {
    bad_environment("-v prog", "SEEP_OPTIONS: 'prog' is not an option");
    bad_environment("-o 'x", "SEEP_OPTIONS: a quote or a backslash at the end is left open");
    bad_environment("-o x\\", "SEEP_OPTIONS: a quote or a backslash at the end is left open");
    bad_environment("--top", "SEEP_OPTIONS: --top needs a value: --top N");
    bad_environment("--help", "SEEP_OPTIONS: --help cannot stand there; run seep help run");
    bad_environment("--fail-on new",
                    "SEEP_OPTIONS: --fail-on new needs --baseline FILE, which says what is known");
}
END_TEST

START_TEST(a_short_message_buffer_is_not_overrun) {
    char small[9] = "........";
    char seep[] = "seep", run[] = "run", option[] = "--nonsense";
    char *argv[] = {seep, run, option, NULL};
    ck_assert_int_eq(options_parse(3, argv, &options, small, 8), -EINVAL);
    ck_assert_str_eq(small, "unknown");
    ck_assert_int_eq(options_parse_environment("x", &options, small, 8), -EINVAL);
    ck_assert_uint_lt(strlen(small), 8);
}
END_TEST

START_TEST(the_help_names_every_option_of_the_command) {
    char *all = options_help(NULL), *run = options_help("run"), *report = options_help("report");
    ck_assert_ptr_nonnull(strstr(all, "seep run -- PROGRAM"));
#define COMMAND(id, name, ...)        ck_assert_ptr_nonnull(strstr(all, "\n  " #name " "));
#define COMMAND_LATER(id, name, ...)  ck_assert_ptr_null(strstr(all, "\n  " #name " "));
#define OPTION(id, letter, name, ...) ck_assert_ptr_nonnull(strstr(run, " --" name));
#define OPTION_LATER                  OPTION
#include "analyzer/options.def"
#undef COMMAND
#undef COMMAND_LATER
#undef OPTION
#undef OPTION_LATER
    ck_assert_ptr_null(strstr(report, "--depth"));
    ck_assert_ptr_nonnull(strstr(report, "--top N"));
    ck_assert_ptr_null(options_help("nonsense"));
    for (const char *line = run; *line;) { // fits a terminal
        size_t bytes = strcspn(line, "\n");
        ck_assert_uint_le(bytes, 110);
        line += bytes + 1;
    }
    free(all);
    free(run);
    free(report);
}
END_TEST

// True if the manual has the option as troff spells it, with its dashes escaped.
static bool manual_has(const char *manual, const char *name) {
    char spelled[64] = "\\-\\-";
    size_t at = strlen(spelled);
    for (; *name; name++) {
        if (*name == '-')
            spelled[at++] = '\\';
        spelled[at++] = *name;
    }
    for (const char *found = manual; (found = strstr(found, spelled)); found++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz\\", found[at]))
            return true;
    return false;
}

START_TEST(the_manual_names_every_option) {
    FILE *in = fopen("docs/man/seep.1", "r");
    ck_assert_msg(in != NULL, "docs/man/seep.1 cannot be opened: the tests run from the top of the tree");
    char *manual = NULL;
    size_t room = 0;
    ck_assert_int_gt(getdelim(&manual, &room, '\0', in), 0);
    fclose(in);
#define COMMAND(...)
#define COMMAND_LATER(...)
#define OPTION(id, letter, name, ...) ck_assert_msg(manual_has(manual, name), "--%s is missing", name);
#define OPTION_LATER                  OPTION
#include "analyzer/options.def"
    free(manual);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, defaults_are_as_documented);
    tcase_add_test(tests, every_option_is_taken_in_every_spelling);
    tcase_add_test(tests, show_names_kinds);
    tcase_add_test(tests, bad_values_are_refused);
    tcase_add_test(tests, missing_values_are_noticed);
    tcase_add_test(tests, the_gate_is_what_was_asked_for);
    tcase_add_test(tests, a_gate_may_allow_some);
    tcase_add_test(tests, check_always_has_a_gate);
    tcase_add_test(tests, options_of_another_command_are_refused);
    tcase_add_test(tests, unknown_words_get_a_suggestion_when_one_is_near);
    tcase_add_test(tests, what_follows_the_program_is_the_programs);
    tcase_add_test(tests, report_takes_options_and_one_file_in_any_order);
    tcase_add_test(tests, help_and_version_are_found_wherever_people_look);
    tcase_add_test(tests, the_environment_is_split_as_a_shell_does);
    tcase_add_test(tests, the_environment_holds_nothing_but_options);
    tcase_add_test(tests, a_short_message_buffer_is_not_overrun);
    tcase_add_test(tests, the_manual_names_every_option);
    tcase_add_test(tests, the_help_names_every_option_of_the_command);
}
SEEP_TEST_MAIN("options")
