// links: analyzer/process_descriptors.c analyzer/descriptor_type.c analyzer/proc/open_files.c analyzer/proc/net_tables.c
// links: analyzer/proc/unix_peers.c analyzer/proc/fdinfo.c analyzer/whole_file.c
// links: analyzer/process_memory.c analyzer/process_mappings.c analyzer/memory/look.c
// links: analyzer/memory/arenas.c analyzer/memory/pieces.c analyzer/memory/pages.c analyzer/memory/cgroup.c
// links: analyzer/ledger/ledger.c analyzer/ledger/sequence.c analyzer/ledger/descriptors.c
// links: analyzer/ledger/mappings.c analyzer/ledger/regions.c analyzer/ledger/unmappings.c analyzer/ledger/threads.c
// links: analyzer/verdict/*.c analyzer/proc/smaps.c analyzer/arena.c
// links: analyzer/family.c analyzer/drain.c analyzer/process.c analyzer/harvest.c analyzer/table.c analyzer/turnover.c analyzer/live.c
// links: analyzer/live_history.c analyzer/live_order.c analyzer/live_pool.c analyzer/live_recent.c
// links: analyzer/live_table.c
//
// Arbitrary shared memory: the input writes words anywhere into a family's memory, between rounds of
// draining. Whatever stands there, draining and harvesting end, and the figures hold together.
#include "analyzer/drain.h"
#include "analyzer/family.h"
#include "analyzer/process.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum { STEP_BYTES = 12, NEAR = 8 }; // NEAR: indices are small, so that what is written is also read

// Where one step writes, by kind of thing. The offset within it comes from the input.
static char *place(const struct family *family, uint8_t what, uint8_t index, uint16_t offset) {
    uint32_t near = index % NEAR;
    char *thread = (char *)family_thread(family, near);
    switch (what % 9) {
    case 0: // the targets' half of the header
        return (char *)&family->memory->extents_used + offset % 80 / 4 * 4;
    case 1:
        return (char *)family_process(family, near) + offset % 64;
    case 2:
        return (char *)family_extent_state(family, near);
    case 3:
        return thread + offset % sizeof(struct wire_thread);
    case 4:
        return (char *)family_slots(family, near) +
               offset % (family->ring_slots * sizeof(struct wire_record));
    case 5:
        return (char *)family_nursery(family, near) + offset % sizeof(struct wire_nursery);
    case 6:
        return (char *)family->memory + family->nodes_at + offset % (64 * sizeof(struct wire_stack_node));
    case 7:
        return (char *)family->memory + family->modules_at + offset % (NEAR * sizeof(struct wire_module));
    default:
        return (char *)family->memory + family->strings_at + offset % 256;
    }
}

// What a sound program would have written, so that few changes are enough to get far.
static void fill(struct family *family) {
    family->memory->processes_used = 2;
    family->memory->extents_used = NEAR;
    for (uint32_t i = 0; i < NEAR; i++) {
        family_process(family, i)->state = i < 2 ? SLOT_LIVE : SLOT_FREE;
        family_process(family, i)->parent_slot = i;
        *family_extent_state(family, i) = SLOT_LIVE;
        family_thread(family, i)->process_slot = i % 2;
        struct wire_record *slots = (struct wire_record *)family_slots(family, i);
        for (uint32_t k = 0; k < family->ring_slots; k++)
            slots[k] = (struct wire_record){.address = k / 2 + i * 100,
                                            .bytes = k,
                                            .epoch = k / 4,
                                            .stack = k,
                                            .kind = k % 2 ? RECORD_RELEASE : RECORD_ACQUIRE,
                                            .call = CALL_malloc};
    }
    struct wire_stack_node *nodes = (void *)((char *)family->memory + family->nodes_at);
    struct wire_module *modules = (void *)((char *)family->memory + family->modules_at);
    for (uint32_t i = 1; i < 64; i++)
        nodes[i] = (struct wire_stack_node){.pc = i, .parent = i / 2, .module = i % NEAR};
    for (uint32_t i = 1; i < NEAR; i++)
        modules[i] = (struct wire_module){.ready = 1, .path_offset = i, .path_bytes = i};
}

static void found(void *context, struct family *family, uint32_t slot) {
    (void)context;
    const struct wire_process *wire = family_process(family, slot);
    uint32_t parent = wire->parent_slot - 1;
    process_new(family, slot, (pid_t)wire->pid, BEGIN_FORK,
                parent < WIRE_PROCESSES ? family->by_slot[parent] : NULL);
}

static void finish(struct family *family, uint32_t slot) {
    struct process *process = family->by_slot[slot];
    drain_process(family, process, true);
    process_finish(process, false);
    uint64_t count = 0, bytes = 0;
    for (size_t i = 0; i < process->harvest.group_count; i++) {
        if (process->harvest.groups[i].kind == SITE_HEAP) {
            count += process->harvest.groups[i].count;
            bytes += process->harvest.groups[i].bytes;
        }
        if (process->harvest.groups[i].frame_count > WIRE_DEPTH_MAX)
            abort();
    }
    if (count != process->counts.live_blocks || bytes != process->counts.live_bytes)
        abort();
    process_free(process);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    struct family *family = family_new(&(struct family_options){.ring_slots = 16,
                                                                .depth = 64,
                                                                .follow = true,
                                                                .track = WIRE_TRACK_HEAP,
                                                                .address_space = (uint64_t)256 << 20});
    if (!family)
        abort();
    fill(family);
    for (; bytes >= STEP_BYTES; data += STEP_BYTES, bytes -= STEP_BYTES) {
        uint16_t offset;
        memcpy(&offset, data + 2, sizeof offset);
        size_t width = (size_t)1 << (data[0] >> 4) % 4;
        memcpy(place(family, data[0] & 15, data[1], offset), data + 4, width);
        if (data[0] >= 0xc0) {
            drain_new_slots(family, found, NULL);
            drain_round(family);
        } else if (data[0] >= 0xb8) {
            drain_reap_threads(family);
        } else if (data[0] >= 0xb0 && family->by_slot[data[1] % NEAR]) {
            finish(family, data[1] % NEAR);
        }
    }
    drain_new_slots(family, found, NULL);
    drain_round(family);
    for (uint32_t slot = 0; slot < WIRE_PROCESSES; slot++)
        if (family->by_slot[slot])
            finish(family, slot);
    if (family->live_processes || family->unseen_processes)
        abort();
    family_free(family);
    return 0;
}
