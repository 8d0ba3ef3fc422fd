// See tracees.h. Called by tracer.c, in its thread. What a stop means is decided in handle(); whether a
// process ends or only a thread of it, in last_stop().
//
// When the process ends, one thread makes it end, by exit_group or by a signal, and the kernel sends the
// others to their last stop from wherever they are. When a thread replaces the program (execve) the kernel
// does the same to all but that one, and waits for them: they must go on. Both look alike as long as the
// status is 0 and the thread that began it has not come.
#include "analyzer/verdict/tracees.h"
#include "analyzer/vector.h"
#include "analyzer/verdict/registers.h"
#include "analyzer/verdict/restart.h"
#include "analyzer/verdict/task.h"

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
#include <time.h>
#include <unistd.h>

static const uint64_t patience_ns = 2000ull * 1000 * 1000; // for threads that do not come to their last stop
enum { LOOK_AGAIN_MS = 1 };

struct tracee {
    pid_t tid;
    struct traced *process;
};

struct traced {
    pid_t pid;
    size_t running;         // threads that have not come to their last stop
    struct stopped stopped; // those that stand there
    bool ends;              // it is sure that the process ends
    bool went_on;           // threads that stood were let go, since it seemed to be an exec
    bool unsure;            // a thread could not be seized
    bool given_up;          // its end is let go by
    unsigned long status;   // with ends: of the end
    pid_t *unannounced;     // threads that came before their maker told of them; they may be gone by then
    size_t unannounced_count, unannounced_room;
};

struct tracees {
    struct tracees_listener listener;
    bool with_forks;
    struct traced **processes;
    size_t process_count, process_room;
    struct tracee
        *threads; // those that run; in no order. Looked through as a whole: thousands take a microsecond
    size_t thread_count, thread_room;
};

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

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

static void free_process(struct traced *process) {
    free(process->stopped.threads);
    free(process->stopped.words);
    free(process->unannounced);
    free(process);
}

void tracees_free(struct tracees *tracees) {
    for (size_t i = 0; i < tracees->process_count; i++)
        free_process(tracees->processes[i]);
    free(tracees->processes);
    free(tracees->threads);
    free(tracees);
}

static struct traced *find_process(const struct tracees *tracees, pid_t pid) {
    for (size_t i = 0; i < tracees->process_count; i++)
        if (tracees->processes[i]->pid == pid)
            return tracees->processes[i];
    return NULL;
}

static struct tracee *find_thread(const struct tracees *tracees, pid_t tid) {
    for (size_t i = 0; i < tracees->thread_count; i++)
        if (tracees->threads[i].tid == tid)
            return &tracees->threads[i];
    return NULL;
}

static struct traced *enter_process(struct tracees *tracees, pid_t pid) {
    struct traced *process = must(calloc(1, sizeof *process));
    process->pid = process->stopped.pid = pid;
    *VECTOR_PUSH(tracees->processes, tracees->process_count, tracees->process_room) = process;
    return process;
}

static struct tracee *enter_thread(struct tracees *tracees, struct traced *process, pid_t tid) {
    struct tracee *thread = find_thread(tracees, tid);
    if (thread) // its own first stop and its maker's tell of it, in either order
        return thread;
    thread = VECTOR_PUSH(tracees->threads, tracees->thread_count, tracees->thread_room);
    *thread = (struct tracee){tid, process};
    process->running++;
    return thread;
}

static void forget_thread(struct tracees *tracees, struct tracee *thread) {
    thread->process->running--;
    *thread = tracees->threads[--tracees->thread_count];
}

// Its threads are forgotten with it, wherever they are.
static void forget_process(struct tracees *tracees, struct traced *process) {
    for (size_t i = tracees->thread_count; i-- > 0;)
        if (tracees->threads[i].process == process)
            forget_thread(tracees, &tracees->threads[i]);
    for (size_t i = 0; i < tracees->process_count; i++)
        if (tracees->processes[i] == process)
            tracees->processes[i] = tracees->processes[--tracees->process_count];
    free_process(process);
}

static int seize(struct tracees *tracees, struct traced *process, pid_t tid) {
    long options = PTRACE_O_TRACEEXIT | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
                   (tracees->with_forks ? PTRACE_O_TRACEFORK : 0);
    if (ptrace(PTRACE_SEIZE, tid, NULL, (void *)options) != 0)
        return task_why_not(process->pid, tid, errno);
    enter_thread(tracees, process, tid);
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
        got = tid > 0 && !find_thread(tracees, tid) ? seize(tracees, process, tid) : 0;
        all += got > 0 ? got : 0;
    }
    closedir(tasks);
    return got < 0 ? got : all;
}

int tracees_seize(struct tracees *tracees, pid_t pid, bool with_forks) {
    struct traced *process = find_process(tracees, pid);
    if (process) // of one that had this id before, and whose end somebody else was told of
        forget_process(tracees, process);
    tracees->with_forks |= with_forks;
    process = enter_process(tracees, pid);
    int got = seize(tracees, process, pid);
    if (got <= 0) {
        forget_process(tracees, process);
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
    for (size_t i = 0; i < tracees->process_count; i++)
        if (is_thread_of(tracees->processes[i]->pid, tid))
            return tracees->processes[i];
    return NULL;
}

// The thread that this one is to us, if its process is ours. A new thread's stop may come before its maker's.
static struct tracee *identify(struct tracees *tracees, pid_t tid) {
    struct tracee *thread = find_thread(tracees, tid);
    if (thread)
        return thread;
    struct traced *process = process_of(tracees, tid);
    if (!process && tracees->with_forks && task_process(tid) == tid)
        process = enter_process(tracees, tid);
    if (!process)
        return NULL;
    if (process->pid != tid)
        *VECTOR_PUSH(process->unannounced, process->unannounced_count, process->unannounced_room) = tid;
    return enter_thread(tracees, process, tid);
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
    forget_process(tracees, process);
}

static bool a_thread_execs(const struct tracees *tracees, const struct traced *process) {
    for (size_t i = 0; i < tracees->thread_count; i++)
        if (tracees->threads[i].process == process && task_execs(process->pid, tracees->threads[i].tid))
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
    forget_thread(tracees, thread);
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
        forget_thread(tracees, thread);
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
    struct tracee *maker = find_thread(tracees, tid);
    unsigned long made = 0;
    if (maker && ptrace(PTRACE_GETEVENTMSG, tid, NULL, &made) == 0 &&
        !has_come(maker->process, (pid_t)made) && is_thread_of(maker->process->pid, (pid_t)made))
        enter_thread(tracees, maker->process, (pid_t)made);
}

// A new program is met anew. Of the old one's threads only this is left, under the leader's id.
static void replaced(struct tracees *tracees, pid_t pid) {
    struct traced *process = find_process(tracees, pid);
    if (process) {
        let_all_go(process);
        forget_process(tracees, process);
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
    struct tracee *thread = find_thread(tracees, tid);
    if (find_process(tracees, tid) || !thread)
        tracees->listener.reaped(tracees->listener.context, tid, status);
    if (thread) {
        struct traced *process = thread->process;
        forget_thread(tracees, thread);
        settle(tracees, process);
        return;
    }
    for (size_t i = 0; i < tracees->process_count; i++)
        forget_standing(tracees->processes[i], tid);
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
    for (size_t i = tracees->process_count; i-- > 0;) {
        struct traced *process = tracees->processes[i];
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
