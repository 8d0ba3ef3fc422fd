// See registers.h. Called by stop.c and tracees.c.
#include "analyzer/verdict/registers.h"
#include "analyzer/vector.h"
#include "analyzer/verdict/cut_short.h"

#include <elf.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

// What an interrupted call leaves for the kernel's own eyes: it goes on with what is left of its time
// (linux/errno.h).
enum { RESTART_TIMED = 516 };
enum { XSTATE_BYTES = 16384 }; // AVX-512 takes 2.7 KiB, AMX tiles another 8

static void take_word(struct stopped *stopped, uint64_t word) {
    *VECTOR_PUSH(stopped->words, stopped->word_count, stopped->word_room) = word;
}

// What of the extended state is a register: the legacy area's vector half, and all behind the header. What
// lies between may hold addresses of the last floating-point instruction.
static void take_vectors(struct stopped *stopped, pid_t tid) {
    _Alignas(64) unsigned char state[XSTATE_BYTES];
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

void registers_read(struct stopped *stopped, struct stopped_thread *thread) {
    struct user_regs_struct registers;
    struct iovec io = {&registers, sizeof registers};
    thread->first_word = stopped->word_count;
    if (ptrace(PTRACE_GETREGSET, thread->tid, (void *)NT_PRSTATUS, &io) != 0)
        return;
    thread->pc = registers.rip;
    thread->sp = registers.rsp;
    thread->tls = registers.fs_base;
    thread->call = (long)registers.orig_rax;
    thread->in_call = thread->call >= 0;
    thread->is_timed = thread->in_call && (long long)registers.rax == -RESTART_TIMED;
    thread->is_cut_short = thread->in_call && cut_short(thread->call, (long)registers.rax);
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
