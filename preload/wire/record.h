// What travels through a ring: fixed slots of 32 bytes, host byte order. A record is one slot.
// Written by preload/record.c, read by analyzer/drain.c. A change of any field's meaning bumps WIRE_VERSION
// (board.h).
#pragma once

#include <stddef.h>
#include <stdint.h>

// record.kind. 0 is never a valid record, so that untouched memory is recognised.
enum {
    RECORD_ACQUIRE = 1, // the call succeeded; address, bytes, stack, call, epoch are set
    RECORD_RELEASE = 2, // about to be given back; address, call, epoch are set, bytes and stack are 0
    // Descriptors and mappings. They are rare: epoch is the event's number in one sequence of the process,
    // from 1 on without gaps, that orders them all (docs/ordering.md). call is always set, and stack where
    // nothing else is said.
    RECORD_FIRST_NUMBERED = 3,
    RECORD_OPENED = 3,     // a descriptor was opened: address is its number
    RECORD_CLOSED = 4,     // about to be closed: `bytes` descriptors from address on
    RECORD_MAPPED = 5,     // bytes at address were mapped, whatever lay there before
    RECORD_UNMAPPED = 6,   // bytes at address are about to be unmapped; of shmdt, the attachment there
    RECORD_TAKEN_BACK = 7, // the release whose number is in address failed, so it did not happen; bytes has
                           // the release's address, no stack
    // Threads that somebody has to join or detach, for their stacks. TAKEN_BACK's bytes has the thread.
    RECORD_THREAD_MADE = 8,  // address: its pthread_t; bytes: the sequence's last number before the call
    RECORD_THREAD_GIVEN = 9, // address: the pthread_t that is about to be joined or detached; no stack
    RECORD_KINDS = 10,
    // Blocks that were acquired with this stack and given back without being sent: address is their number,
    // bytes the sum (nursery.h). It orders nothing.
    RECORD_TURNOVER = 32,
};

// record.flags
enum {
    RECORD_EARLY = 1u << 0,      // acquired before the shim's constructor ran; its stack has one frame only
    RECORD_REPLACES = 1u << 1,   // OPENED: the call itself closed what was open at that number (dup2)
    RECORD_ERRNO_BADF = 1u << 2, // TAKEN_BACK: because nothing was open there
    // Of MAPPED:
    RECORD_MAP_READ = 1u << 8,
    RECORD_MAP_WRITE = 1u << 9,
    RECORD_MAP_EXECUTE = 1u << 10,
    RECORD_MAP_SHARED = 1u << 11,
    RECORD_MAP_FILE = 1u << 12, // not anonymous
    // Of UNMAPPED: by mremap, one that moves: a MAPPED of this flag follows, or it is taken back. Of MAPPED:
    // goes on from that UNMAPPED, and stack holds the low 32 bits of its number; the stack itself is there.
    RECORD_MAP_MOVED = 1u << 13,
};

// record.call: the public function that was called, and the name that reports give it; 64-bit, fortified and
// old names count as the function they stand for. Values are part of the wire: append only. The heap has 1 to
// 31, descriptors 32 to 159, mappings 160 on.
#define WIRE_CALLS(CALL)                                                                                     \
    CALL(1, malloc, "malloc")                                                                                \
    CALL(2, calloc, "calloc")                                                                                \
    CALL(3, realloc, "realloc")                                                                              \
    CALL(4, reallocarray, "reallocarray")                                                                    \
    CALL(5, memalign, "memalign")                                                                            \
    CALL(6, aligned_alloc, "aligned_alloc")                                                                  \
    CALL(7, posix_memalign, "posix_memalign")                                                                \
    CALL(8, valloc, "valloc")                                                                                \
    CALL(9, pvalloc, "pvalloc")                                                                              \
    CALL(10, free, "free")                                                                                   \
    CALL(11, cfree, "cfree")                                                                                 \
    CALL(12, free_sized, "free_sized")                                                                       \
    CALL(13, free_aligned_sized, "free_aligned_sized")                                                       \
    CALL(14, operator_new, "operator new")                                                                   \
    CALL(15, operator_new_array, "operator new[]")                                                           \
    CALL(16, operator_delete, "operator delete")                                                             \
    CALL(17, operator_delete_array, "operator delete[]")                                                     \
    CALL(32, open, "open")                                                                                   \
    CALL(33, openat, "openat")                                                                               \
    CALL(34, creat, "creat")                                                                                 \
    CALL(35, open_by_handle_at, "open_by_handle_at")                                                         \
    CALL(36, close, "close")                                                                                 \
    CALL(37, close_range, "close_range")                                                                     \
    CALL(38, closefrom, "closefrom")                                                                         \
    CALL(39, dup, "dup")                                                                                     \
    CALL(40, dup2, "dup2")                                                                                   \
    CALL(41, dup3, "dup3")                                                                                   \
    CALL(42, fcntl, "fcntl")                                                                                 \
    CALL(43, pipe, "pipe")                                                                                   \
    CALL(44, pipe2, "pipe2")                                                                                 \
    CALL(45, socket, "socket")                                                                               \
    CALL(46, socketpair, "socketpair")                                                                       \
    CALL(47, accept, "accept")                                                                               \
    CALL(48, accept4, "accept4")                                                                             \
    CALL(49, recvmsg, "recvmsg")                                                                             \
    CALL(50, recvmmsg, "recvmmsg")                                                                           \
    CALL(51, epoll_create, "epoll_create")                                                                   \
    CALL(52, epoll_create1, "epoll_create1")                                                                 \
    CALL(53, eventfd, "eventfd")                                                                             \
    CALL(54, signalfd, "signalfd")                                                                           \
    CALL(55, timerfd_create, "timerfd_create")                                                               \
    CALL(56, inotify_init, "inotify_init")                                                                   \
    CALL(57, inotify_init1, "inotify_init1")                                                                 \
    CALL(58, fanotify_init, "fanotify_init")                                                                 \
    CALL(59, memfd_create, "memfd_create")                                                                   \
    CALL(60, pidfd_open, "pidfd_open")                                                                       \
    CALL(61, pidfd_getfd, "pidfd_getfd")                                                                     \
    CALL(62, userfaultfd, "userfaultfd")                                                                     \
    CALL(63, io_uring_setup, "io_uring_setup")                                                               \
    CALL(64, perf_event_open, "perf_event_open")                                                             \
    CALL(65, syscall, "syscall")                                                                             \
    CALL(66, shm_open, "shm_open")                                                                           \
    CALL(67, mq_open, "mq_open")                                                                             \
    CALL(68, mq_close, "mq_close")                                                                           \
    CALL(69, posix_openpt, "posix_openpt")                                                                   \
    CALL(70, getpt, "getpt")                                                                                 \
    CALL(71, openpty, "openpty")                                                                             \
    CALL(72, forkpty, "forkpty")                                                                             \
    CALL(73, fopen, "fopen")                                                                                 \
    CALL(74, freopen, "freopen")                                                                             \
    CALL(75, tmpfile, "tmpfile")                                                                             \
    CALL(76, fclose, "fclose")                                                                               \
    CALL(77, opendir, "opendir")                                                                             \
    CALL(78, closedir, "closedir")                                                                           \
    CALL(79, popen, "popen")                                                                                 \
    CALL(80, pclose, "pclose")                                                                               \
    CALL(81, mkstemp, "mkstemp")                                                                             \
    CALL(82, mkstemps, "mkstemps")                                                                           \
    CALL(83, mkostemp, "mkostemp")                                                                           \
    CALL(84, mkostemps, "mkostemps")                                                                         \
    CALL(85, fsopen, "fsopen")                                                                               \
    CALL(86, fsmount, "fsmount")                                                                             \
    CALL(87, fspick, "fspick")                                                                               \
    CALL(88, open_tree, "open_tree")                                                                         \
    CALL(89, setmntent, "setmntent")                                                                         \
    CALL(90, endmntent, "endmntent")                                                                         \
    CALL(160, mmap, "mmap")                                                                                  \
    CALL(161, munmap, "munmap")                                                                              \
    CALL(162, mremap, "mremap")                                                                              \
    CALL(163, shmat, "shmat")                                                                                \
    CALL(164, shmdt, "shmdt")                                                                                \
    CALL(165, brk, "brk")                                                                                    \
    CALL(166, sbrk, "sbrk")                                                                                  \
    CALL(167, pthread_create, "pthread_create")                                                              \
    CALL(168, pthread_join, "pthread_join")                                                                  \
    CALL(169, pthread_detach, "pthread_detach")                                                              \
    CALL(170, thrd_create, "thrd_create")

#define WIRE_CALL_ENUM(value, call, name) CALL_##call = (value),
enum wire_call { CALL_NONE = 0, WIRE_CALLS(WIRE_CALL_ENUM) CALL_END };
#undef WIRE_CALL_ENUM

struct wire_record {
    uint64_t address; // of the block
    uint64_t bytes;   // asked for, not the allocator's rounding
    uint64_t epoch;   // of the address's hash bucket, see docs/ordering.md: sorts the records of one address;
                      // of a descriptor's or a mapping's event, its number
    uint32_t stack;   // id in the stack table (stacks.h); 0: not known
    uint8_t kind;     // RECORD_
    uint8_t call;     // CALL_
    uint16_t flags;   // RECORD_ flags
};
_Static_assert(sizeof(struct wire_record) == 32, "a slot is 32 bytes");
_Static_assert(offsetof(struct wire_record, epoch) == 16, "wire layout");
_Static_assert(offsetof(struct wire_record, stack) == 24, "wire layout");
_Static_assert(offsetof(struct wire_record, kind) == 28, "wire layout");
_Static_assert(offsetof(struct wire_record, flags) == 30, "wire layout");
