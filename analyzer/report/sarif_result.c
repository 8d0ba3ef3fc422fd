// One site as a result of SARIF; see sarif.h. What GitHub's code scanning makes of it: the first location is
// where the alert stands, so it has to lie in the repository; codeFlows are shown as paths, and hold only
// what lies there; stacks are for other readers, and complete; an alert is followed from run to run by
// primaryLocationLineHash.
#include "analyzer/report/sarif.h"

#include "analyzer/report/escape.h"
#include "analyzer/report/escape_syntax.h"
#include "analyzer/report/json_values.h"
#include "analyzer/report/text.h"
#include "analyzer/text.h"

#include <string.h>

typedef void (*printer)(FILE *out, const char *text);

// What print makes of text, as a JSON string.
static json_t *printed(printer print, const char *text) {
    char *safe = NULL;
    size_t bytes;
    FILE *out = must(open_memstream(&safe, &bytes));
    print(out, text);
    if (fclose(out) != 0)
        must(NULL);
    json_t *value = must(json_string(safe));
    free(safe);
    return value;
}

json_t *sarif_message(const char *text) {
    json_t *message = must(json_object());
    put(message, "text", printed(escape_print, *text ? text : "-"));
    return message;
}

const char *sarif_level(enum verdict verdict) {
    static const char *const levels[] = {
        [SEVERITY_ERROR] = "error", [SEVERITY_WARNING] = "warning", [SEVERITY_NOTE] = "note"};
    return levels[verdict_severity(verdict)];
}

static json_t *physical_location(const char *path, uint32_t line) {
    json_t *artifact = must(json_object()), *physical = must(json_object());
    put(artifact, "uri", printed(escape_uri_path, path));
    put(artifact, "uriBaseId", json_string("%SRCROOT%"));
    put(physical, "artifactLocation", artifact);
    if (line) {
        json_t *region = must(json_object());
        put(region, "startLine", number(line));
        put(physical, "region", region);
    }
    return physical;
}

static json_t *function_location(const struct sarif *sarif, const struct report_frame *frame) {
    json_t *logical = must(json_object()), *list = must(json_array());
    put(logical, "fullyQualifiedName",
        printed(escape_print, shortened(sarif->arena, frame->function, SARIF_NAME_BYTES)));
    if (frame->linkage)
        put(logical, "decoratedName",
            printed(escape_print, shortened(sarif->arena, frame->linkage, SARIF_NAME_BYTES)));
    put(logical, "kind", json_string("function"));
    json_array_append_new(list, logical);
    return list;
}

static json_t *frame_location(const struct sarif *sarif, const struct report_frame *frame) {
    const char *path = frame_source_path(sarif->arena, sarif->root, frame);
    json_t *location = must(json_object());
    if (path)
        put(location, "physicalLocation", physical_location(path, frame->line));
    if (frame->function)
        put(location, "logicalLocations", function_location(sarif, frame));
    put(location, "message",
        sarif_message(
            shortened(sarif->arena, frame_words(sarif->arena, frame, sarif->root), SARIF_NAME_BYTES)));
    return location;
}

static json_t *stacks(const struct sarif *sarif, const struct report_site *site) {
    json_t *frames = must(json_array()), *stack = must(json_object()), *list = must(json_array());
    for (size_t i = 0; i < site->frame_count && i < SARIF_FRAMES; i++) {
        json_t *frame = must(json_object());
        put(frame, "location", frame_location(sarif, &site->frames[i]));
        if (site->frames[i].module)
            put(frame, "module",
                printed(escape_print, shortened(sarif->arena, site->frames[i].module, SARIF_NAME_BYTES)));
        json_array_append_new(frames, frame);
    }
    put(stack, "message",
        sarif_message(site->frame_count > SARIF_FRAMES ? "where it was acquired, the innermost frames"
                      : site->truncated                ? "where it was acquired, as far as it is known"
                                                       : "where it was acquired"));
    put(stack, "frames", frames);
    json_array_append_new(list, stack);
    return list;
}

// The frames that lie within the sources, from the outermost to the call. NULL: fewer than two do, which is
// no path.
static json_t *code_flows(const struct sarif *sarif, const struct report_site *site) {
    json_t *steps = must(json_array());
    size_t most = site->frame_count < SARIF_FRAMES ? site->frame_count : SARIF_FRAMES;
    for (size_t i = most; i-- > 0;) {
        if (!frame_source_path(sarif->arena, sarif->root, &site->frames[i]))
            continue;
        json_t *step = must(json_object());
        put(step, "location", frame_location(sarif, &site->frames[i]));
        json_array_append_new(steps, step);
    }
    if (json_array_size(steps) < 2) {
        json_decref(steps);
        return NULL;
    }
    json_t *thread_flow = must(json_object()), *thread_flows = must(json_array());
    json_t *flow = must(json_object()), *flows = must(json_array());
    put(thread_flow, "locations", steps);
    json_array_append_new(thread_flows, thread_flow);
    put(flow, "threadFlows", thread_flows);
    json_array_append_new(flows, flow);
    return flows;
}

static json_t *locations(const struct sarif *sarif, const struct listed_site *listed) {
    const char *path = NULL, *executable = listed->process->executable;
    const struct report_frame *frame = frame_in_sources(sarif->arena, listed->site, sarif->root, &path);
    json_t *location, *list = must(json_array());
    if (frame) {
        location = frame_location(sarif, frame);
    } else {
        path = executable ? source_path(sarif->arena, sarif->root, executable) : NULL;
        path = path ? path : executable ? base_name(executable) : "unknown";
        location = must(json_object());
        put(location, "physicalLocation", physical_location(*path ? path : "unknown", 1));
    }
    json_array_append_new(list, location);
    return list;
}

static json_t *fingerprints(const struct report_site *site) {
    char line_hash[sizeof site->id + 2];
    snprintf(line_hash, sizeof line_hash, "%s:1", site->id);
    json_t *object = must(json_object());
    put(object, "seepSite/v1", json_string(site->id));
    put(object, "primaryLocationLineHash", json_string(line_hash));
    return object;
}

static json_t *properties(const struct listed_site *listed) {
    json_t *object = must(json_object());
    put(object, "kind", json_string(site_kind_name(listed->site->kind)));
    put(object, "verdict", json_string(verdict_name(listed->site->verdict)));
    put(object, "call", printed(escape_print, listed->site->call));
    put(object, "count", number(listed->count));
    put(object, "bytes", number(listed->bytes));
    put(object, "processes", number(listed->processes));
    return object;
}

static const char *baseline_state(const char *baseline) {
    return strcmp(baseline, "known") == 0 ? "unchanged" : strcmp(baseline, "grown") == 0 ? "updated" : "new";
}

json_t *sarif_result(const struct sarif *sarif, const struct listed_site *listed) {
    const struct report_site *site = listed->site;
    const struct report_frame *frame = telling_frame(site);
    const char *where = frame ? frame_words(sarif->arena, frame, sarif->root) : "an unknown place";
    json_t *result = must(json_object()), *flows = code_flows(sarif, site);
    put(result, "ruleId", json_string(sarif->rules[site->verdict]));
    put(result, "ruleIndex", json_integer(site->verdict));
    put(result, "kind", json_string("fail"));
    put(result, "level", json_string(sarif_level(site->verdict)));
    put(result, "message",
        sarif_message(shortened(sarif->arena,
                                arena_printf(sarif->arena, "%s: %s called from %s",
                                             listed_title(sarif->arena, listed), site->call, where),
                                SARIF_NAME_BYTES)));
    put(result, "locations", locations(sarif, listed));
    put(result, "partialFingerprints", fingerprints(site));
    if (site->frame_count)
        put(result, "stacks", stacks(sarif, site));
    if (flows)
        put(result, "codeFlows", flows);
    if (site->baseline)
        put(result, "baselineState", json_string(baseline_state(site->baseline)));
    put(result, "properties", properties(listed));
    return result;
}
