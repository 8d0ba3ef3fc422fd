// See record_numbered.h. Called by the hooks of descriptors and mappings.
#include "preload/record_numbered.h"
#include "preload/attach.h"
#include "preload/unwind_gate.h"
#include "preload/wire/atomic.h"

__thread uint32_t record_vforking;

// The flag is set before vfork, in the memory that both share: whoever looks first afterwards and is the
// process itself takes it down, so that only a vfork's neighbours pay for a getpid.
static bool is_vfork_child(void) {
    if (likely(!record_vforking))
        return false;
    if (!attach_is_own_process())
        return true;
    record_vforking = 0;
    return false;
}

// What libunwind does while it works for us is nothing that the program did.
static uint64_t record(struct wire_record *event, const struct frame_state *caller) {
    return gate_is_inside() ? 0 : record_numbered(event, caller);
}

void record_opened(uint8_t call, int fd, uint16_t flags, const struct frame_state *caller) {
    if (!(tracked & WIRE_TRACK_FD) || is_vfork_child())
        return;
    struct wire_record event = {
        .address = (uint32_t)fd, .bytes = 1, .kind = RECORD_OPENED, .call = call, .flags = flags};
    record(&event, caller);
}

uint64_t record_closed(uint8_t call, int first, uint32_t count, const struct frame_state *caller) {
    if (!(tracked & WIRE_TRACK_FD) || is_vfork_child())
        return 0;
    struct wire_record event = {
        .address = (uint32_t)first, .bytes = count, .kind = RECORD_CLOSED, .call = call};
    return record(&event, caller);
}

void record_mapped(uint8_t call, const void *address, size_t bytes, uint16_t flags,
                   const struct frame_state *caller) {
    if (!(tracked & WIRE_TRACK_MAP))
        return;
    struct wire_record event = {
        .address = (uintptr_t)address, .bytes = bytes, .kind = RECORD_MAPPED, .call = call, .flags = flags};
    record(&event, caller);
}

uint64_t record_unmapped(uint8_t call, const void *address, size_t bytes, uint16_t flags,
                         const struct frame_state *caller) {
    if (!(tracked & WIRE_TRACK_MAP))
        return 0;
    struct wire_record event = {
        .address = (uintptr_t)address, .bytes = bytes, .kind = RECORD_UNMAPPED, .call = call, .flags = flags};
    return record(&event, caller);
}

void record_moved(uint8_t call, uint64_t number, const void *address, size_t bytes) {
    struct wire_record event = {.address = (uintptr_t)address,
                                .bytes = bytes,
                                .stack = (uint32_t)number,
                                .kind = RECORD_MAPPED,
                                .call = call,
                                .flags = RECORD_MAP_MOVED};
    record(&event, NULL);
}

uint64_t record_thread_begins(void) {
    return atomic_load_acquire(&attach_page->numbered);
}

void record_thread_made(uint8_t call, uintptr_t thread, uint64_t begun, const struct frame_state *caller) {
    if (!(tracked & WIRE_TRACK_MAP))
        return;
    struct wire_record event = {.address = thread, .bytes = begun, .kind = RECORD_THREAD_MADE, .call = call};
    record(&event, caller);
}

uint64_t record_thread_given(uint8_t call, uintptr_t thread) {
    if (!(tracked & WIRE_TRACK_MAP))
        return 0;
    struct wire_record event = {.address = thread, .kind = RECORD_THREAD_GIVEN, .call = call};
    return record(&event, NULL);
}

void record_taken_back(uint8_t call, uint64_t number, uint64_t what, uint16_t flags) {
    if (!number)
        return;
    struct wire_record event = {
        .address = number, .bytes = what, .kind = RECORD_TAKEN_BACK, .call = call, .flags = flags};
    record(&event, NULL);
}
