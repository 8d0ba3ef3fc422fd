// Reads schema seep-report-1 back. The file may come from anywhere: it is checked member by member, and the
// first thing that is wrong ends the reading with its place and what was expected there. Called by the
// commands that take a saved report. jansson does the parsing (it bounds the nesting, and refuses NUL in
// strings and numbers that don't fit).
#include "analyzer/report/json.h"

#include "analyzer/report/json_fields.h"
#include "analyzer/report/json_memory.h"
#include "analyzer/report/json_pool.h"
#include "analyzer/report/json_read_parts.h"
#include "analyzer/whole_file.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILE_BYTES ((size_t)1 << 30) // a report of 100,000 sites has some 300 MB
#define MAX_EXAMPLES   5

// --- the objects of the schema, outermost last
// ------------------------------------------------------------------

static void read_frame(struct reader *r, const json_t *object, struct report_frame *out) {
    out->function = get_text_or_null(r, object, "function");
    out->linkage = json_object_get(object, "linkage") ? get_text_or_null(r, object, "linkage") : NULL;
    out->file = get_text_or_null(r, object, "file");
    out->line = (uint32_t)get_number(r, object, "line", 0, UINT32_MAX, 0);
    out->module = get_text_or_null(r, object, "module");
    out->build_id = get_text_or_null(r, object, "build_id");
    out->offset = get_address(r, object, "offset");
    out->inlined = get_bool(r, object, "inlined");
}

size_t read_frames(struct reader *r, const json_t *object, struct report_frame **out) {
    size_t count;
    const json_t *array = get_array(r, object, "frames", &count);
    reader_enter_member(r, "frames");
    struct report_frame *frames = *out = arena_array(r->arena, struct report_frame, count);
    for (size_t i = 0; i < count && !r->error; i++) {
        reader_enter_element(r, i);
        read_frame(r, json_array_get(array, i), &frames[i]);
        reader_leave(r);
    }
    reader_leave(r);
    return count;
}

void read_example(struct reader *r, enum site_kind kind, const json_t *object, struct report_example *out) {
    if (kind == SITE_FD) {
        out->address = get_count(r, object, "fd");
        out->type = get_text_or_null(r, object, "type");
        out->target = get_text_or_null(r, object, "target");
        out->state = get_text_or_null(r, object, "state");
        out->detail = json_object_get(object, "detail") ? get_text_or_null(r, object, "detail") : NULL;
        return;
    }
    out->address = get_address(r, object, "address");
    out->bytes = get_count(r, object, "bytes");
    if (kind == SITE_MAP) {
        out->state = json_object_get(object, "protection") ? get_text_or_null(r, object, "protection") : NULL;
        out->target = json_object_get(object, "file") ? get_text_or_null(r, object, "file") : NULL;
    }
}

static struct report_example *read_some(struct reader *r, enum site_kind kind, const json_t *object,
                                        const char *member, size_t *out_count) {
    size_t count;
    const json_t *array = get_array(r, object, member, &count);
    if (count > MAX_EXAMPLES)
        reader_fail(r, member, "an array of at most 5");
    if (r->error)
        return NULL;
    reader_enter_member(r, member);
    struct report_example *examples = arena_array(r->arena, struct report_example, count);
    for (size_t i = 0; i < count; i++) {
        reader_enter_element(r, i);
        read_example(r, kind, json_array_get(array, i), &examples[i]);
        reader_leave(r);
    }
    reader_leave(r);
    *out_count = count;
    return examples;
}

// Reports that older versions wrote have none.
static void read_tallies(struct reader *r, const json_t *object, struct report_site *out) {
    if (out->kind == SITE_HEAP || !json_object_get(object, "tallies"))
        return;
    const json_t *array = get_array(r, object, "tallies", &out->tally_count);
    reader_enter_member(r, "tallies");
    out->tallies = arena_array(r->arena, struct report_tally, out->tally_count);
    for (size_t i = 0; i < out->tally_count && !r->error; i++) {
        const json_t *tally = json_array_get(array, i);
        reader_enter_element(r, i);
        out->tallies[i].type = get_text(r, tally, out->kind == SITE_MAP ? "file" : "type");
        out->tallies[i].state = out->kind == SITE_MAP ? NULL : get_text_or_null(r, tally, "state");
        out->tallies[i].count = get_count(r, tally, "count");
        reader_leave(r);
    }
    reader_leave(r);
}

static void read_id(struct reader *r, const json_t *object, char out[17]) {
    const char *id = get_text(r, object, "id");
    if (strlen(id) != 16 || strspn(id, "0123456789abcdef") != 16)
        reader_fail(r, "id", "16 hex digits");
    else
        memcpy(out, id, 17);
}

static bool verdict_fits(enum site_kind kind, enum verdict verdict) {
    return kind == SITE_FD    ? verdict == VERDICT_OPEN
           : kind == SITE_MAP ? verdict == VERDICT_MAPPED
                              : verdict < VERDICT_OPEN;
}

static void read_site(struct reader *r, const json_t *object, struct report_site *out) {
    read_id(r, object, out->id);
    out->kind = get_word(r, object, "kind", site_kind_from_name, "heap, fd or map");
    out->verdict = get_word(r, object, "verdict", verdict_from_name,
                            "definite, indirect, possible, reachable, unclassified, open or mapped");
    if (!verdict_fits(out->kind, out->verdict))
        reader_fail(r, "verdict", "one that goes with the kind");
    out->call = get_text(r, object, "call");
    out->count = get_count(r, object, "count");
    out->bytes = get_count(r, object, "bytes");
    out->resident_bytes = get_number(r, object, "resident_bytes", 0, INT64_MAX, -1);
    out->dirty_bytes = get_number(r, object, "dirty_bytes", 0, INT64_MAX, -1);
    out->suppressed_by = get_text_or_null(r, object, "suppressed_by");
    out->baseline = get_text_or_null(r, object, "baseline");
    out->baseline_limit = (uint64_t)get_number(r, object, "baseline_limit", 0, INT64_MAX, 0);
    out->truncated = get_bool(r, object, "truncated");
    out->frame_count = read_frames(r, object, &out->frames);
    out->examples = read_some(r, out->kind, object, "examples", &out->example_count);
    read_tallies(r, object, out);
    out->indirect_blocks = (uint64_t)get_number(r, object, "indirect_blocks", 0, INT64_MAX, 0);
    out->indirect_bytes = (uint64_t)get_number(r, object, "indirect_bytes", 0, INT64_MAX, 0);
    out->targets_all = (uint64_t)get_number(r, object, "points_to_count", 0, INT64_MAX, 0);
    if (out->targets_all)
        out->targets = read_some(r, SITE_HEAP, object, "points_to", &out->target_count);
}

static void read_heap(struct reader *r, const json_t *object, struct heap_totals *out) {
    out->allocations = get_count(r, object, "allocations");
    out->frees = get_count(r, object, "frees");
    out->allocated_bytes = get_count(r, object, "allocated_bytes");
    out->peak_bytes = get_count(r, object, "peak_bytes");
    out->outstanding_blocks = get_count(r, object, "outstanding_blocks");
    out->outstanding_bytes = get_count(r, object, "outstanding_bytes");
    out->unmatched_frees = get_count(r, object, "unmatched_frees");
}

static void read_map(struct reader *r, const json_t *object, struct map_totals *out) {
    out->mapped = get_count(r, object, "mapped");
    out->unmapped = get_count(r, object, "unmapped");
    out->outstanding_regions = get_count(r, object, "outstanding_regions");
    out->outstanding_bytes = get_count(r, object, "outstanding_bytes");
    out->resident_bytes = get_number(r, object, "resident_bytes", 0, INT64_MAX, -1);
    out->runtime_regions = (uint64_t)get_number(r, object, "runtime_regions", 0, INT64_MAX, 0);
    out->runtime_bytes = (uint64_t)get_number(r, object, "runtime_bytes", 0, INT64_MAX, 0);
    out->vanished_bytes = (uint64_t)get_number(r, object, "vanished_bytes", 0, INT64_MAX, 0);
    out->unattributed_regions = get_number(r, object, "unattributed_regions", 0, INT64_MAX, -1);
    out->unattributed_bytes = get_number(r, object, "unattributed_bytes", 0, INT64_MAX, -1);
    if (!r->error && (out->unattributed_regions < 0) != (out->unattributed_bytes < 0))
        reader_fail(r, "unattributed_bytes", "null just when unattributed_regions is");
}

static void read_verdicts(struct reader *r, const json_t *object, struct verdict_totals *out) {
    for (enum verdict v = 0; v <= VERDICT_OPEN; v++) {
        const char *member = v < VERDICT_OPEN ? verdict_name(v) : "suppressed";
        const json_t *one = get_object(r, object, member);
        reader_enter_member(r, member);
        uint64_t blocks = get_count(r, one, "blocks");
        uint64_t bytes = get_count(r, one, "bytes");
        reader_leave(r);
        if (v < VERDICT_OPEN) {
            out->by[v].blocks = blocks;
            out->by[v].bytes = bytes;
        } else {
            out->suppressed.blocks = blocks;
            out->suppressed.bytes = bytes;
        }
    }
}

static void read_end(struct reader *r, const json_t *object, struct report_process *out) {
    const json_t *end = get_object(r, object, "end");
    reader_enter_member(r, "end");
    out->end.how = get_word(r, end, "how", process_end_from_name, "exit, signal, exec, running or unknown");
    int64_t code = get_number(r, end, "code", 0, 255, -1);
    int64_t signal = get_number(r, end, "signal", 1, 127, -1);
    if (!r->error && out->end.how == END_EXIT && code >= 0) {
        out->end.code = code;
        out->end.code_known = true;
    }
    if (!r->error && out->end.how == END_SIGNAL) {
        if (signal < 0)
            reader_fail(r, "signal", "a signal's number");
        out->end.signal = signal;
    }
    reader_leave(r);
}

static void read_totals(struct reader *r, const json_t *object, struct report_process *out) {
    const json_t *totals = get_object(r, object, "totals");
    const json_t *heap = NULL, *map = NULL;
    reader_enter_member(r, "totals");
    if (!r->error && (heap = get_object_or_null(r, totals, "heap"))) {
        reader_enter_member(r, "heap");
        read_heap(r, heap, &out->heap);
        reader_leave(r);
    }
    read_fd_totals(r, totals, out);
    if (!r->error && (map = get_object_or_null(r, totals, "map"))) {
        reader_enter_member(r, "map");
        read_map(r, map, &out->map);
        reader_leave(r);
    }
    reader_leave(r);
    out->heap_tracked = heap != NULL;
    out->map_tracked = map != NULL;
    if (!heap)
        return;
    const json_t *verdicts = get_object(r, object, "verdicts");
    reader_enter_member(r, "verdicts");
    read_verdicts(r, verdicts, &out->verdicts);
    reader_leave(r);
}

static void read_sites(struct reader *r, const json_t *object, struct report_process *out) {
    size_t count;
    const json_t *array = get_array(r, object, "sites", &count);
    reader_enter_member(r, "sites");
    out->sites = arena_array(r->arena, struct report_site, count);
    out->site_count = count;
    for (size_t i = 0; i < count && !r->error; i++) {
        reader_enter_element(r, i);
        read_site(r, json_array_get(array, i), &out->sites[i]);
        reader_leave(r);
    }
    reader_leave(r);
}

static double get_seconds(struct reader *r, const json_t *object, const char *member) {
    const json_t *value = json_object_get(object, member);
    if (!value || json_is_null(value))
        return NAN;
    if (!json_is_number(value) || !(json_number_value(value) >= 0))
        reader_fail(r, member, "null or seconds, 0 or more");
    return json_number_value(value);
}

// Reports that older versions wrote have none.
static void read_scan(struct reader *r, const json_t *object, struct report_process *out) {
    const json_t *scan = json_object_get(object, "scan") ? get_object_or_null(r, object, "scan") : NULL;
    if (!scan)
        return;
    reader_enter_member(r, "scan");
    out->scan.refused = get_text_or_null(r, scan, "refused");
    out->scan.pause_seconds = get_seconds(r, scan, "pause");
    out->scan.reading_seconds = get_seconds(r, scan, "reading");
    out->scan.done = !isnan(out->scan.pause_seconds);
    out->scan.threads = (uint64_t)get_number(r, scan, "threads", 0, INT64_MAX, 0);
    out->scan.root_bytes = (uint64_t)get_number(r, scan, "root_bytes", 0, INT64_MAX, 0);
    out->scan.scanned_bytes = (uint64_t)get_number(r, scan, "scanned_bytes", 0, INT64_MAX, 0);
    out->scan.unreadable_bytes = (uint64_t)get_number(r, scan, "unreadable_bytes", 0, INT64_MAX, 0);
    out->scan.hidden_requests = (uint64_t)get_number(r, scan, "hidden_requests", 0, INT64_MAX, 0);
    reader_leave(r);
}

static void read_process(struct reader *r, const json_t *object, struct report_process *out) {
    out->pid = (int64_t)get_count(r, object, "pid");
    out->parent_pid = (int64_t)get_count(r, object, "parent_pid");
    out->executable = get_text_or_null(r, object, "executable");
    out->argv = get_texts(r, object, "argv", &out->argc);
    out->begin = get_word(r, object, "begin", process_begin_from_name, "exec, fork or attach");
    read_end(r, object, out);
    out->exact = get_bool(r, object, "exact");
    out->lost_records = get_count(r, object, "lost_records");
    out->truncated_stacks = get_count(r, object, "truncated_stacks");
    if (json_object_get(object, "stacks_compared")) {
        out->stacks_compared = get_count(r, object, "stacks_compared");
        out->stacks_different = get_count(r, object, "stacks_different");
    }
    read_totals(r, object, out);
    read_scan(r, object, out);
    read_descriptors(r, object, out);
    read_unattributed_groups(r, object, out);
    read_sites(r, object, out);
    out->memory = read_memory(r, object);
}

// Of which verdicts there was too much. Reports of older versions don't say so: then it may be any.
static uint32_t read_failed(struct reader *r, const json_t *gate, bool tripped) {
    size_t count = 0;
    if (!json_object_get(gate, "failed"))
        return tripped ? UINT32_MAX : 0;
    const char **names = get_texts(r, gate, "failed", &count);
    uint32_t failed = 0;
    for (size_t i = 0; i < count; i++) {
        int verdict = verdict_from_name(names[i]);
        if (verdict < 0)
            reader_fail(r, "failed", "an array of verdicts");
        else
            failed |= 1u << verdict;
    }
    return failed;
}

// Reports that older versions wrote have no gate, and where there is none it is null.
static void read_gate(struct reader *r, const json_t *object, struct report *out) {
    if (!json_object_get(object, "gate"))
        return;
    const json_t *gate = get_object_or_null(r, object, "gate");
    if (!gate || r->error)
        return;
    out->gate = arena_alloc(r->arena, sizeof *out->gate);
    reader_enter_member(r, "gate");
    out->gate->tripped = get_bool(r, gate, "tripped");
    out->gate->failed = read_failed(r, gate, out->gate->tripped);
    out->gate->reasons = get_texts(r, gate, "reasons", &out->gate->reason_count);
    out->gate->update = json_object_get(gate, "update") ? get_text_or_null(r, gate, "update") : NULL;
    if (out->gate->tripped != (out->gate->reason_count > 0))
        reader_fail(r, "tripped", "true just when there are reasons");
    reader_leave(r);
}

static void read_document(struct reader *r, const json_t *object, struct report *out) {
    out->seep_version = get_text(r, object, "seep_version");
    out->command = get_texts(r, object, "command", &out->command_count);
    out->started = get_text(r, object, "started");
    out->duration_seconds = get_seconds(r, object, "duration");
    out->exact = get_bool(r, object, "exact");
    out->inexact_because = get_texts(r, object, "inexact_because", &out->inexact_count);
    read_gate(r, object, out);
    if (json_object_get(object, "remarks"))
        out->remarks = get_texts(r, object, "remarks", &out->remark_count);

    size_t count;
    const json_t *array = get_array(r, object, "processes", &count);
    reader_enter_member(r, "processes");
    out->processes = arena_array(r->arena, struct report_process, count);
    out->process_count = count;
    for (size_t i = 0; i < count && !r->error; i++) {
        reader_enter_element(r, i);
        read_process(r, json_array_get(array, i), &out->processes[i]);
        reader_leave(r);
    }
    reader_leave(r);
}

// --- from text and from a file
// ----------------------------------------------------------------------------------

// Is this document ours at all? Told apart from a damaged one, since the remedy is another.
static int check_schema(const json_t *root, const char *name, char *message, size_t message_bytes) {
    const char *schema = json_string_value(json_object_get(root, "schema"));
    if (!schema) {
        reader_say(message, message_bytes, name,
                   "is JSON but not a seep report; name a file that `seep run --format json=FILE` wrote",
                   NULL);
        return -EBADMSG;
    }
    if (strcmp(schema, REPORT_SCHEMA) != 0) {
        reader_say(message, message_bytes, name,
                   "has another schema than " REPORT_SCHEMA ", the only one this seep reads: ", schema);
        return -EBADMSG;
    }
    return 0;
}

static int parse(const char *text, size_t bytes, const char *name, struct report **out, char *message,
                 size_t message_bytes) {
    json_error_t error;
    json_t *root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        char detail[sizeof error.text + 64];
        snprintf(detail, sizeof detail, "line %d, column %d: %s", error.line, error.column, error.text);
        reader_say(message, message_bytes, name, "is not JSON, or cut short: ", detail);
        return -EBADMSG;
    }
    int rc = check_schema(root, name, message, message_bytes);
    if (rc < 0)
        return rc;
    struct report *report = report_new();
    struct reader r = {
        .arena = report->arena, .name = name, .message = message, .message_bytes = message_bytes};
    read_document(&r, root, report);
    if (r.error)
        report_free(report);
    else
        *out = report;
    return r.error;
}

int report_parse_json(const char *text, size_t bytes, const char *name, struct report **out, char *message,
                      size_t message_bytes) {
    struct json_pool pool;
    json_pool_begin(&pool);
    int rc = parse(text, bytes, name, out, message, message_bytes);
    json_pool_end(&pool); // the document's values are its
    return rc;
}

int report_read_json(const char *path, struct report **out, char *message, size_t message_bytes) {
    char *text = NULL;
    size_t bytes = 0;
    int rc = whole_file_get(path, MAX_FILE_BYTES, &text, &bytes);
    if (rc < 0) {
        reader_say(message, message_bytes, path, "cannot be read: ", strerror(-rc));
        return rc;
    }
    rc = report_parse_json(text, bytes, path, out, message, message_bytes);
    free(text);
    return rc;
}
