// Which suppression matches which site; see suppressions.h.
#include "analyzer/gate/suppressions.h"

#include "analyzer/gate/glob.h"
#include "analyzer/must.h"
#include "analyzer/report/units.h"
#include "analyzer/site_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

// A function's name, made ready when first asked for. Reports share texts, so its address tells it.
struct subject_name {
    const char *function; // NULL: none yet
    uint64_t pairs;       // of the name or of its normal form
    char normal[SITE_NAME_BYTES];
};
enum { NAMES_BITS = 11 };

// A site that suppressions are held against, one after the other.
struct subject {
    const struct report_site *site;
    struct subject_name *names; // that were met lately: a report has many frames and few functions
};

static struct subject subject_new(void) {
    return (struct subject){.names = must(calloc((size_t)1 << NAMES_BITS, sizeof(struct subject_name)))};
}

static void subject_free(struct subject *subject) {
    free(subject->names);
}

// Of the frame at index, which has a function. Good until the next one is asked for.
static const struct subject_name *name_at(struct subject *subject, size_t index) {
    const char *function = subject->site->frames[index].function;
    uint64_t key = (uintptr_t)function * 0x9e3779b97f4a7c15ull;
    struct subject_name *name = &subject->names[key >> (64 - NAMES_BITS)];
    if (name->function == function)
        return name;
    site_name_normalize(function, name->normal, sizeof name->normal);
    name->pairs = glob_pairs_of(function) | glob_pairs_of(name->normal);
    name->function = function;
    return name;
}

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

// With and without parameters: debug information gives inlined functions' names without.
static bool function_matches(const struct pattern *pattern, struct subject *subject, size_t index) {
    const char *function = subject->site->frames[index].function;
    if (!function || strcmp(pattern->text, "*") == 0)
        return strcmp(pattern->text, "*") == 0;
    const struct subject_name *name = name_at(subject, index);
    if (pattern->pairs & ~name->pairs)
        return false;
    if (glob_match(pattern->text, function) || glob_match(pattern->text, name->normal))
        return true;
    if (!strchr(pattern->text, '(') || strpbrk(pattern->text, "*?"))
        return false;
    char wanted[SITE_NAME_BYTES];
    site_name_normalize(pattern->text, wanted, sizeof wanted);
    return strcmp(wanted, name->normal) == 0;
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
        return function_matches(pattern, subject, index);
    case PATTERN_OBJECT:
        return frame->module && glob_match(pattern->text, frame->module);
    case PATTERN_SOURCE:
        return source_matches(pattern->text, frame);
    case PATTERN_ANY_FRAMES:
        break;
    }
    return false;
}

// The call itself, which valgrind's stacks begin with, in the library that valgrind has it in. A mangled
// operator new has its parameters, a call has none.
static bool call_matches(const struct pattern *pattern, const char *call) {
    static const char library[] = "/usr/libexec/valgrind/vgpreload_memcheck-amd64-linux.so";
    size_t bytes = strlen(call);
    if (pattern->kind == PATTERN_FUNCTION)
        return glob_match(pattern->text, call) ||
               (strncmp(pattern->text, call, bytes) == 0 && pattern->text[bytes] == '(');
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
    struct subject subject = subject_new();
    subject.site = site;
    bool matched = matches(one, &subject);
    subject_free(&subject);
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

static void suppress(struct suppressions *all, struct report *report, struct report_process *process,
                     struct report_site *site, struct subject *subject) {
    subject->site = site;
    for (size_t i = 0; i < all->count; i++) {
        struct suppression *one = &all->list[i];
        if (!matches(one, subject))
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
    struct subject subject = subject_new();
    for (size_t p = 0; p < report->process_count; p++)
        for (size_t i = 0; i < report->processes[p].site_count; i++)
            if (!report->processes[p].sites[i].suppressed_by)
                suppress(all, report, &report->processes[p], &report->processes[p].sites[i], &subject);
    subject_free(&subject);
}
