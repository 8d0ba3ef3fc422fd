// Names that try to get out of whatever syntax they are put into, and reports made of them.
#pragma once

#include "analyzer/report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const hostile_names[] = {
    "",
    "a\"b'c\\d`e",
    "]]><failure/><!-- & &amp; &#0;",
    "</script></pre></details></code><img src=x onerror=alert(1)>",
    "line\nline\r\n\n# heading\n\n| cell | cell |",
    "\n::error file=x::injected\n::stop-commands::x",
    "100%0A::error::x%25%",
    "a,b:c=d;e f g 12\n",
    "bad \xff\xfe\xc0\xaf utf-8 \xed\xa0\x80 \xf4\x90\x80\x80",
    "\x01\x02\x1b[31m\x7f\xc2\x9b escape \xe2\x80\xae reversed \xef\xbf\xbf \xef\xb7\x90",
    "@everyone #1 [link](http://example.org) ![x](y) **b** _i_ ~~s~~ $x$ :x: <https://x.example>",
    "{\n   fun:*\n}\nleak:*\n# comment",
    "operator new[](unsigned long, std::align_val_t)",
    "std::pair<int const, char>& ns::(anonymous namespace)::f<'x'>(char const*) const",
    "\xe6\x97\xa5\xe6\x9c\xac\xf0\x9f\x98\x80",
};
enum { HOSTILE_NAMES = sizeof hostile_names / sizeof hostile_names[0] };

static uint32_t hostile_state = 1;

static uint32_t hostile_random(uint32_t below) {
    hostile_state = hostile_state * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)hostile_state * below) >> 32);
}

// One of the names, or random bytes that are mostly special somewhere, now and then very many.
static const char *hostile_name(struct arena *arena) {
    static const char marks[] = "<>&\"'%:;,\n\r\t]`|*_@#{}()\\/ \x1b\x7f\xff\xc3\xa9\xe2\x82\xac?";
    if (hostile_random(3) == 0)
        return hostile_names[hostile_random(HOSTILE_NAMES)];
    size_t length = hostile_random(300) == 0 ? 20000 : hostile_random(40);
    char *name = arena_alloc(arena, length + 1);
    for (size_t i = 0; i < length; i++)
        name[i] =
            hostile_random(2) ? marks[hostile_random(sizeof marks - 1)] : (char)(1 + hostile_random(255));
    return name;
}

static const char *hostile_or_null(struct arena *arena) {
    return hostile_random(4) ? hostile_name(arena) : NULL;
}

static void hostile_site(struct arena *arena, struct report_site *site) {
    static const char *const states[] = {NULL, "new", "grown", "known"};
    snprintf(site->id, sizeof site->id, "%016x", hostile_random(1u << 30));
    site->verdict = (enum verdict)hostile_random(VERDICTS);
    site->kind = site->verdict == VERDICT_OPEN     ? SITE_FD
                 : site->verdict == VERDICT_MAPPED ? SITE_MAP
                                                   : SITE_HEAP;
    site->call = hostile_name(arena);
    site->count = 1 + hostile_random(1000);
    site->bytes = site->kind == SITE_FD ? 0 : hostile_random(1u << 31);
    site->resident_bytes = -1;
    site->baseline = states[hostile_random(4)];
    site->suppressed_by = hostile_random(8) ? NULL : hostile_name(arena);
    site->truncated = hostile_random(2);
    site->frame_count = hostile_random(8);
    site->frames = arena_array(arena, struct report_frame, site->frame_count);
    for (size_t i = 0; i < site->frame_count; i++) {
        const char *module = hostile_or_null(arena);
        site->frames[i] =
            (struct report_frame){.function = hostile_or_null(arena),
                                  .file = hostile_or_null(arena),
                                  .line = hostile_random(100),
                                  .module = module,
                                  .build_id = hostile_random(2) ? "00ff" : NULL,
                                  .offset = hostile_random(1u << 30),
                                  .inlined = i + 1 < site->frame_count && hostile_random(3) == 0};
    }
}

static const char **hostile_texts(struct arena *arena, size_t count) {
    const char **texts = arena_array(arena, const char *, count);
    for (size_t i = 0; i < count; i++)
        texts[i] = hostile_name(arena);
    return texts;
}

// A report in which every string is hostile. The same seed gives the same report.
static struct report *hostile_report(uint32_t seed) {
    hostile_state = seed;
    struct report *report = report_new();
    struct arena *arena = report->arena;
    report->seep_version = hostile_name(arena);
    report->command_count = 1 + hostile_random(4);
    report->command = hostile_texts(arena, report->command_count);
    report->started = hostile_random(2) ? "2026-05-01T12:00:00.25Z" : hostile_name(arena);
    report->duration_seconds = hostile_random(2) ? 1.5 : -0.0 / 0.0;
    report->inexact_count = hostile_random(3);
    report->inexact_because = hostile_texts(arena, report->inexact_count);
    report->exact = report->inexact_count == 0;
    if (hostile_random(2)) {
        report->gate = arena_alloc(arena, sizeof *report->gate);
        report->gate->reason_count = hostile_random(4);
        report->gate->reasons = hostile_texts(arena, report->gate->reason_count);
        report->gate->tripped = report->gate->reason_count > 0;
        report->gate->update = hostile_or_null(arena);
        report->gate->failed = hostile_random(1 << VERDICTS);
    }
    report->remark_count = hostile_random(3);
    report->remarks = hostile_texts(arena, report->remark_count);
    report->process_count = hostile_random(4);
    report->processes = arena_array(arena, struct report_process, report->process_count);
    for (size_t p = 0; p < report->process_count; p++) {
        struct report_process *process = &report->processes[p];
        process->pid = 100 + (int64_t)p;
        process->executable = hostile_or_null(arena);
        process->argc = 1;
        process->argv = hostile_texts(arena, 1);
        process->begin = BEGIN_EXEC;
        process->end.how = END_EXIT;
        process->exact = report->exact;
        process->heap_tracked = true;
        process->site_count = hostile_random(20);
        process->sites = arena_array(arena, struct report_site, process->site_count);
        for (size_t s = 0; s < process->site_count; s++)
            hostile_site(arena, &process->sites[s]);
    }
    return report;
}
