// See stop.h. Called by examine.c. No signal, no change of the target's memory; of its registers, only how an
// interrupted system call goes on.
#include "analyzer/verdict/stop.h"
#include "analyzer/clock.h"
#include "analyzer/vector.h"
#include "analyzer/verdict/cut_short.h"
#include "analyzer/verdict/registers.h"
#include "analyzer/verdict/task.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

static const uint64_t patience_ns = 2000ull * 1000 * 1000; // for a thread that does not stop

enum { RESTART_CALL = 513 }; // what makes the kernel begin an interrupted call anew (linux/errno.h)

static bool known(const struct stopped *stopped, pid_t tid) {
    for (size_t i = 0; i < stopped->thread_count; i++)
        if (stopped->threads[i].tid == tid)
            return true;
    return false;
}

static int seize(struct stopped *stopped, pid_t tid) {
    if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) != 0)
        return task_why_not(stopped->pid, tid, errno);
    struct stopped_thread *thread =
        VECTOR_PUSH(stopped->threads, stopped->thread_count, stopped->thread_room);
    *thread = (struct stopped_thread){.tid = tid};
    ptrace(PTRACE_INTERRUPT, tid, NULL, NULL); // it may be gone: waiting tells
    return 1;
}

// Seizes the threads that are not seized yet. How many, or -errno. The leader is the last, and the first to
// be let go: while it is traced, a signal that its process ignores wakes a thread all the same, and one that
// stands has its call made again.
static int seize_new(struct stopped *stopped) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)stopped->pid);
    DIR *tasks = opendir(path);
    if (!tasks)
        return errno == ENOENT ? -ESRCH : -errno;
    int all = 0, got = 0;
    for (struct dirent *entry; got >= 0 && (entry = readdir(tasks));) {
        pid_t tid = atoi(entry->d_name);
        got = tid > 0 && tid != stopped->pid && !known(stopped, tid) ? seize(stopped, tid) : 0;
        all += got > 0 ? got : 0;
    }
    closedir(tasks);
    if (got >= 0 && !known(stopped, stopped->pid)) {
        got = seize(stopped, stopped->pid);
        all += got > 0 ? got : 0;
    }
    return got < 0 ? got : all;
}

// One look at a thread: 1 it stands, 0 not yet, -ESRCH it is gone. A leader's end is its process's, and what
// its parent waits for: if that is us, it is left for whoever asks for it, else it has to be taken so that
// the parent gets it.
static int look(const struct stopped *stopped, struct stopped_thread *thread, bool is_our_child) {
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)thread->tid, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL) != 0)
        return errno == EINTR ? 0 : -ESRCH;
    if (info.si_pid == 0)
        return 0;
    bool ended = info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED;
    if (ended && is_our_child && thread->tid == stopped->pid)
        return -ESRCH;
    int status;
    if (waitpid(thread->tid, &status, __WALL | WNOHANG) != thread->tid || !WIFSTOPPED(status))
        return -ESRCH;
    thread->signal = status >> 16 ? 0 : WSTOPSIG(status); // a signal on its way is held up, not lost
    return 1;
}

static int wait_for(struct stopped *stopped, size_t *index, bool is_our_child) {
    struct timespec pause = {.tv_nsec = 20000};
    for (;;) {
        int seen = look(stopped, &stopped->threads[*index], is_our_child);
        if (seen > 0) {
            registers_read(stopped, &stopped->threads[(*index)++]);
            return 0;
        }
        if (seen < 0) {
            stopped->threads[*index] = stopped->threads[--stopped->thread_count];
            return 0;
        }
        if (now_ns() - stopped->began_ns > patience_ns)
            return -ETIMEDOUT;
        nanosleep(&pause, NULL);
        if (pause.tv_nsec < 2000000)
            pause.tv_nsec *= 2;
    }
}

// What the kernel finds as the call's result when the thread goes on.
static void set_result(const struct stopped_thread *thread, long result) {
    ptrace(PTRACE_POKEUSER, thread->tid, (void *)offsetof(struct user, regs.rax), (void *)result);
}

// A timed wait that was interrupted goes on by restart_syscall, which a sandbox may not expect: then the call
// is made anew, with its whole time.
static bool is_in_sandbox(pid_t pid, const struct stopped_thread *thread) {
    char mode[16];
    task_status(pid, thread->tid, "Seccomp", mode, sizeof mode);
    return atoi(mode) != 0;
}

// False: it does not stand any more, since it was killed.
static bool let_go(pid_t pid, const struct stopped_thread *thread) {
    if (thread->is_cut_short)
        set_result(thread, -RESTART_UNLESS_HANDLED);
    if (thread->is_timed && is_in_sandbox(pid, thread))
        set_result(thread, -RESTART_CALL);
    return ptrace(PTRACE_DETACH, thread->tid, NULL, (void *)(long)thread->signal) == 0;
}

// Seized threads that did not stop in time, or that were killed while they stood: only one that stands can be
// let go, and the end of one is its parent's to know only when its tracer has taken note of it.
static struct straggler {
    pid_t pid;
    bool is_our_child;
    struct stopped_thread thread;
} * stragglers;
static size_t straggler_count, straggler_room;

static void keep_straggler(const struct stopped *stopped, const struct stopped_thread *thread) {
    *VECTOR_PUSH(stragglers, straggler_count, straggler_room) =
        (struct straggler){stopped->pid, stopped->is_our_child, *thread};
}

void stop_tend(void) {
    for (size_t i = straggler_count; i-- > 0;) {
        struct straggler *one = &stragglers[i];
        struct stopped alone = {.pid = one->pid};
        int seen = look(&alone, &one->thread, one->is_our_child);
        if (seen > 0) {
            registers_read(&alone, &one->thread);
            seen = let_go(one->pid, &one->thread);
            free(alone.words);
        }
        if (seen != 0)
            *one = stragglers[--straggler_count];
    }
    if (straggler_count == 0) {
        free(stragglers);
        stragglers = NULL;
        straggler_room = 0;
    }
}

static void give_up(struct stopped *stopped, size_t standing) {
    for (size_t i = standing; i < stopped->thread_count; i++)
        keep_straggler(stopped, &stopped->threads[i]);
    stopped->thread_count = standing;
    stop_go_on(stopped);
    stop_tend();
}

uint64_t stop_go_on(struct stopped *stopped) {
    for (int others = 0; others < 2; others++)
        for (size_t i = 0; i < stopped->thread_count; i++)
            if ((stopped->threads[i].tid != stopped->pid) == others &&
                !let_go(stopped->pid, &stopped->threads[i]))
                keep_straggler(stopped, &stopped->threads[i]);
    uint64_t pause_ns = now_ns() - stopped->began_ns;
    free(stopped->threads);
    free(stopped->words);
    *stopped = (struct stopped){0};
    return pause_ns;
}

int stop_process(pid_t pid, bool is_our_child, struct stopped *out) {
    struct stopped stopped = {.pid = pid, .is_our_child = is_our_child, .began_ns = now_ns()};
    size_t standing = 0;
    int bad, found;
    do { // a thread that runs may start another
        found = seize_new(&stopped);
        bad = found < 0 ? found : 0;
        while (!bad && standing < stopped.thread_count)
            bad = wait_for(&stopped, &standing, is_our_child);
    } while (!bad && found > 0);
    if (!bad && stopped.thread_count == 0)
        bad = -ESRCH;
    if (bad) {
        give_up(&stopped, standing);
        return bad;
    }
    *out = stopped;
    return 0;
}
