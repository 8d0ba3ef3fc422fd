// JUnit XML, as Jenkins, GitLab and GitHub actions read it; see writers.h. Also what Ant's stricter schema
// asks for (package, id, hostname, empty system-out) is there.
#include "analyzer/report/writers.h"

#include "analyzer/report/escape_syntax.h"
#include "analyzer/report/listing.h"
#include "analyzer/report/text.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum { LONGEST_NAME = 300 };

struct junit {
    FILE *out;
    struct arena *arena;
    const struct report *report;
    const struct options *options;
    const char *root; // of the sources
};

static void print_attribute(FILE *out, const char *name, const char *value) {
    fprintf(out, " %s=\"", name);
    escape_xml(out, value);
    fputc('"', out);
}

// The schema knows no time zone: "2026-05-01T12:00:00". false: the report's time is none of that shape.
static bool plain_time(const char *started, char out[20]) {
    static const char shape[] = "dddd-dd-ddTdd:dd:dd";
    for (size_t i = 0; i < sizeof shape - 1; i++)
        if (shape[i] == 'd' ? started[i] < '0' || started[i] > '9' : started[i] != shape[i])
            return false;
    memcpy(out, started, sizeof shape - 1);
    out[sizeof shape - 1] = '\0';
    return true;
}

// Does the gate let pass what there is of this verdict, be it that something else tripped it?
static bool let_pass(const struct report_gate *gate, enum verdict verdict) {
    return gate && !(gate->tripped && gate->failed & 1u << verdict);
}

// Why the site does not fail; NULL: it does.
static const char *excuse(const struct junit *j, const struct report_site *site) {
    if (site_known(site))
        return "known to the baseline";
    if (j->options->fail_on_given && !(j->options->fail_on & 1u << site->verdict))
        return "of a kind that the gate does not ask for";
    return let_pass(j->report->gate, site->verdict) ? "let pass by the gate" : NULL;
}

static void print_stack(const struct junit *j, const struct report_site *site) {
    size_t count;
    const struct report_frame **frames = frames_for_people(j->arena, site, &count);
    for (size_t i = 0; i < count; i++) {
        fputs("\n  ", j->out);
        escape_xml(j->out, shortened(j->arena, frame_words(j->arena, frames[i], j->root), LONGEST_NAME));
    }
    if (count == 0)
        fputs("\n  (no stack is known)", j->out);
    else if (site->truncated)
        fputs("\n  (truncated: what called this is not known)", j->out);
}

static void print_site_case(const struct junit *j, const struct listed_site *listed) {
    const struct report_site *site = listed->site;
    const struct report_frame *frame = telling_frame(site);
    const char *function = frame && frame->function ? frame->function : "??";
    const char *title = listed_title(j->arena, listed);
    const char *where = frame ? frame_words(j->arena, frame, j->root) : "an unknown place";
    const char *why_not = excuse(j, site);

    fputs("  <testcase", j->out);
    print_attribute(
        j->out, "classname",
        arena_printf(j->arena, "seep.%s.%s", site_kind_name(site->kind), verdict_name(site->verdict)));
    print_attribute(j->out, "name",
                    arena_printf(j->arena, "%s [%s]", shortened(j->arena, function, LONGEST_NAME), site->id));
    fputs(" time=\"0\">", j->out);
    if (why_not) {
        fputs("<skipped>", j->out);
        escape_xml(j->out, arena_printf(j->arena, "%s: %s", why_not, title));
        fputs("</skipped>", j->out);
    } else {
        fputs("<failure", j->out);
        print_attribute(j->out, "type", verdict_name(site->verdict));
        print_attribute(
            j->out, "message",
            shortened(j->arena,
                      arena_printf(j->arena, "%s%s, %s called from %s", title,
                                   site->baseline ? arena_printf(j->arena, " (%s)", site->baseline) : "",
                                   site->call, where),
                      2 * LONGEST_NAME));
        fputc('>', j->out);
        escape_xml(j->out, arena_printf(j->arena, "%s called from", site->call));
        print_stack(j, site);
        fputs("\n</failure>", j->out);
    }
    fputs("</testcase>\n", j->out);
}

static void print_gate_case(const struct junit *j) {
    const struct report_gate *gate = j->report->gate;
    fputs("  <testcase classname=\"seep\" name=\"gate\" time=\"0\">", j->out);
    if (!gate) {
        fputs("<skipped>no gate was asked for</skipped>", j->out);
    } else if (gate->tripped) {
        fputs("<failure type=\"gate\"", j->out);
        print_attribute(j->out, "message", gate->reason_count ? gate->reasons[0] : "the gate tripped");
        fputc('>', j->out);
        for (size_t i = 0; i < gate->reason_count; i++) {
            escape_xml(j->out, gate->reasons[i]);
            fputc('\n', j->out);
        }
        if (gate->update) {
            fputs("to accept this: ", j->out);
            escape_xml(j->out, gate->update);
            fputc('\n', j->out);
        }
        fputs("</failure>", j->out);
    }
    fputs("</testcase>\n", j->out);
}

static void print_property(const struct junit *j, const char *name, const char *value) {
    fputs("   <property", j->out);
    print_attribute(j->out, "name", name);
    print_attribute(j->out, "value", value);
    fputs("/>\n", j->out);
}

static void print_properties(const struct junit *j) {
    fputs("  <properties>\n", j->out);
    print_property(j, "seep_version", j->report->seep_version);
    for (size_t i = 0; i < j->report->command_count; i++)
        print_property(j, "argument", j->report->command[i]);
    print_property(j, "exact", j->report->exact ? "true" : "false");
    fputs("  </properties>\n", j->out);
}

static void print_remarks(const struct junit *j) {
    fputs("  <system-out/>\n  <system-err>", j->out);
    for (size_t i = 0; i < j->report->inexact_count; i++) {
        fputs("NOT EXACT: ", j->out);
        escape_xml(j->out, j->report->inexact_because[i]);
        fputc('\n', j->out);
    }
    for (size_t i = 0; i < j->report->remark_count; i++) {
        escape_xml(j->out, j->report->remarks[i]);
        fputc('\n', j->out);
    }
    fputs("</system-err>\n", j->out);
}

static void print_suite(const struct junit *j, const struct listing *listing) {
    const struct report_gate *gate = j->report->gate;
    size_t failures = gate && gate->tripped, skipped = !gate;
    for (size_t i = 0; i < listing->count; i++)
        excuse(j, listing->sites[i].site) ? skipped++ : failures++;
    char started[20];
    fputs(" <testsuite name=\"seep\" package=\"seep\" id=\"0\" hostname=\"localhost\"", j->out);
    if (plain_time(j->report->started, started))
        print_attribute(j->out, "timestamp", started);
    if (isfinite(j->report->duration_seconds))
        fprintf(j->out, " time=\"%.3f\"", j->report->duration_seconds);
    fprintf(j->out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\">\n", listing->count + 1,
            failures, skipped);
    print_properties(j);
    print_gate_case(j);
    for (size_t i = 0; i < listing->count; i++)
        print_site_case(j, &listing->sites[i]);
    print_remarks(j);
    fputs(" </testsuite>\n", j->out);
}

int report_write_junit(const struct report *report, const struct options *options, FILE *out) {
    struct arena *arena = arena_new();
    struct junit j = {out, arena, report, options, source_root(arena, options)};
    struct listing listing = listing_make(arena, report, options);
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", out);
    print_suite(&j, &listing);
    fputs("</testsuites>\n", out);
    arena_free(arena);
    return ferror(out) ? -EIO : 0;
}
