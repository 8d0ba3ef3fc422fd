// See process.h. Called by session.c.
#include "analyzer/process.h"
#include "analyzer/clock.h"
#include "analyzer/must.h"
#include "analyzer/process_descriptors.h"
#include "analyzer/turnover.h"
#include "analyzer/memory/look.h"
#include "analyzer/process_mappings.h"
#include "analyzer/process_memory.h"
#include "analyzer/whole_file.h"
#include "preload/wire/atomic.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char *read_proc(pid_t pid, const char *name, size_t *bytes) {
    char path[64], *text;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    int bad = whole_file_read(fd, 4 << 20, &text, bytes);
    close(fd);
    return bad ? NULL : text;
}

static char *copy(const char *text, size_t bytes) {
    char *fresh = text ? malloc(bytes + 1) : NULL;
    if (fresh) {
        memcpy(fresh, text, bytes);
        fresh[bytes] = '\0';
    }
    return fresh;
}

// A forked child is what its parent is: /proc may show already what it turns into.
static void describe_as(struct process *process, const struct process *parent) {
    if (parent->executable)
        process->executable = copy(parent->executable, strlen(parent->executable));
    process->by_loader = parent->by_loader;
    process->arguments = copy(parent->arguments, parent->arguments_bytes);
    process->arguments_bytes = process->arguments ? parent->arguments_bytes : 0;
}

static void describe(struct process *process) {
    char path[64], target[PATH_MAX];
    if (process->absent || process->unseen)
        return; // somebody else may have its id
    snprintf(path, sizeof path, "/proc/%d/exe", (int)process->pid);
    ssize_t n = readlink(path, target, sizeof target - 1);
    if (n > 0)
        process->executable = copy(target, (size_t)n);
    process->arguments = read_proc(process->pid, "cmdline", &process->arguments_bytes);
    if (process->arguments && process->arguments_bytes == 0) { // a zombie has none
        free(process->arguments);
        process->arguments = NULL;
    }
}

// Field `number` (from 3 on) of /proc/PID/stat, whose second field may hold anything.
static bool stat_field(pid_t pid, int number, long *out) {
    size_t bytes;
    char *text = read_proc(pid, "stat", &bytes);
    char *at = text ? strrchr(text, ')') : NULL;
    for (int i = 2; at && i < number; i++)
        at = strchr(at + 1, ' ');
    bool found = at != NULL;
    if (found)
        *out = number == 3 ? at[1] : strtol(at + 1, NULL, 10);
    free(text);
    return found;
}

enum ids { IDS_UNKNOWN, IDS_OURS, IDS_FOREIGN };

// Whose ids does a child of this process tell?
static enum ids ids_of_children(const struct process *parent) {
    if (!parent || parent->unseen)
        return parent && parent->foreign_ids ? IDS_FOREIGN : IDS_UNKNOWN;
    char ours[64], theirs[64], path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/pid_for_children", (int)parent->pid);
    ssize_t a = readlink("/proc/self/ns/pid", ours, sizeof ours), b = readlink(path, theirs, sizeof theirs);
    if (a <= 0 || b <= 0)
        return IDS_UNKNOWN;
    return a == b && memcmp(ours, theirs, (size_t)a) == 0 ? IDS_OURS : IDS_FOREIGN;
}

// The id is a forked child's own word: it may be of a pid namespace that we don't know of. Whoever began
// before its family, or is us, is somebody else, and was there all along: then the id is of such a namespace.
// Ticks are coarse, so this doesn't find all; but the first one there has an id that is always taken here.
static bool is_somebody_else(const struct process *process) {
    long began = 0;
    return process->pid == 1 || process->pid == getpid() ||
           (stat_field(process->pid, 22, &began) && began &&
            (uint64_t)began < process->family->founded_ticks);
}

// Begins to watch the process. A program that connects is whom the kernel says it is.
static void watch(struct process *process, const struct process *parent) {
    struct family *family = process->family;
    bool by_exec = process->begin == BEGIN_EXEC;
    enum ids ids = by_exec ? IDS_OURS : family->foreign_ids ? IDS_FOREIGN : ids_of_children(parent);
    process->foreign_ids = family->foreign_ids || ids == IDS_FOREIGN;
    if (ids != IDS_FOREIGN) {
        process->pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
        process->absent = process->pidfd < 0 && (errno == ESRCH || errno == EINVAL);
    }
    long began = 0;
    if (by_exec) {
        if (process->pidfd >= 0 && stat_field(process->pid, 22, &began))
            family->founded_ticks = (uint64_t)began;
        return;
    }
    if (process->pidfd >= 0 && is_somebody_else(process)) {
        close(process->pidfd);
        process->pidfd = -1;
        process->foreign_ids = true;
    }
    process->unseen = process->foreign_ids || (process->absent && ids != IDS_OURS);
    family->unseen_processes += process->unseen;
}

struct process *process_new(struct family *family, uint32_t slot, pid_t pid, enum process_begin begin,
                            const struct process *parent) {
    struct process *process = must(calloc(1, sizeof *process));
    process->family = family;
    process->slot = slot;
    process->pid = process->shown_as = pid;
    process->begin = begin;
    process->end = END_RUNNING;
    process->pidfd = process->connection = -1;
    watch(process, parent);
    process->live = live_new(0);
    process->ledger = ledger_new();
    process->turnover = family->turnover ? turnover_new() : NULL;
    if (parent)
        describe_as(process, parent);
    else
        describe(process);
    long parent_pid;
    if (parent)
        process->parent_pid = parent->pid;
    else if (process->pidfd >= 0 && stat_field(pid, 4, &parent_pid))
        process->parent_pid = (pid_t)parent_pid;
    family->by_slot[slot] = family->last_in_slot[slot] = process;
    family->live_processes++;
    return process;
}

void process_free(struct process *process) {
    if (!process)
        return;
    if (process->pidfd >= 0)
        close(process->pidfd);
    process_forget_memory(process);
    live_free(process->live);
    ledger_free(process->ledger);
    table_free(&process->mapping_sites);
    free(process->mapping_groups);
    free(process->allocator);
    turnover_free(process->turnover);
    harvest_free(&process->harvest);
    free(process->scan.refused);
    free(process->scan.untraced);
    open_files_free(&process->files);
    free(process->executable);
    free(process->arguments);
    free(process);
}

void process_set_program(struct process *process, const char *path) {
    free(process->executable);
    process->executable = copy(path, strlen(path));
    process->by_loader = true;
}

void process_let_go(const struct process *process) {
    uint32_t *examined = &family_process(process->family, process->slot)->examined;
    atomic_store_release(examined, 1); // LE3
    syscall(SYS_futex, examined, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

bool process_is_gone(const struct process *process) {
    if (process->unseen)
        return false;
    if (process->absent)
        return true;
    if (process->pidfd < 0) // no descriptor was left for it
        return kill(process->pid, 0) != 0 && errno == ESRCH;
    struct pollfd poll_fd = {.fd = process->pidfd, .events = POLLIN};
    return poll(&poll_fd, 1, 0) == 1;
}

static bool names_a_living_child(const char *children) {
    long state;
    char *end;
    for (const char *at = children; at && *at; at = end) {
        long pid = strtol(at, &end, 10);
        if (end == at)
            break;
        if (stat_field((pid_t)pid, 3, &state) && state != 'Z')
            return true;
    }
    return false;
}

bool process_has_children(const struct process *process) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)process->pid);
    DIR *tasks = opendir(path);
    bool found = false;
    for (struct dirent *task; tasks && !found && (task = readdir(tasks));) {
        size_t bytes;
        snprintf(path, sizeof path, "task/%.16s/children", task->d_name);
        char *children = task->d_name[0] == '.' ? NULL : read_proc(process->pid, path, &bytes);
        found = names_a_living_child(children);
        free(children);
    }
    if (tasks)
        closedir(tasks);
    return found;
}

// PIDFD_GET_INFO of Linux 6.15 tells the exit status of any process that was reaped. Not in this libc's
// headers yet.
struct pidfd_info_v0 {
    uint64_t mask, cgroup;
    uint32_t ids[11];
    int32_t exit_code;
};
_Static_assert(sizeof(struct pidfd_info_v0) == 64, "the kernel's PIDFD_INFO_SIZE_VER0");
#define PIDFD_GET_INFO_V0 _IOWR(0xFF, 11, struct pidfd_info_v0)
enum { PIDFD_INFO_EXIT_BIT = 1 << 3 };

// The wait status of a process that is gone, from whoever knows it: wait for the session's root, the zombie's
// stat, or the kernel's memory of a reaped one. False if nobody does.
static bool wait_status(struct process *process, int *out) {
    if (process->wait_status_known) {
        *out = process->wait_status;
        return true;
    }
    for (int tries = 0; process->pidfd >= 0 && tries < 2;
         tries++) { // it may be reaped between one way and the other
        long state, code;
        if (stat_field(process->pid, 3, &state) && state == 'Z' && stat_field(process->pid, 52, &code)) {
            *out = (int)code;
            return true;
        }
        struct pidfd_info_v0 known = {.mask = PIDFD_INFO_EXIT_BIT};
        if (ioctl(process->pidfd, PIDFD_GET_INFO_V0, &known) == 0 && (known.mask & PIDFD_INFO_EXIT_BIT)) {
            *out = known.exit_code;
            return true;
        }
    }
    return false;
}

static void find_end(struct process *process, bool still_running) {
    struct wire_process *wire = family_process(process->family, process->slot);
    uint32_t said = atomic_load_acquire(&wire->ended);
    int status;
    if (process->replaced) {
        process->end = END_EXEC;
    } else if (still_running) {
        process->end = END_RUNNING;
    } else if (said == ENDED_EXEC) { // into a program that could not attach
        process->end = END_EXEC;
    } else if (wait_status(process, &status)) {
        process->end = WIFSIGNALED(status) ? END_SIGNAL : END_EXIT;
        process->end_signal = WTERMSIG(status);
        process->end_code = WEXITSTATUS(status);
        process->end_code_known = true;
    } else if (said == ENDED_EXIT) {
        process->end = END_EXIT;
        process->end_code = wire->status & 0xff;
        process->end_code_known = true;
    } else {
        process->end = END_UNKNOWN;
    }
}

void process_harvest(struct process *process, const struct verdicts *verdict) {
    live_settle(process->live);
    ledger_settle(process->ledger);
    ledger_doubt(process->ledger, &process->ledger_doubts);
    live_count(process->live, &process->counts);
    process->counts.acquired += process->cancelled;
    process->counts.released += process->cancelled;
    process->counts.acquired_bytes += process->cancelled_bytes;
    struct harvester *harvester = harvest_begin(&process->harvest, process->family);
    harvest_live(harvester, process->live, verdict);
    process_harvest_descriptors(process, harvester);
    process_harvest_mappings(process, harvester);
    harvest_end(harvester);
    if (process->turnover)
        harvest_acquired(&process->harvest, process->family, process->turnover);
    process_mark_blocks(process, verdict);
    live_free(process->live);
    process->live = NULL;
    turnover_free(process->turnover);
    process->turnover = NULL;
}

static void name_allocator(struct process *process, uint32_t module) {
    struct wire_module wire;
    char path[4097];
    if (module && family_module(process->family, module, &wire, path, sizeof path))
        process->allocator = copy(path, strlen(path));
}

void process_finish(struct process *process, bool still_running) {
    struct family *family = process->family;
    struct wire_process *wire = family_process(family, process->slot);
    find_end(process, still_running);
    process->attached = atomic_load_acquire(&wire->state) == SLOT_LIVE; // X2
    process->notes = wire->notes;
    process->stacks_compared = wire->stacks_compared;
    process->stacks_different = wire->stacks_different;
    process->lost_records += wire->lost_records;
    name_allocator(process, family->memory->allocator_module);
    process->ended_ns = now_ns();
    if (process->look && process->end == END_SIGNAL && process->end_signal == SIGKILL)
        process->killed_for_memory = look_counts_kills(process->look);
    if (still_running) {
        process_look(process, true);
        process_look_at_descriptors(process, ledger_complete_to(process->ledger));
    }
    if (process->live)
        process_harvest(process, NULL);
    family->by_slot[process->slot] = NULL;
    family->live_processes--;
    family->unseen_processes -= process->unseen;
    process->family = NULL;
    if (process->pidfd >= 0)
        close(process->pidfd);
    process->pidfd = -1;
    if (!still_running && !family->deserted)
        atomic_store_release(&wire->state, SLOT_FREE);
}
