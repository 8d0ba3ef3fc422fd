// See trace.h. Called by session.c.
#include "analyzer/trace.h"
#include "analyzer/target_elf.h"
#include "analyzer/verdict/refusal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void ring(void *board) {
    board_ring(board);
}

// What the loader loaded is the process's own word: opening a device or a pipe could have consequences.
static int open_program(const struct process *process) {
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "/proc/%d/exe", (int)process->pid);
    if (process->by_loader && process->executable)
        snprintf(path, sizeof path, "/proc/%d/root%s", (int)process->pid, process->executable);
    int name = open(path, O_PATH | O_CLOEXEC), fd = -1;
    struct stat status;
    if (name >= 0 && fstat(name, &status) == 0 && S_ISREG(status.st_mode)) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (name >= 0)
        close(name);
    return fd;
}

static bool is_built_by_go(const struct process *process) {
    int fd = open_program(process);
    if (fd < 0)
        return false;
    struct elf_facts facts;
    bool is_go = elf_facts_read(fd, &facts) == 0 && facts.go;
    close(fd);
    return is_go;
}

static int begin(struct tracer **tracer, struct board *board, const struct process *process,
                 bool with_forks) {
    if (!*tracer && !(*tracer = tracer_new(ring, board)))
        return -errno;
    return tracer_seize(*tracer, process->pid, with_forks);
}

void trace_begin(struct tracer **tracer, struct board *board, struct process *process,
                 const struct examine_options *options) {
    if (!options->verdict || process->absent || !(options->trace_all || is_built_by_go(process)))
        return;
    int bad = begin(tracer, board, process, options->trace_all);
    process->traced = !bad;
    if (bad) {
        char words[512];
        refusal_words(bad, words, sizeof words);
        process->scan.untraced = strdup(words);
    }
}

void trace_forked(const struct tracer *tracer, struct process *process) {
    process->traced = tracer && !process->absent && !process->unseen && tracer_traces(tracer, process->pid);
}

struct releasing {
    struct tracer *tracer;
    struct tracer_end *end;
};

static void release(void *context) {
    struct releasing *releasing = context;
    tracer_release(releasing->tracer, releasing->end);
}

static void nothing(void *context) {
    (void)context;
}

void trace_examine(struct tracer *tracer, struct tracer_end *end, struct process *process,
                   const struct examine_options *options, bool releases) {
    struct releasing releasing = {tracer, end};
    process->wait_status_known = end->status_known;
    process->wait_status = end->wait_status;
    process_examine_held(process, options,
                         &(struct examine_held){.stopped = &end->stopped,
                                                .error = end->error,
                                                .go_on = releases ? release : nothing,
                                                .context = &releasing});
}
