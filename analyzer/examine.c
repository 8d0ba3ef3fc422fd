// See examine.h. Called by session.c, which then lets the process go on.
#include "analyzer/examine.h"
#include "analyzer/clock.h"
#include "analyzer/drain.h"
#include "analyzer/memory/look.h"
#include "analyzer/process_memory.h"
#include "analyzer/process_descriptors.h"
#include "analyzer/process_owners.h"
#include "analyzer/process_threads.h"
#include "analyzer/verdict/memory.h"
#include "analyzer/verdict/refusal.h"
#include "analyzer/verdict/stop.h"
#include "analyzer/verdict/verdict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

bool examine_wanted(const struct examine_options *options) {
    return options->verdict || options->memory || options->descriptors;
}

enum { STOP_TRIES = 20 };

// Stops it where no thread is within a realloc: 0 with everything drained, or -errno.
static int stop_and_drain(struct process *process, struct stopped *stopped) {
    bool is_our_child = process->parent_pid == getpid();
    for (int tries = 0; tries < STOP_TRIES; tries++) {
        int bad = stop_process(process->pid, is_our_child, stopped);
        if (bad)
            return bad;
        if (!drain_is_within_realloc(process->family, process)) {
            drain_standing(process->family, process);
            return 0;
        }
        stop_go_on(stopped);
        nanosleep(&(struct timespec){.tv_nsec = 1000000 << (tries / 4)}, NULL);
    }
    return -EAGAIN;
}

static struct roots_file file_of(int fd) {
    struct stat info;
    if (fstat(fd, &info) != 0)
        return (struct roots_file){0};
    return (struct roots_file){info.st_ino, major(info.st_dev), minor(info.st_dev)};
}

static struct classify_range early_region(const struct wire_memory *memory) {
    uint64_t begin = memory->early_at, bytes = memory->early_bytes;
    return bytes < UINT64_MAX - begin ? (struct classify_range){begin, begin + bytes}
                                      : (struct classify_range){0};
}

static void refuse(struct process *process, int error) {
    char words[512];
    refusal_words(error, words, sizeof words);
    free(process->scan.refused);
    process->scan.refused = strdup(words);
}

// Was it killed while its memory was read? What could not be read would look like what holds nothing.
static bool is_still_there(const struct stopped *stopped) {
    uint64_t word;
    for (size_t i = 0; i < stopped->thread_count; i++)
        if (stopped->threads[i].tls &&
            memory_copy(stopped->pid, stopped->threads[i].tls, &word, sizeof word) == 0)
            return true;
    return false;
}

// smaps: as they are now; NULL: not known yet.
static struct verdicts *read_memory(struct process *process, const struct stopped *stopped,
                                    const struct smaps *smaps, int board_fd) {
    const struct family *family = process->family;
    const struct wire_process *wire = family_process(family, process->slot);
    struct wire_own own_areas[WIRE_OWN_AREAS];
    struct roots_question question = {.stopped = stopped,
                                      .smaps = smaps,
                                      .own_areas = own_areas,
                                      .own_area_count = family_own_areas(family, own_areas),
                                      .is_forked = process->begin == BEGIN_FORK,
                                      .own_files = {file_of(family->fd), file_of(board_fd)},
                                      .own_region = early_region(family->memory),
                                      .standing_thread = wire->standing_thread,
                                      .standing_stack = wire->standing_stack};
    struct roots_mapping *mappings = process_owned_mappings(process, &question.mapping_count);
    question.mappings = mappings;
    struct verdicts *verdict = NULL;
    int bad = verdict_read(&question, process->live, &verdict);
    free(mappings);
    if (!bad && !is_still_there(stopped)) {
        verdict_free(verdict);
        verdict = NULL;
        bad = -ESRCH;
    }
    if (bad)
        refuse(process, bad);
    return verdict;
}

static pid_t shows_it(const struct stopped *stopped, pid_t pid) {
    for (size_t i = 0; i < stopped->thread_count; i++)
        if (stopped->threads[i].tid == pid)
            return pid;
    return stopped->thread_count ? stopped->threads[0].tid : pid;
}

// Its threads stand, and all that they recorded has been drained. Lets them go on.
static void look_at_what_stands(struct process *process, const struct examine_options *options,
                                const struct examine_held *held) {
    struct stopped stopped = *held->stopped; // its own, but for the id
    stopped.pid = process->shown_as = shows_it(&stopped, process->pid);
    live_settle(process->live);
    if (options->foresight)
        foresight_begin(options->foresight, process->family, process->live);
    process_find_lost_stacks(process, &stopped);
    const struct smaps *smaps = process_look(process, true) ? &process->look->smaps : NULL;
    if (options->descriptors)
        process_look_at_descriptors(process, UINT64_MAX);
    struct verdicts *verdict = read_memory(process, &stopped, smaps, options->board_fd);
    process->scan.threads = stopped.thread_count;
    process->scan.pause_ns = now_ns() - stopped.began_ns;
    held->go_on(held->context);
    if (verdict) {
        process->scan.done = true;
        verdict_decide(verdict);
        process->scan.reading = verdict_reading(verdict);
    }
    process_harvest(process, verdict);
    verdict_free(verdict);
}

struct standing {
    struct process *process;
    struct stopped stopped;
};

// What is made of what was read needs nothing more of it.
static void go_on(void *context) {
    struct standing *standing = context;
    stop_go_on(&standing->stopped);
    if (standing->process->looked_at_end)
        process_let_go(standing->process);
}

static void look_at_the_heap(struct process *process, const struct examine_options *options) {
    struct standing standing = {.process = process};
    int bad = process->unseen ? -ENOENT : stop_and_drain(process, &standing.stopped);
    if (bad)
        refuse(process, bad);
    else
        look_at_what_stands(
            process, options,
            &(struct examine_held){.stopped = &standing.stopped, .go_on = go_on, .context = &standing});
}

void process_examine(struct process *process, const struct examine_options *options) {
    if (options->verdict)
        look_at_the_heap(process, options);
    if (!process->looked_at_end) { // it could not be stopped, or need not be
        drain_published(process->family, process);
        process_look(process, true);
    }
    if (options->descriptors && process->live) { // not stopped: its other threads go on meanwhile
        drain_round(process->family);
        process_look_at_descriptors(process, ledger_complete_to(process->ledger));
    }
}

void process_examine_held(struct process *process, const struct examine_options *options,
                          const struct examine_held *held) {
    if (held->error) {
        refuse(process, held->error);
        held->go_on(held->context);
        return;
    }
    drain_standing(process->family, process); // a realloc that is under way will not be done any more
    look_at_what_stands(process, options, held);
}
