// Which suppression matches which site; see suppressions.h.
#include "analyzer/gate/suppressions.h"

#include "analyzer/gate/glob.h"
#include "analyzer/report/units.h"
#include "analyzer/site_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
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
static bool function_matches(const char *pattern, const char *function) {
    char normal[SITE_NAME_BYTES], wanted[SITE_NAME_BYTES];
    if (glob_match(pattern, function))
        return true;
    site_name_normalize(function, normal, sizeof normal);
    if (glob_match(pattern, normal))
        return true;
    if (!strchr(pattern, '(') || strpbrk(pattern, "*?"))
        return false;
    site_name_normalize(pattern, wanted, sizeof wanted);
    return strcmp(wanted, normal) == 0;
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

static bool frame_matches(const struct pattern *pattern, const struct report_frame *frame) {
    switch (pattern->kind) {
    case PATTERN_FUNCTION:
        return frame->function ? function_matches(pattern->text, frame->function)
                               : strcmp(pattern->text, "*") == 0;
    case PATTERN_OBJECT:
        return frame->module && glob_match(pattern->text, frame->module);
    case PATTERN_SOURCE:
        return source_matches(pattern->text, frame);
    case PATTERN_ANY_FRAMES:
        break;
    }
    return false;
}

// Frame 0 is the call itself, which valgrind's stacks begin with, in the library that valgrind has it in.
static struct report_frame frame_at(const struct report_site *site, size_t index) {
    if (index > 0)
        return site->frames[index - 1];
    return (struct report_frame){.function = site->call,
                                 .module = "/usr/libexec/valgrind/vgpreload_memcheck-amd64-linux.so"};
}

// The pattern covers the innermost frames from begin on; what is further out does not matter. As a glob of
// frames.
static bool stack_matches(const struct suppression *one, const struct report_site *site, size_t begin) {
    size_t at = 0, frame = begin, behind_any = SIZE_MAX, retry = begin;
    for (;;) {
        while (at < one->stack_count && one->stack[at].kind == PATTERN_ANY_FRAMES) {
            behind_any = ++at;
            retry = frame;
        }
        if (at == one->stack_count)
            return true;
        struct report_frame here =
            frame <= site->frame_count ? frame_at(site, frame) : (struct report_frame){0};
        if (frame <= site->frame_count && frame_matches(&one->stack[at], &here)) {
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

bool suppression_matches(const struct suppression *one, const struct report_site *site) {
    if (!(one->verdicts & 1u << site->verdict))
        return false;
    if (one->anywhere)
        return found_anywhere(one->anywhere, site);
    return stack_matches(one, site, 0) || (begins_with_new(site) && stack_matches(one, site, 1));
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
                     struct report_site *site) {
    for (size_t i = 0; i < all->count; i++) {
        struct suppression *one = &all->list[i];
        if (!suppression_matches(one, site))
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
    for (size_t p = 0; p < report->process_count; p++)
        for (size_t i = 0; i < report->processes[p].site_count; i++)
            if (!report->processes[p].sites[i].suppressed_by)
                suppress(all, report, &report->processes[p], &report->processes[p].sites[i]);
}
