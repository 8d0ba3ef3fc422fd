// See owners.h. Called by assemble.c. Who mapped tells by the stack: within a call of malloc and its like,
// which passes through our hook; or straight from the allocator's own code, which maps also when it is
// loaded, in threads of its own, and in free, whose hook leaves no frame.
#include "analyzer/owners.h"
#include "analyzer/text.h"
#include "preload/wire/record.h"

#include <string.h>

static bool is_heap_call(const char *function) {
    static const char *const names[] = {
#define NAME(value, call, name) [value] = (name),
        WIRE_CALLS(NAME)
#undef NAME
    };
    for (size_t i = CALL_malloc; i <= CALL_operator_delete_array; i++)
        if (strcmp(function, names[i]) == 0)
            return true;
    return strncmp(function, "operator new", 12) == 0 || strncmp(function, "operator delete", 15) == 0;
}

static bool is_our_heap_hook(const struct report_frame *frame) {
    return frame->module && strcmp(base_name(frame->module), "libseep.so") == 0 && frame->function &&
           is_heap_call(frame->function);
}

// The Go runtime maps through libc where C code is linked in. Stripped programs have the runtime's own names
// only.
static bool is_go(const struct report_site *site) {
    const char *caller = site->frames[0].function;
    const char *above = site->frame_count > 1 ? site->frames[1].function : NULL;
    return (caller && strcmp(caller, "x_cgo_mmap") == 0) ||
           (above && strcmp(above, "runtime.callCgoMmap") == 0);
}

static bool is_a_runtimes(const struct report_site *site, const char *allocator) {
    if (site->kind != SITE_MAP || site->frame_count == 0)
        return false;
    const struct report_frame *caller = &site->frames[0];
    if (is_go(site) || (allocator && caller->module && strcmp(caller->module, allocator) == 0))
        return true;
    for (size_t i = 0; i < site->frame_count; i++)
        if (is_our_heap_hook(&site->frames[i]))
            return true;
    return false;
}

bool owners_is_runtimes(const struct report_site *site) {
    return is_go(site);
}

void owners_set_aside(struct report_process *process, const char *allocator) {
    size_t kept = 0;
    struct arena *arena = arena_new();
    struct report_site *aside = arena_array(arena, struct report_site, process->site_count);
    for (size_t i = 0; i < process->site_count; i++) {
        const struct report_site *site = &process->sites[i];
        if (is_a_runtimes(site, allocator)) {
            process->map.runtime_regions += site->count;
            process->map.runtime_bytes += site->bytes;
            aside[process->aside_count++] = *site;
        } else {
            process->sites[kept++] = *site;
        }
    }
    for (size_t i = 0; i < process->aside_count; i++)
        process->sites[kept + i] = aside[i];
    process->site_count = kept;
    arena_free(arena);
}
