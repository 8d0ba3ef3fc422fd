// See unwind_objects.h. An object is known by its place and by what it holds: another library at the same
// address has another build-id or at least other tables, and a copy of the same one has the same rules.

#include "preload/unwind_objects.h"

#include "preload/frame_rules.h"
#include "preload/own.h"
#include "preload/raw.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

enum { HEAD_BYTES = 2048, FIRST_OBJECTS = 128, DW_EH_PE_udata4 = 0x03 };

struct object {
    uintptr_t start, end; // as _dl_find_object has it
    uint64_t print;       // hash of the heads of the object and of its unwind table; 0: could not be read
};

static struct object *objects;
static size_t count, room;
static bool incomplete; // an object found no room: only forgetting everything is safe

typedef bool reader(void *into, const void *from, size_t bytes);

// For an object that a frame of this thread lies in: it stays, and a sandbox may allow no call to read it.
static bool read_held(void *into, const void *from, size_t bytes) {
    memcpy(into, from, bytes);
    return true;
}

// For one that other threads may unload under our eyes: the kernel reads, and fails instead of us.
static bool read_loose(void *into, const void *from, size_t bytes) {
    struct iovec to = {into, bytes}, at = {(void *)(uintptr_t)from, bytes};
    long pid = raw_syscall0(SYS_getpid);
    return raw_syscall6(SYS_process_vm_readv, pid, (long)&to, 1, (long)&at, 1, 0) == (long)bytes;
}

// The first bytes of the file, which hold its build-id or point to it, and of .eh_frame_hdr: a header of 12
// bytes with the number of 8-byte entries last, if it is encoded as linkers do.
static uint64_t print_of(const struct dl_find_object *found, reader *read) {
    static uint64_t head[2][HEAD_BYTES / 8]; // the gate's
    memset(head, 0, sizeof head);
    if (!read(head[0], found->dlfo_map_start, HEAD_BYTES))
        return 0;
    if (found->dlfo_eh_frame) {
        uint32_t header[3];
        if (!read(header, found->dlfo_eh_frame, sizeof header))
            return 0;
        bool has_count = ((const uint8_t *)header)[2] == DW_EH_PE_udata4;
        uint64_t bytes = sizeof header + (has_count ? header[2] * 8ull : 0);
        if (!read(head[1], found->dlfo_eh_frame, bytes < HEAD_BYTES ? bytes : HEAD_BYTES))
            return 0;
    }
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < sizeof head / 8; i++)
        hash = (hash ^ head[i / (HEAD_BYTES / 8)][i % (HEAD_BYTES / 8)]) * 0x100000001b3;
    return hash | 1;
}

static bool make_room(void) {
    size_t more = room ? room * 2 : FIRST_OBJECTS;
    long at = raw_syscall6(SYS_mmap, 0, (long)(more * sizeof *objects), PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at < 0 && at > -4096)
        return false;
    if (count)
        memcpy((void *)at, objects, count * sizeof *objects);
    if (room) {
        own_forget((long)objects);
        raw_syscall2(SYS_munmap, (long)objects, (long)(room * sizeof *objects));
    }
    own_note(at, more * sizeof *objects);
    objects = (struct object *)at;
    room = more;
    return true;
}

void unwind_objects_note(const struct dl_find_object *found) {
    uintptr_t start = (uintptr_t)found->dlfo_map_start, end = (uintptr_t)found->dlfo_map_end;
    for (size_t i = count; i-- > 0;)
        if (objects[i].start == start && objects[i].end == end)
            return;
    if (count == room && !make_room()) {
        incomplete = true;
        return;
    }
    objects[count++] = (struct object){start, end, print_of(found, read_held)};
}

static bool is_still_there(const struct object *object) {
    struct dl_find_object found;
    return object->print && _dl_find_object((void *)object->start, &found) == 0 &&
           (uintptr_t)found.dlfo_map_start == object->start && (uintptr_t)found.dlfo_map_end == object->end &&
           print_of(&found, read_loose) == object->print;
}

void unwind_objects_forget(void) {
    if (incomplete) {
        frame_rules_remove(0, UINTPTR_MAX);
        count = 0;
        incomplete = false;
        return;
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_still_there(&objects[i]))
            objects[kept++] = objects[i];
        else
            frame_rules_remove(objects[i].start, objects[i].end);
    }
    count = kept;
}
