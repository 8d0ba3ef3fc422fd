// Writes schema seep-report-1. Values are made and quoted by jansson, an object at a time; this file only
// strings the objects together, so that a large report never stands in memory as a tree. Called through the
// table of formats.
#include "analyzer/report/json.h"

#include "analyzer/report/json_memory.h"
#include "analyzer/report/json_values.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// 9 digits are finer than the clock for any run, and read back to the same digits.
#define DUMP_FLAGS JSON_REAL_PRECISION(9)

static json_t *address(uint64_t value) {
    char text[2 + 16 + 1];
    snprintf(text, sizeof text, "0x%" PRIx64, value);
    return json_string(text);
}

static json_t *texts(const char *const *list, size_t count) {
    json_t *array = must(json_array());
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, must(text_or_null(list[i])));
    return array;
}

static json_t *frame_object(const struct report_frame *frame) {
    json_t *object = must(json_object());
    put(object, "function", text_or_null(frame->function));
    if (frame->linkage)
        put(object, "linkage", text_or_null(frame->linkage));
    put(object, "file", text_or_null(frame->file));
    put(object, "line", frame->line ? number(frame->line) : json_null());
    put(object, "module", text_or_null(frame->module));
    put(object, "build_id", text_or_null(frame->build_id));
    put(object, "offset", address(frame->offset));
    put(object, "inlined", json_boolean(frame->inlined));
    return object;
}

static json_t *example_object(enum site_kind kind, const struct report_example *example) {
    json_t *object = must(json_object());
    if (kind == SITE_FD) {
        put(object, "fd", number(example->address));
        put(object, "type", text_or_null(example->type));
        put(object, "target", text_or_null(example->target));
        put(object, "state", text_or_null(example->state));
        put(object, "detail", text_or_null(example->detail));
        return object;
    }
    put(object, "address", address(example->address));
    put(object, "bytes", number(example->bytes));
    if (kind == SITE_MAP) {
        put(object, "protection", text_or_null(example->state));
        put(object, "file", text_or_null(example->target));
    }
    return object;
}

// Descriptors have types and states, mappings files.
static json_t *tallies_array(const struct report_site *site) {
    json_t *array = must(json_array());
    for (size_t i = 0; i < site->tally_count; i++) {
        const struct report_tally *tally = &site->tallies[i];
        json_t *object = must(json_object());
        put(object, site->kind == SITE_MAP ? "file" : "type", text_or_null(tally->type));
        if (site->kind != SITE_MAP)
            put(object, "state", text_or_null(tally->state));
        put(object, "count", number(tally->count));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *site_object(const struct report_site *site) {
    json_t *object = must(json_object());
    put(object, "id", json_string(site->id));
    put(object, "kind", json_string(site_kind_name(site->kind)));
    put(object, "verdict", json_string(verdict_name(site->verdict)));
    put(object, "call", text_or_null(site->call));
    put(object, "count", number(site->count));
    put(object, "bytes", number(site->bytes));
    put(object, "resident_bytes",
        site->resident_bytes < 0 ? json_null() : number((uint64_t)site->resident_bytes));
    if (site->kind == SITE_MAP)
        put(object, "dirty_bytes", site->dirty_bytes < 0 ? json_null() : number((uint64_t)site->dirty_bytes));
    put(object, "suppressed_by", text_or_null(site->suppressed_by));
    put(object, "baseline", text_or_null(site->baseline));
    if (site->baseline)
        put(object, "baseline_limit", number(site->baseline_limit));
    put(object, "truncated", json_boolean(site->truncated));

    json_t *frames = must(json_array());
    for (size_t i = 0; i < site->frame_count; i++)
        json_array_append_new(frames, frame_object(&site->frames[i]));
    put(object, "frames", frames);

    json_t *examples = must(json_array());
    for (size_t i = 0; i < site->example_count; i++)
        json_array_append_new(examples, example_object(site->kind, &site->examples[i]));
    put(object, "examples", examples);
    if (site->kind != SITE_HEAP)
        put(object, "tallies", tallies_array(site));
    if (site->verdict == VERDICT_DEFINITE) {
        put(object, "indirect_blocks", number(site->indirect_blocks));
        put(object, "indirect_bytes", number(site->indirect_bytes));
    }
    if (site->targets_all) {
        json_t *targets = must(json_array());
        for (size_t i = 0; i < site->target_count; i++)
            json_array_append_new(targets, example_object(SITE_HEAP, &site->targets[i]));
        put(object, "points_to", targets);
        put(object, "points_to_count", number(site->targets_all));
    }
    return object;
}

static json_t *heap_object(const struct heap_totals *heap) {
    json_t *object = must(json_object());
    put(object, "allocations", number(heap->allocations));
    put(object, "frees", number(heap->frees));
    put(object, "allocated_bytes", number(heap->allocated_bytes));
    put(object, "peak_bytes", number(heap->peak_bytes));
    put(object, "outstanding_blocks", number(heap->outstanding_blocks));
    put(object, "outstanding_bytes", number(heap->outstanding_bytes));
    put(object, "unmatched_frees", number(heap->unmatched_frees));
    return object;
}

static json_t *fd_object(const struct fd_totals *fd) {
    json_t *object = must(json_object());
    put(object, "opened", number(fd->opened));
    put(object, "closed", number(fd->closed));
    put(object, "outstanding", number(fd->outstanding));
    put(object, "inherited", fd->looked_at ? number(fd->inherited) : json_null());
    put(object, "unattributed", fd->looked_at ? number(fd->unattributed) : json_null());
    put(object, "limit", fd->limit < 0 ? json_null() : number((uint64_t)fd->limit));
    put(object, "closed_unseen", number(fd->closed_unseen));
    put(object, "standard", number(fd->standard));
    put(object, "double_closes", number(fd->double_closes));
    put(object, "closes_of_unopened", number(fd->closes_of_unopened));
    put(object, "swept", number(fd->swept));
    return object;
}

static json_t *step_or_null(const struct report_step *step) {
    if (!step->call)
        return json_null();
    json_t *object = must(json_object()), *frames = must(json_array());
    put(object, "call", json_string(step->call));
    for (size_t i = 0; i < step->frame_count; i++)
        json_array_append_new(frames, frame_object(&step->frames[i]));
    put(object, "frames", frames);
    return object;
}

static json_t *misuses_array(const struct report_process *process) {
    json_t *array = must(json_array());
    for (size_t i = 0; i < process->misuse_count; i++) {
        const struct report_misuse *misuse = &process->misuses[i];
        json_t *object = must(json_object());
        put(object, "kind", json_string(misuse->twice ? "double_close" : "close_of_unopened"));
        put(object, "fd", json_integer(misuse->fd));
        put(object, "count", number(misuse->count));
        put(object, "opened", step_or_null(&misuse->opened));
        put(object, "closed", step_or_null(&misuse->closed));
        put(object, "again", step_or_null(&misuse->again));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *unattributed_groups_array(const struct report_process *process) {
    json_t *array = must(json_array());
    for (size_t i = 0; i < process->unattributed_group_count; i++) {
        const struct report_unattributed *group = &process->unattributed_groups[i];
        json_t *object = must(json_object());
        put(object, "kind", json_string(site_kind_name(group->kind)));
        put(object, "type", json_string(group->type));
        put(object, "target", text_or_null(group->target));
        put(object, "state", text_or_null(group->state));
        put(object, "count", number(group->count));
        put(object, "bytes", group->kind == SITE_MAP ? number(group->bytes) : json_null());
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *map_object(const struct map_totals *map) {
    json_t *object = must(json_object());
    put(object, "mapped", number(map->mapped));
    put(object, "unmapped", number(map->unmapped));
    put(object, "outstanding_regions", number(map->outstanding_regions));
    put(object, "outstanding_bytes", number(map->outstanding_bytes));
    put(object, "resident_bytes",
        map->resident_bytes < 0 ? json_null() : number((uint64_t)map->resident_bytes));
    put(object, "runtime_regions", number(map->runtime_regions));
    put(object, "runtime_bytes", number(map->runtime_bytes));
    put(object, "vanished_bytes", number(map->vanished_bytes));
    bool looked = map->unattributed_regions >= 0;
    put(object, "unattributed_regions", looked ? number((uint64_t)map->unattributed_regions) : json_null());
    put(object, "unattributed_bytes", looked ? number((uint64_t)map->unattributed_bytes) : json_null());
    return object;
}

static json_t *blocks_object(uint64_t blocks, uint64_t bytes) {
    json_t *object = must(json_object());
    put(object, "blocks", number(blocks));
    put(object, "bytes", number(bytes));
    return object;
}

static json_t *verdicts_object(const struct verdict_totals *totals) {
    json_t *object = must(json_object());
    for (enum verdict v = 0; v < VERDICT_OPEN; v++)
        put(object, verdict_name(v), blocks_object(totals->by[v].blocks, totals->by[v].bytes));
    put(object, "suppressed", blocks_object(totals->suppressed.blocks, totals->suppressed.bytes));
    return object;
}

static json_t *scan_object(const struct report_process *process) {
    bool done = process->scan.done;
    json_t *object = must(json_object());
    put(object, "refused", text_or_null(process->scan.refused));
    put(object, "pause", done ? json_real(process->scan.pause_seconds) : json_null());
    put(object, "reading",
        done && !isnan(process->scan.reading_seconds) ? json_real(process->scan.reading_seconds)
                                                      : json_null());
    put(object, "threads", done ? number(process->scan.threads) : json_null());
    put(object, "root_bytes", done ? number(process->scan.root_bytes) : json_null());
    put(object, "scanned_bytes", done ? number(process->scan.scanned_bytes) : json_null());
    put(object, "unreadable_bytes", done ? number(process->scan.unreadable_bytes) : json_null());
    put(object, "hidden_requests", done ? number(process->scan.hidden_requests) : json_null());
    return object;
}

static json_t *end_object(const struct report_process *process) {
    bool code_known = process->end.how == END_EXIT && process->end.code_known;
    json_t *object = must(json_object());
    put(object, "how", json_string(process_end_name(process->end.how)));
    put(object, "code", code_known ? json_integer(process->end.code) : json_null());
    put(object, "signal", process->end.how == END_SIGNAL ? json_integer(process->end.signal) : json_null());
    return object;
}

// All of a process but its sites.
static json_t *process_object(const struct report_process *process) {
    json_t *object = must(json_object());
    put(object, "pid", json_integer(process->pid));
    put(object, "parent_pid", json_integer(process->parent_pid));
    put(object, "executable", text_or_null(process->executable));
    put(object, "argv", texts(process->argv, process->argc));
    put(object, "begin", json_string(process_begin_name(process->begin)));
    put(object, "end", end_object(process));
    put(object, "exact", json_boolean(process->exact));
    put(object, "lost_records", number(process->lost_records));
    put(object, "truncated_stacks", number(process->truncated_stacks));
    if (process->stacks_compared) {
        put(object, "stacks_compared", number(process->stacks_compared));
        put(object, "stacks_different", number(process->stacks_different));
    }

    json_t *totals = must(json_object());
    put(totals, "heap", process->heap_tracked ? heap_object(&process->heap) : json_null());
    put(totals, "fd", process->fd_tracked ? fd_object(&process->fd) : json_null());
    put(totals, "map", process->map_tracked ? map_object(&process->map) : json_null());
    put(object, "totals", totals);
    put(object, "verdicts", process->heap_tracked ? verdicts_object(&process->verdicts) : json_null());
    put(object, "scan", process->heap_tracked ? scan_object(process) : json_null());
    put(object, "memory", json_memory(process->memory));
    if (process->fd_tracked) {
        json_t *unattributed = must(json_array());
        for (size_t i = 0; i < process->unattributed_count; i++)
            json_array_append_new(unattributed, example_object(SITE_FD, &process->unattributed[i]));
        put(object, "unattributed", unattributed);
        put(object, "misuse", misuses_array(process));
    }
    if (process->unattributed_group_count)
        put(object, "unattributed_groups", unattributed_groups_array(process));
    return object;
}

static json_t *verdicts_array(uint32_t verdicts) {
    json_t *array = must(json_array());
    for (enum verdict verdict = 0; verdict < VERDICTS; verdict++)
        if (verdicts & 1u << verdict)
            json_array_append_new(array, json_string(verdict_name(verdict)));
    return array;
}

static json_t *gate_or_null(const struct report_gate *gate) {
    if (!gate)
        return json_null();
    json_t *object = must(json_object());
    put(object, "tripped", json_boolean(gate->tripped));
    put(object, "failed", verdicts_array(gate->failed));
    put(object, "reasons", texts(gate->reasons, gate->reason_count));
    put(object, "update", text_or_null(gate->update));
    return object;
}

// All of a report but its processes.
static json_t *report_object(const struct report *report) {
    json_t *object = must(json_object());
    put(object, "schema", json_string(REPORT_SCHEMA));
    put(object, "seep_version", text_or_null(report->seep_version));
    put(object, "command", texts(report->command, report->command_count));
    put(object, "started", text_or_null(report->started));
    put(object, "duration",
        isfinite(report->duration_seconds) && report->duration_seconds >= 0
            ? json_real(report->duration_seconds)
            : json_null());
    put(object, "exact", json_boolean(report->exact));
    put(object, "inexact_because", texts(report->inexact_because, report->inexact_count));
    put(object, "gate", gate_or_null(report->gate));
    if (report->remark_count)
        put(object, "remarks", texts(report->remarks, report->remark_count));
    return object;
}

static void dump(json_t *object, FILE *out) {
    char *text = must(json_dumps(object, DUMP_FLAGS));
    fputs(text, out);
    free(text);
    json_decref(object);
}

// Prints the object, left open for one more member, an array.
static void dump_open(json_t *object, const char *array, FILE *out) {
    char *text = must(json_dumps(object, DUMP_FLAGS));
    size_t length = strlen(text);
    fwrite(text, 1, length - 1, out); // without the closing brace
    fprintf(out, ",\n \"%s\": [", array);
    free(text);
    json_decref(object);
}

int report_write_json(const struct report *report, const struct options *options, FILE *out) {
    (void)options;
    dump_open(report_object(report), "processes", out);
    for (size_t p = 0; p < report->process_count; p++) {
        const struct report_process *process = &report->processes[p];
        fputs(p ? ",\n" : "\n", out);
        dump_open(process_object(process), "sites", out);
        for (size_t s = 0; s < process->site_count; s++) {
            fputs(s ? ",\n" : "\n", out);
            dump(site_object(&process->sites[s]), out);
        }
        fputs("]}", out);
    }
    fputs("]}\n", out);
    return ferror(out) ? -EIO : 0;
}
