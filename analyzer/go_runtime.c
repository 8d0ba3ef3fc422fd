// See go_runtime.h. Called by assemble.c when a process's sites are named and its verdicts are counted.
//
// A program's own calls of C go through runtime.cgocall; for itself the runtime calls asmcgocall directly.
#include "analyzer/go_runtime.h"

#include <string.h>

static const char suppression[] = "built in: Go's runtime";

static bool is(const struct report_frame *frame, const char *name) {
    return frame->function && strcmp(frame->function, name) == 0;
}

static bool calls_c(const struct report_frame *frame) {
    return is(frame, "runtime.asmcgocall") || is(frame, "runtime.asmcgocall_landingpad");
}

// Of the runtime's C part, which starts threads. Stripped programs have no such names, but those of Go.
static bool starts_threads(const struct report_frame *frame) {
    return is(frame, "_cgo_sys_thread_start") || is(frame, "_cgo_try_pthread_create") ||
           is(frame, "x_cgo_thread_start") || is(frame, "x_cgo_sys_thread_create");
}

bool site_is_go_runtimes(const struct report_site *site) {
    size_t at = 0;
    while (at < site->frame_count && !calls_c(&site->frames[at]))
        if (starts_threads(&site->frames[at++]))
            return true;
    while (at < site->frame_count && calls_c(&site->frames[at]))
        at++;
    const char *caller = at < site->frame_count ? site->frames[at].function : NULL;
    return caller && strncmp(caller, "runtime.", 8) == 0 && strcmp(caller, "runtime.cgocall") != 0;
}

void go_runtime_set_aside(struct report_process *process) {
    for (size_t i = 0; i < process->site_count; i++) {
        struct report_site *site = &process->sites[i];
        if (site->kind == SITE_FD || site->suppressed_by || !site_is_go_runtimes(site))
            continue;
        site->suppressed_by = suppression;
        if (site->kind != SITE_HEAP)
            continue;
        process->verdicts.by[site->verdict].blocks -= site->count;
        process->verdicts.by[site->verdict].bytes -= site->bytes;
        process->verdicts.suppressed.blocks += site->count;
        process->verdicts.suppressed.bytes += site->bytes;
    }
}
