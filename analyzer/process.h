// One process of the session, from its first sign of life to its end, and what is known of it.
#pragma once

#include "analyzer/family.h"
#include "analyzer/harvest.h"
#include "analyzer/ledger/descriptors.h"
#include "analyzer/ledger/ledger.h"
#include "analyzer/ledger/mappings.h"
#include "analyzer/live.h"
#include "analyzer/proc/open_files.h"
#include "analyzer/report/report.h"
#include "analyzer/table.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// When a process that runs is looked at next (sample.c). CLOCK_MONOTONIC.
struct sampling {
    uint64_t ask_ns;     // not before: what it is resident for
    uint64_t look_ns;    // not before: a look
    uint64_t looked_ns;  // the last one
    uint64_t pages;      // resident then
    uint64_t most_pages; // the most that was seen
};

// The look for pointers to its blocks.
struct process_scan {
    char *refused;  // why it could not be done; NULL: it was, or was not tried
    char *untraced; // why its end could not be awaited by tracing it; NULL: it could, or need not
    bool done;
    uint64_t pause_ns; // for how long all its threads stood still
    size_t threads;
    struct verdict_reading reading;
};

struct process {
    struct family *family; // NULL once it ended and was harvested
    uint32_t slot;
    pid_t pid, parent_pid; // as we see them
    pid_t shown_as;   // where /proc shows what it has: pid, or a living thread's id once its first has ended
    int pidfd;        // -1 once it ended, or if it could not be watched
    bool absent;      // it was gone before we looked
    bool foreign_ids; // it lives in another pid namespace: the ids that it and its children tell are not ours
    bool unseen;      // nobody under its id can be it: only its family's end tells that it is gone
    bool wait_status_known; // it was our child, and wait told
    int wait_status;
    int connection;   // over which it was answered, until the meeting has ended; else -1
    int regret;       // errno: why it could not take its place and ran unrecorded; 0: it could, or never ran
    bool attached;    // it took its place in the memory: its events were recorded
    char *executable; // NULL: not known
    bool by_loader;   // executable is what the loader loaded, which /proc shows in its place
    char *arguments;  // NUL-separated, as in /proc/PID/cmdline; NULL: not known
    size_t arguments_bytes;
    enum process_begin begin;
    enum process_end end;
    int end_code;   // of END_EXIT
    int end_signal; // of END_SIGNAL
    bool end_code_known;
    bool replaced;  // another program attached under this pid
    uint32_t notes; // NOTE_
    uint64_t lost_records, truncated_stacks;
    uint32_t stacks_compared, stacks_different; // with SEEP_DEBUG_COMPARE_STACKS
    uint64_t cancelled, cancelled_bytes;        // blocks that came and went within a nursery
    uint64_t invalid_records;                   // that made no sense: damaged memory
    bool traced;                                // it is looked at in its very last moment (trace.h)
    bool examined;                              // it stood still at its end and was looked at
    struct process_scan scan;                   // what that took, for the verdict
    bool quiet;                                 // nothing came in the last round
    bool held_up;                               // a realloc is under way: this round can't end yet
    uint64_t rounds;                            // ended so far
    struct live_set *live;                      // NULL after the harvest
    struct ledger *ledger;                      // descriptors and mappings
    struct ledger_doubts ledger_doubts;
    struct open_files files; // what was open when it was looked at
    bool looked_at;          // else files is empty
    struct descriptor_counts descriptors;
    struct mapping_counts mapping_counts;
    struct table mapping_sites; // call and stack of a mapping -> the number that looks know them by
    int64_t *mapping_groups;    // by that number: the group of the harvest plus 1; 0: none
    size_t mapping_group_count;
    char *allocator;               // path of the object that serves malloc; NULL: not known
    int64_t mapped_resident_bytes; // of the mappings that are left; -1: not known
    struct live_counts counts;
    struct turnover *turnover; // NULL: nobody asked, or after the harvest
    struct harvest harvest;
    struct look *look;  // the last look at its memory; NULL: there was none
    bool looked_at_end; // that look was taken when it stood at its end, or ran on when all others had ended
    struct sampling sampling;
    bool killed_for_memory; // its control group counted a kill between the last look and its end
    uint64_t ended_ns;      // CLOCK_MONOTONIC, when it was finished
    uint64_t live_resident_bytes[VERDICT_OPEN]; // of its live blocks, as of that look, by verdict
};

// A process that attached, or that a forked child's slot told of. Reads /proc for what it is. Never NULL.
struct process *process_new(struct family *family, uint32_t slot, pid_t pid, enum process_begin begin,
                            const struct process *parent);
void process_free(struct process *process);

// Its program is the file at this path, not the loader that /proc shows in its place.
void process_set_program(struct process *process, const char *path);

// It stands still at its end, and nothing more is needed of it: it goes on. Once more does no harm.
void process_let_go(const struct process *process);

// Has it ended, as far as can be told of it alone? Never true of an unseen one.
bool process_is_gone(const struct process *process);

// Has it a child that lives?
bool process_has_children(const struct process *process);

// Keeps what is outstanding now, of a process that stands still at its end: what comes later is not looked
// at. Everything in its rings and nurseries must have been drained. verdict: on its live set; NULL: none.
void process_harvest(struct process *process, const struct verdicts *verdict);

// It is gone (or was replaced, or is still running at the session's end): finds out how it ended, harvests
// the live set, if that was not done before, and gives the slot back. Everything in its rings must have been
// drained.
void process_finish(struct process *process, bool still_running);
