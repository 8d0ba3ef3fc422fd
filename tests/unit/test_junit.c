// links: analyzer/report/*.c analyzer/arena.c analyzer/table.c analyzer/whole_file.c
// flags: -ljansson -lz -lxml2 -I/usr/include/libxml2
//
// JUnit's XML against the schema that servers hold it to, and read back from reports made of hostile names.
#include "tests/lib/suite.h"
#include "tests/unit/writers_fixture.h"

#include <libxml/parser.h>
#include <libxml/xmlschemas.h>

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
    struct report *report = load(golden_reports[_i]);
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

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, junit_is_valid_by_its_schema_and_has_a_case_per_site, 0, GOLDEN_REPORTS);
    tcase_add_test(tests, junit_survives_hostile_names);
    tcase_add_test(tests, junit_fails_what_the_gate_fails_and_nothing_else);
}
SEEP_TEST_MAIN("junit")
