// See stop.h. Called by examine.c. No signal, no change of the target's memory; of its registers, only how an
// interrupted system call goes on.
#include "analyzer/verdict/stop.h"
#include "analyzer/vector.h"
#include "analyzer/verdict/cut_short.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

static const uint64_t patience_ns = 2000ull * 1000 * 1000; // for a thread that does not stop

// What an interrupted call leaves for the kernel's own eyes: how to go on with it (linux/errno.h).
enum { RESTART_CALL = 513, RESTART_TIMED = 516 };
enum { XSTATE_BYTES = 16384 }; // AVX-512 takes 2.7 KiB, AMX tiles another 8

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static bool known(const struct stopped *stopped, pid_t tid) {
    for (size_t i = 0; i < stopped->thread_count; i++)
        if (stopped->threads[i].tid == tid)
            return true;
    return false;
}

// A line of /proc/PID/task/TID/status; an empty string if there is none.
static void status_line(pid_t pid, pid_t tid, const char *name, char *out, size_t bytes) {
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/task/%d/status", (int)pid, (int)tid);
    out[0] = '\0';
    FILE *file = fopen(path, "re");
    if (!file)
        return;
    size_t length = strlen(name);
    while (!out[0] && fgets(line, sizeof line, file))
        if (strncmp(line, name, length) == 0 && line[length] == ':')
            snprintf(out, bytes, "%s", line + length + 1 + strspn(line + length + 1, " \t"));
    fclose(file);
}

// Why a thread could not be seized: 0 if it is just gone.
static int why_not(pid_t pid, pid_t tid, int error) {
    char text[64];
    if (error == ESRCH)
        return 0;
    status_line(pid, tid, "State", text, sizeof text);
    if (text[0] == 'Z' || text[0] == 'X' || !text[0])
        return 0;
    status_line(pid, tid, "TracerPid", text, sizeof text);
    return atoi(text) ? -EBUSY : -error;
}

static int seize(struct stopped *stopped, pid_t tid) {
    if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) != 0)
        return why_not(stopped->pid, tid, errno);
    struct stopped_thread *thread =
        VECTOR_PUSH(stopped->threads, stopped->thread_count, stopped->thread_room);
    *thread = (struct stopped_thread){.tid = tid};
    ptrace(PTRACE_INTERRUPT, tid, NULL, NULL); // it may be gone: waiting tells
    return 1;
}

// Seizes the threads that are not seized yet. How many, or -errno.
static int seize_new(struct stopped *stopped) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)stopped->pid);
    DIR *tasks = opendir(path);
    if (!tasks)
        return errno == ENOENT ? -ESRCH : -errno;
    int all = 0, got = 0;
    for (struct dirent *entry; got >= 0 && (entry = readdir(tasks));) {
        pid_t tid = atoi(entry->d_name);
        got = tid > 0 && !known(stopped, tid) ? seize(stopped, tid) : 0;
        all += got > 0 ? got : 0;
    }
    closedir(tasks);
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
            ++*index;
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

static void take_word(struct stopped *stopped, uint64_t word) {
    *VECTOR_PUSH(stopped->words, stopped->word_count, stopped->word_room) = word;
}

// What of the extended state is a register: the legacy area's vector half, and all behind the header. What
// lies between may hold addresses of the last floating-point instruction.
static void take_vectors(struct stopped *stopped, pid_t tid) {
    static _Alignas(64) unsigned char state[XSTATE_BYTES];
    struct iovec io = {state, sizeof state};
    if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_X86_XSTATE, &io) != 0)
        return;
    for (size_t at = 160; at + 8 <= io.iov_len; at += 8)
        if (at < 416 || at >= 576) {
            uint64_t word;
            memcpy(&word, state + at, sizeof word);
            take_word(stopped, word);
        }
}

static void read_registers(struct stopped *stopped, struct stopped_thread *thread) {
    struct user_regs_struct registers;
    struct iovec io = {&registers, sizeof registers};
    thread->first_word = stopped->word_count;
    if (ptrace(PTRACE_GETREGSET, thread->tid, (void *)NT_PRSTATUS, &io) != 0)
        return;
    thread->pc = registers.rip;
    thread->sp = registers.rsp;
    thread->tls = registers.fs_base;
    thread->in_call = (long long)registers.orig_rax >= 0;
    thread->is_timed = thread->in_call && (long long)registers.rax == -RESTART_TIMED;
    thread->is_cut_short = thread->in_call && cut_short((long)registers.orig_rax, (long)registers.rax);
    const unsigned long long *general = (const unsigned long long[]){
        registers.rax, registers.rbx, registers.rcx, registers.rdx, registers.rsi,
        registers.rdi, registers.rbp, registers.r8,  registers.r9,  registers.r10,
        registers.r11, registers.r12, registers.r13, registers.r14, registers.r15};
    for (size_t i = 0; i < 15; i++)
        take_word(stopped, general[i]);
    if (!thread->in_call)
        take_vectors(stopped, thread->tid);
    thread->word_count = stopped->word_count - thread->first_word;
}

// What the kernel finds as the call's result when the thread goes on.
static void set_result(const struct stopped_thread *thread, long result) {
    ptrace(PTRACE_POKEUSER, thread->tid, (void *)offsetof(struct user, regs.rax), (void *)result);
}

// A timed wait that was interrupted goes on by restart_syscall, which a sandbox may not expect: then the call
// is made anew, with its whole time.
static bool is_in_sandbox(pid_t pid, const struct stopped_thread *thread) {
    char mode[16];
    status_line(pid, thread->tid, "Seccomp", mode, sizeof mode);
    return atoi(mode) != 0;
}

static void let_go(pid_t pid, const struct stopped_thread *thread) {
    if (thread->is_cut_short)
        set_result(thread, -RESTART_UNLESS_HANDLED);
    if (thread->is_timed && is_in_sandbox(pid, thread))
        set_result(thread, -RESTART_CALL);
    ptrace(PTRACE_DETACH, thread->tid, NULL, (void *)(long)thread->signal);
}

// Seized threads that did not stop in time: only one that stands can be let go.
static struct straggler {
    pid_t pid;
    bool is_our_child;
    struct stopped_thread thread;
} * stragglers;
static size_t straggler_count, straggler_room;

void stop_tend(void) {
    for (size_t i = straggler_count; i-- > 0;) {
        struct straggler *one = &stragglers[i];
        int seen = look(&(struct stopped){.pid = one->pid}, &one->thread, one->is_our_child);
        if (seen > 0)
            let_go(one->pid, &one->thread);
        if (seen != 0)
            *one = stragglers[--straggler_count];
    }
    if (straggler_count == 0) {
        free(stragglers);
        stragglers = NULL;
        straggler_room = 0;
    }
}

static void give_up(struct stopped *stopped, size_t standing, bool is_our_child) {
    for (size_t i = standing; i < stopped->thread_count; i++)
        *VECTOR_PUSH(stragglers, straggler_count, straggler_room) =
            (struct straggler){stopped->pid, is_our_child, stopped->threads[i]};
    stopped->thread_count = standing;
    stop_go_on(stopped);
    stop_tend();
}

uint64_t stop_go_on(struct stopped *stopped) {
    for (size_t i = 0; i < stopped->thread_count; i++)
        let_go(stopped->pid, &stopped->threads[i]);
    uint64_t pause_ns = now_ns() - stopped->began_ns;
    free(stopped->threads);
    free(stopped->words);
    *stopped = (struct stopped){0};
    return pause_ns;
}

int stop_process(pid_t pid, bool is_our_child, struct stopped *out) {
    struct stopped stopped = {.pid = pid, .began_ns = now_ns()};
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
        give_up(&stopped, standing, is_our_child);
        return bad;
    }
    for (size_t i = 0; i < stopped.thread_count; i++)
        read_registers(&stopped, &stopped.threads[i]);
    *out = stopped;
    return 0;
}
