// SARIF 2.1.0, a run of one tool, with a rule for each verdict; see writers.h. Each result is made and
// printed by itself, so that a large report never stands in memory as a tree.
#include "analyzer/report/sarif.h"

#include "analyzer/report/json_values.h"
#include "analyzer/report/escape_syntax.h"
#include "analyzer/report/writers.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum {
    RESULTS = 5000, // code scanning shows so many, the most severe; it refuses files of 25,000
    RESULT_BYTES =
        80 * 1000000, // of results: gzipped, as code scanning has it, well below its limit of 10 MB
};

static const struct {
    const char *id, *name, *summary, *help;
} rules[VERDICTS] = {
    [VERDICT_DEFINITE] =
        {"heap/definite", "DefinitelyLost", "Heap blocks that nothing points to any more",
         "No pointer to these blocks was found when the program ended: they can't be freed. Free "
         "them where the last pointer to them goes away."},
    [VERDICT_INDIRECT] = {"heap/indirect", "IndirectlyLost", "Heap blocks that only lost blocks point to",
                          "Free the lost block that leads to them in a way that frees these, too."},
    [VERDICT_POSSIBLE] =
        {"heap/possible", "PossiblyLost", "Heap blocks that only pointers into their middle lead to",
         "Only pointers into the middle of these blocks were found. If the program keeps no such "
         "pointers on purpose, the blocks are lost."},
    [VERDICT_REACHABLE] =
        {"heap/reachable", "StillReachable", "Heap blocks that something still points to",
         "The program could have freed these blocks, and did not. Those that are made once may be "
         "kept on purpose; a number that grows is a leak."},
    [VERDICT_UNCLASSIFIED] =
        {"heap/unclassified", "StillAllocated", "Heap blocks that were not freed",
         "These blocks were not freed before the program ended. Whether anything still points to "
         "them was not looked at."},
    [VERDICT_OPEN] = {"fd/open", "DescriptorOpen", "Descriptors that were not closed",
                      "Close them on every path, also when something fails in between."},
    [VERDICT_MAPPED] = {"map/mapped", "StillMapped", "Mappings that were not unmapped",
                        "Unmap them on every path, also when something fails in between."},
};

static json_t *rule_object(enum verdict verdict) {
    json_t *rule = must(json_object()), *level = must(json_object()), *more = must(json_object());
    put(rule, "id", json_string(rules[verdict].id));
    put(rule, "name", json_string(rules[verdict].name));
    put(rule, "shortDescription", sarif_message(rules[verdict].summary));
    put(rule, "fullDescription", sarif_message(rules[verdict].help));
    put(rule, "help", sarif_message(rules[verdict].help));
    put(level, "level", json_string(sarif_level(verdict)));
    put(rule, "defaultConfiguration", level);
    json_t *tags = must(json_array());
    json_array_append_new(tags, must(json_string("leak")));
    json_array_append_new(tags, must(json_string("correctness")));
    put(more, "tags", tags);
    put(rule, "properties", more);
    return rule;
}

static json_t *tool_object(const struct report *report) {
    json_t *driver = must(json_object()), *tool = must(json_object()), *list = must(json_array());
    for (enum verdict verdict = 0; verdict < VERDICTS; verdict++)
        json_array_append_new(list, rule_object(verdict));
    put(driver, "name", json_string("seep"));
    put(driver, "version", text_or_null(report->seep_version));
    put(driver, "rules", list);
    put(tool, "driver", driver);
    return tool;
}

static void notify(json_t *list, const char *level, const char *text) {
    json_t *notification = must(json_object());
    put(notification, "level", json_string(level));
    put(notification, "message", sarif_message(text));
    json_array_append_new(list, notification);
}

static json_t *notifications(const struct report *report, struct arena *arena, size_t left_out) {
    json_t *list = must(json_array());
    for (size_t i = 0; i < report->inexact_count; i++)
        notify(list, "warning", arena_printf(arena, "figures are not exact: %s", report->inexact_because[i]));
    for (size_t i = 0; report->gate && i < report->gate->reason_count; i++)
        notify(list, "error", arena_printf(arena, "the gate failed: %s", report->gate->reasons[i]));
    for (size_t i = 0; i < report->remark_count; i++)
        notify(list, "note", report->remarks[i]);
    if (left_out)
        notify(list, "warning",
               arena_printf(arena,
                            "%zu more sites were left out, the least severe; the whole report has them",
                            left_out));
    return list;
}

// "2026-05-01T12:00:00Z": SARIF wants UTC, and the schema a time.
static bool is_utc(const char *started) {
    static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
    if (strlen(started) != sizeof shape - 1)
        return false;
    for (size_t i = 0; i < sizeof shape - 1; i++)
        if (shape[i] == 'd' ? started[i] < '0' || started[i] > '9' : started[i] != shape[i])
            return false;
    return true;
}

static json_t *invocation(const struct report *report, struct arena *arena, size_t left_out) {
    json_t *object = must(json_object()), *words = must(json_array()), *list = must(json_array());
    for (size_t i = 0; i < report->command_count; i++)
        json_array_append_new(words, must(text_or_null(report->command[i])));
    put(object, "arguments", words);
    put(object, "executionSuccessful", json_true()); // seep's own; what it found is in the results
    if (is_utc(report->started))
        put(object, "startTimeUtc", json_string(report->started));
    put(object, "toolExecutionNotifications", notifications(report, arena, left_out));
    json_array_append_new(list, object);
    return list;
}

static json_t *uri_bases(const char *root) {
    char *uri = NULL;
    size_t bytes;
    FILE *out = must(open_memstream(&uri, &bytes));
    fputs("file://", out);
    escape_uri_path(out, root);
    fputc('/', out);
    if (fclose(out) != 0)
        must(NULL);
    json_t *base = must(json_object()), *bases = must(json_object());
    put(base, "uri", json_string(uri));
    put(bases, "%SRCROOT%", base);
    free(uri);
    return bases;
}

static void print_member(FILE *out, const char *name, json_t *value) {
    char *text = must(json_dumps(value, 0));
    fprintf(out, "  \"%s\": %s,\n", name, text);
    free(text);
    json_decref(value);
}

// How many of the listing were printed.
static size_t print_results(FILE *out, const struct sarif *sarif, const struct listing *listing) {
    size_t bytes = 0, count = 0;
    for (; count < listing->count && count < RESULTS; count++) {
        json_t *result = sarif_result(sarif, &listing->sites[count]);
        char *text = must(json_dumps(result, 0));
        bytes += strlen(text);
        if (bytes <= RESULT_BYTES)
            fprintf(out, "%s\n   %s", count ? "," : "", text);
        free(text);
        json_decref(result);
        if (bytes > RESULT_BYTES)
            break;
    }
    return count;
}

int report_write_sarif(const struct report *report, const struct options *options, FILE *out) {
    struct arena *arena = arena_new();
    struct sarif sarif = {.arena = arena, .root = source_root(arena, options)};
    for (enum verdict verdict = 0; verdict < VERDICTS; verdict++)
        sarif.rules[verdict] = rules[verdict].id;
    struct listing listing = listing_make(arena, report, options);
    fputs("{\"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\", \"version\": \"2.1.0\", "
          "\"runs\": [{\n",
          out);
    print_member(out, "tool", tool_object(report));
    fputs("  \"columnKind\": \"utf16CodeUnits\",\n", out);
    if (sarif.root)
        print_member(out, "originalUriBaseIds", uri_bases(sarif.root));
    fputs("  \"results\": [", out);
    size_t printed = print_results(out, &sarif, &listing);
    fputs("],\n", out);
    json_t *invocations = invocation(report, arena, listing.count - printed);
    char *text = must(json_dumps(invocations, 0));
    fprintf(out, "  \"invocations\": %s\n}]}\n", text);
    free(text);
    json_decref(invocations);
    arena_free(arena);
    return ferror(out) ? -EIO : 0;
}
