// See tracees.h. Called by tracer.c, in its thread. What a stop means is decided in handle(); whether a
// process ends or only a thread of it, in last_stop().
//
// When the process ends, one thread makes it end, by exit_group or by a signal, and the kernel sends the
// others to their last stop from wherever they are. When a thread replaces the program (execve) the kernel
// does the same to all but that one, and waits for them: they must go on. Both look alike as long as the
// status is 0 and the thread that began it has not come.
#include "analyzer/verdict/tracees.h"
#include "analyzer/clock.h"
#include "analyzer/vector.h"
#include "analyzer/verdict/registers.h"
#include "analyzer/verdict/restart.h"
#include "analyzer/verdict/task.h"
#include "analyzer/verdict/traced.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint64_t patience_ns = 2000ull * 1000 * 1000; // for threads that do not come to their last stop
enum { LOOK_AGAIN_MS = 1 };

struct tracees {
    struct tracees_listener listener;
    bool with_forks;
    struct traced_list list;
};

static void go_on(pid_t tid, int signal) {
    ptrace(PTRACE_CONT, tid, NULL, (void *)(long)signal);
}

static void let_go(pid_t tid) {
    ptrace(PTRACE_DETACH, tid, NULL, NULL);
}

struct tracees *tracees_new(const struct tracees_listener *listener) {
    struct tracees *tracees = must(calloc(1, sizeof *tracees));
    tracees->listener = *listener;
    return tracees;
}

void tracees_free(struct tracees *tracees) {
    traced_free(&tracees->list);
    free(tracees);
}

static int seize(struct tracees *tracees, struct traced *process, pid_t tid) {
    long options = PTRACE_O_TRACEEXIT | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
                   (tracees->with_forks ? PTRACE_O_TRACEFORK : 0);
    if (ptrace(PTRACE_SEIZE, tid, NULL, (void *)options) != 0) {
        int error = errno;
        bool is_ours = error == EPERM && task_tracer(process->pid, tid) == gettid();
        return is_ours ? 0
                       : task_why_not(process->pid, tid, error); // then the kernel seized it with its maker
    }
    traced_enter_thread(&tracees->list, process, tid);
    return 1;
}

// Threads that were there before; those that come later are seized by the kernel. How many, or -errno.
static int seize_others(struct tracees *tracees, struct traced *process) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)process->pid);
    DIR *tasks = opendir(path);
    if (!tasks)
        return -errno;
    int all = 0, got = 0;
    for (struct dirent *entry; got >= 0 && (entry = readdir(tasks));) {
        pid_t tid = atoi(entry->d_name);
        got = tid > 0 && !traced_thread(&tracees->list, tid) ? seize(tracees, process, tid) : 0;
        all += got > 0 ? got : 0;
    }
    closedir(tasks);
    return got < 0 ? got : all;
}

int tracees_seize(struct tracees *tracees, pid_t pid, bool with_forks) {
    struct traced *process = traced_process(&tracees->list, pid);
    if (process) // of one that had this id before, and whose end somebody else was told of
        traced_forget_process(&tracees->list, process);
    tracees->with_forks |= with_forks;
    process = traced_enter_process(&tracees->list, pid);
    int got = seize(tracees, process, pid);
    if (got <= 0) {
        traced_forget_process(&tracees->list, process);
        return got ? got : -ESRCH;
    }
    do
        got = seize_others(tracees, process);
    while (got > 0);
    process->unsure = got < 0;
    return 0;
}

static bool is_thread_of(pid_t pid, pid_t tid) {
    return syscall(SYS_tgkill, pid, tid, 0) == 0 || errno == EPERM;
}

static struct traced *process_of(const struct tracees *tracees, pid_t tid) {
    for (size_t i = 0; i < tracees->list.process_count; i++)
        if (is_thread_of(tracees->list.processes[i]->pid, tid))
            return tracees->list.processes[i];
    return NULL;
}

// The thread that this one is to us, if its process is ours. A new thread's stop may come before its maker's.
static struct tracee *identify(struct tracees *tracees, pid_t tid) {
    struct tracee *thread = traced_thread(&tracees->list, tid);
    if (thread)
        return thread;
    struct traced *process = process_of(tracees, tid);
    if (!process && tracees->with_forks && task_process(tid) == tid)
        process = traced_enter_process(&tracees->list, tid);
    if (!process)
        return NULL;
    if (process->pid != tid)
        *VECTOR_PUSH(process->unannounced, process->unannounced_count, process->unannounced_room) = tid;
    return traced_enter_thread(&tracees->list, process, tid);
}

static void hand_over(struct tracees *tracees, struct traced *process, int error) {
    struct tracer_end *end = must(calloc(1, sizeof *end));
    *end = (struct tracer_end){.pid = process->pid,
                               .error = error,
                               .status_known = process->ends,
                               .wait_status = (int)process->status,
                               .stopped = process->stopped};
    process->stopped = (struct stopped){.pid = process->pid};
    tracees->listener.ended(tracees->listener.context, end);
}

static void let_all_go(struct traced *process) {
    for (size_t i = 0; i < process->stopped.thread_count; i++)
        let_go(process->stopped.threads[i].tid);
    process->stopped.thread_count = process->stopped.word_count = 0;
}

// It will not be looked at. Whoever has to know is told at once.
static void give_up(struct tracees *tracees, struct traced *process, int error) {
    let_all_go(process);
    process->given_up = true;
    hand_over(tracees, process, error);
}

// A thread stands in its last stop, or is gone: was it the last one?
static void settle(struct tracees *tracees, struct traced *process) {
    if (process->running)
        return;
    if (process->stopped.thread_count && !process->given_up) {
        int error = process->went_on ? -ECANCELED : process->unsure ? -EPERM : 0;
        if (error)
            give_up(tracees, process, error);
        else
            hand_over(tracees, process, 0);
    }
    traced_forget_process(&tracees->list, process);
}

static bool a_thread_execs(const struct tracees *tracees, const struct traced *process) {
    for (size_t i = 0; i < tracees->list.thread_count; i++)
        if (tracees->list.threads[i].process == process &&
            task_execs(process->pid, tracees->list.threads[i].tid))
            return true;
    return false;
}

static void make_way_for_exec(struct traced *process) {
    process->went_on = true;
    let_all_go(process);
}

static void hold(struct tracees *tracees, struct tracee *thread, unsigned long status, long call) {
    struct traced *process = thread->process;
    struct stopped *stopped = &process->stopped;
    if (!stopped->thread_count)
        stopped->began_ns = now_ns();
    struct stopped_thread *standing =
        VECTOR_PUSH(stopped->threads, stopped->thread_count, stopped->thread_room);
    standing->tid = thread->tid;
    registers_read(stopped, standing);
    traced_forget_thread(&tracees->list, thread);
    if (status || call == SYS_exit_group) {
        process->ends = true;
        process->status = status;
    } else if (!process->ends && process->running == 1 && a_thread_execs(tracees, process)) {
        make_way_for_exec(process);
    }
    settle(tracees, process);
}

// PTRACE_EVENT_EXIT. status: of the end, as wait gives it; of the process, or of the thread alone.
static void last_stop(struct tracees *tracees, pid_t tid) {
    struct tracee *thread = identify(tracees, tid);
    unsigned long status = 0;
    ptrace(PTRACE_GETEVENTMSG, tid, NULL, &status);
    long call = ptrace(PTRACE_PEEKUSER, tid, (void *)offsetof(struct user, regs.orig_rax), NULL);
    struct traced *process = thread ? thread->process : NULL;
    bool is_last = process && process->running == 1 && !process->stopped.thread_count;
    if (!process || process->given_up || WTERMSIG(status) == SIGKILL || (call == SYS_exit && !is_last)) {
        let_go(tid);
        if (!process)
            return;
        traced_forget_thread(&tracees->list, thread);
        settle(tracees, process);
    } else {
        hold(tracees, thread, call == SYS_exit ? 0 : status, call);
    }
}

static bool has_come(struct traced *process, pid_t tid) {
    for (size_t i = 0; i < process->unannounced_count; i++)
        if (process->unannounced[i] == tid) {
            process->unannounced[i] = process->unannounced[--process->unannounced_count];
            return true;
        }
    return false;
}

// A thread counts from here on: its maker may end before it has come. What is no thread of this process tells
// of itself when it comes.
static void made_another(struct tracees *tracees, pid_t tid) {
    struct tracee *maker = traced_thread(&tracees->list, tid);
    unsigned long made = 0;
    if (maker && ptrace(PTRACE_GETEVENTMSG, tid, NULL, &made) == 0 &&
        !has_come(maker->process, (pid_t)made) && is_thread_of(maker->process->pid, (pid_t)made))
        traced_enter_thread(&tracees->list, maker->process, (pid_t)made);
}

// A new program is met anew. Of the old one's threads only this is left, under the leader's id.
static void replaced(struct tracees *tracees, pid_t pid) {
    struct traced *process = traced_process(&tracees->list, pid);
    if (process) {
        let_all_go(process);
        traced_forget_process(&tracees->list, process);
    }
    let_go(pid);
}

static bool stops_a_process(int signal) {
    return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

static void handle(struct tracees *tracees, pid_t tid, int status) {
    int signal = WSTOPSIG(status);
    switch (status >> 16) {
    case 0: // a signal on its way: as if nobody had looked
        restart_unless_handled(tid);
        go_on(tid, signal);
        break;
    case PTRACE_EVENT_EXIT:
        last_stop(tracees, tid);
        break;
    case PTRACE_EVENT_EXEC:
        replaced(tracees, tid);
        break;
    case PTRACE_EVENT_STOP: // a new thread, or the process is stopped and stays so until SIGCONT
        if (!identify(tracees, tid))
            let_go(tid);
        else if (stops_a_process(signal))
            ptrace(PTRACE_LISTEN, tid, NULL, NULL);
        else
            go_on(tid, 0);
        break;
    default:
        made_another(tracees, tid);
        go_on(tid, 0);
    }
}

static void forget_standing(struct traced *process, pid_t tid) {
    for (size_t i = 0; i < process->stopped.thread_count; i++)
        if (process->stopped.threads[i].tid == tid) {
            process->stopped.threads[i] = process->stopped.threads[--process->stopped.thread_count];
            return;
        }
}

// It died without a last stop, or in it: by SIGKILL.
static void gone(struct tracees *tracees, pid_t tid, int status) {
    struct tracee *thread = traced_thread(&tracees->list, tid);
    if (traced_process(&tracees->list, tid) || !thread)
        tracees->listener.reaped(tracees->listener.context, tid, status);
    if (thread) {
        struct traced *process = thread->process;
        traced_forget_thread(&tracees->list, thread);
        settle(tracees, process);
        return;
    }
    for (size_t i = 0; i < tracees->list.process_count; i++)
        forget_standing(tracees->list.processes[i], tid);
}

void tracees_take(struct tracees *tracees) {
    int status;
    pid_t tid;
    while ((tid = waitpid(-1, &status, __WALL | __WNOTHREAD | WNOHANG)) > 0 || (tid < 0 && errno == EINTR))
        if (tid > 0 && WIFSTOPPED(status))
            handle(tracees, tid, status);
        else if (tid > 0)
            gone(tracees, tid, status);
}

int tracees_tend(struct tracees *tracees) {
    int again = -1;
    for (size_t i = tracees->list.process_count; i-- > 0;) {
        struct traced *process = tracees->list.processes[i];
        if (!process->stopped.thread_count)
            continue;
        if (!process->ends && a_thread_execs(tracees, process))
            make_way_for_exec(process);
        else if (now_ns() - process->stopped.began_ns > patience_ns)
            give_up(tracees, process, -ETIMEDOUT);
        else
            again = LOOK_AGAIN_MS;
    }
    return again;
}

void tracees_release(struct tracer_end *end) {
    for (size_t i = 0; i < end->stopped.thread_count; i++)
        let_go(end->stopped.threads[i].tid);
    free(end->stopped.threads);
    free(end->stopped.words);
    free(end);
}
