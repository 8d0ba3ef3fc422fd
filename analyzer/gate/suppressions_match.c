// Which suppression matches which site; see suppressions.h.
#include "analyzer/gate/suppressions.h"

#include "analyzer/gate/function_match.h"
#include "analyzer/gate/glob.h"
#include "analyzer/gate/suppressions_sieve.h"
#include "analyzer/report/units.h"
#include "analyzer/text.h"

#include <stdio.h>
#include <string.h>

// A site that suppressions are held against, one after the other.
struct subject {
    const struct report_site *site;
    struct function_match *names;
};

static bool found_anywhere(const char *pattern, const struct report_site *site) {
    if (template_match(pattern, site->call))
        return true;
    for (size_t i = 0; i < site->frame_count; i++) {
        const struct report_frame *frame = &site->frames[i];
        if ((frame->function && template_match(pattern, frame->function)) ||
            (frame->file && template_match(pattern, frame->file)) ||
            (frame->module && template_match(pattern, frame->module)))
            return true;
    }
    return false;
}

// src:FILE or src:FILE:LINE, the file with or without its directories.
static bool source_matches(const char *pattern, const struct report_frame *frame) {
    if (!frame->file)
        return false;
    if (glob_match(pattern, frame->file) || glob_match(pattern, base_name(frame->file)))
        return true;
    char place[4096];
    snprintf(place, sizeof place, "%s:%u", frame->file, (unsigned)frame->line);
    return frame->line && (glob_match(pattern, place) || glob_match(pattern, base_name(place)));
}

static bool frame_matches(const struct pattern *pattern, struct subject *subject, size_t index) {
    const struct report_frame *frame = &subject->site->frames[index];
    switch (pattern->kind) {
    case PATTERN_FUNCTION:
        return function_matches(subject->names, pattern, frame->function);
    case PATTERN_OBJECT:
        return frame->module && glob_match(pattern->text, frame->module);
    case PATTERN_SOURCE:
        return source_matches(pattern->text, frame);
    case PATTERN_ANY_FRAMES:
        break;
    }
    return false;
}

// The call itself, which valgrind's stacks begin with, in the library that valgrind has it in.
static bool call_matches(const struct pattern *pattern, const char *call) {
    static const char library[] = "/usr/libexec/valgrind/vgpreload_memcheck-amd64-linux.so";
    if (pattern->kind == PATTERN_FUNCTION)
        return function_matches_call(pattern, call);
    return pattern->kind == PATTERN_OBJECT && glob_match(pattern->text, library);
}

// The pattern covers the innermost frames from begin on; what is further out does not matter. As a glob of
// frames.
static bool stack_matches(const struct suppression *one, struct subject *subject, size_t begin) {
    const struct report_site *site = subject->site;
    size_t at = 0, frame = begin, behind_any = SIZE_MAX, retry = begin;
    for (;;) {
        while (at < one->stack_count && one->stack[at].kind == PATTERN_ANY_FRAMES) {
            behind_any = ++at;
            retry = frame;
        }
        if (at == one->stack_count)
            return true;
        if (frame == 0 ? call_matches(&one->stack[at], site->call)
                       : frame <= site->frame_count && frame_matches(&one->stack[at], subject, frame - 1)) {
            at++;
            frame++;
        } else if (behind_any != SIZE_MAX && retry < site->frame_count + 1) {
            at = behind_any;
            frame = ++retry;
        } else {
            return false;
        }
    }
}

// operator new may have been recorded as the malloc in it: then it is the first frame.
static bool begins_with_new(const struct report_site *site) {
    static const char name[] = "operator new";
    return site->frame_count && site->frames[0].function &&
           strncmp(site->frames[0].function, name, strlen(name)) == 0;
}

static bool matches(const struct suppression *one, struct subject *subject) {
    const struct report_site *site = subject->site;
    if (!(one->verdicts & 1u << site->verdict))
        return false;
    if (one->anywhere)
        return found_anywhere(one->anywhere, site);
    return stack_matches(one, subject, 0) || (begins_with_new(site) && stack_matches(one, subject, 1));
}

bool suppression_matches(const struct suppression *one, const struct report_site *site) {
    struct subject subject = {.site = site, .names = function_match_new()};
    bool matched = matches(one, &subject);
    function_match_free(subject.names);
    return matched;
}

static void move_totals(struct verdict_totals *totals, const struct report_site *site) {
    if (site->verdict >= VERDICT_OPEN)
        return;
    uint64_t blocks = totals->by[site->verdict].blocks, bytes = totals->by[site->verdict].bytes;
    totals->by[site->verdict].blocks = blocks > site->count ? blocks - site->count : 0;
    totals->by[site->verdict].bytes = bytes > site->bytes ? bytes - site->bytes : 0;
    totals->suppressed.blocks = add_saturating(totals->suppressed.blocks, site->count);
    totals->suppressed.bytes = add_saturating(totals->suppressed.bytes, site->bytes);
}

static void suppress(struct suppressions *all, struct sieve *sieve, struct report *report,
                     struct report_process *process, struct subject *subject, struct report_site *site) {
    subject->site = site;
    uint64_t bits = sieve_look(sieve, site);
    for (size_t i = 0; i < all->count; i++) {
        struct suppression *one = &all->list[i];
        if (!sieve_lets_pass(sieve, i, bits) || !matches(one, subject))
            continue;
        site->suppressed_by = arena_strdup(report->arena, one->name);
        one->sites++;
        one->resources = add_saturating(one->resources, site->count);
        one->bytes = add_saturating(one->bytes, site->bytes);
        move_totals(&process->verdicts, site);
        return;
    }
}

void suppressions_apply(struct suppressions *all, struct report *report) {
    struct subject subject = {.names = function_match_new()};
    struct sieve *sieve = sieve_new(all, subject.names);
    for (size_t p = 0; p < report->process_count; p++) {
        struct report_process *process = &report->processes[p];
        for (size_t i = 0; i < process->site_count; i++)
            if (!process->sites[i].suppressed_by)
                suppress(all, sieve, report, process, &subject, &process->sites[i]);
    }
    sieve_free(sieve);
    function_match_free(subject.names);
}
