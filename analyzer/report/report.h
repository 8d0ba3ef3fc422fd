// The report as data: what a run found, independent of how it is printed or stored.
// Built by analyzer/assemble.c from a finished session, or by report/json_read.c from a saved file; the
// writers in this folder only read it. One struct per object of schema seep-report-1 and one field per
// member, with the same names.
//
// Ownership: a report owns an arena; every pointer below points into it, and report_free() releases all at
// once. Strings are NUL-terminated bytes as the system gave them, not necessarily valid UTF-8: each writer
// escapes for its format. A pointer that may be NULL says so; NULL is written as null.
#pragma once

#include "analyzer/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum site_kind { SITE_HEAP, SITE_FD, SITE_MAP, SITE_KINDS };

// What a site's resources are. The first five are verdicts on heap blocks, the last two belong to the other
// kinds.
enum verdict {
    VERDICT_DEFINITE,
    VERDICT_INDIRECT,
    VERDICT_POSSIBLE,
    VERDICT_REACHABLE,
    VERDICT_UNCLASSIFIED,
    VERDICT_OPEN,   // a descriptor
    VERDICT_MAPPED, // a mapping
    VERDICTS
};

enum process_begin { BEGIN_EXEC, BEGIN_FORK, BEGIN_ATTACH };
enum process_end { END_EXIT, END_SIGNAL, END_EXEC, END_RUNNING, END_UNKNOWN };

struct report_frame {
    const char *function; // demangled; NULL: no symbol covers the address
    const char *linkage;  // the function's name as the linker knows it; NULL: not known, or the same
    const char *file;     // as the debug information has it; NULL: no line information
    uint32_t line;        // 0: no line information
    const char *module;   // path of the object; NULL: the address lies in none
    const char *build_id; // lower-case hex; NULL: none
    uint64_t offset; // of the looked-up address within the module (ELF virtual address); absolute if module
                     // is NULL
    bool inlined;    // this function was inlined into the next frame of the array
};

// One example of a site's resources. A descriptor's address is its number. Words may be NULL: not known, or
// none.
struct report_example {
    uint64_t address;
    uint64_t bytes;
    const char *type;   // descriptors: "socket", "file", ...
    const char *target; // descriptors: a path or addresses; mappings: the file
    const char *state;  // descriptors: "CLOSE_WAIT", ...; mappings: the protection, "rw-p"
    const char *detail; // descriptors: flags, offset, bytes queued
};

// How many of a site's descriptors are of one type and state, or of its mappings of one file.
struct report_tally {
    const char *type;  // of mappings, the file
    const char *state; // NULL: none
    uint64_t count;
};

struct report_site {
    char id[17];  // 16 hex digits
    uint64_t key; // tells it from the process's other sites before they have ids; not a member of the schema
    enum site_kind kind;
    enum verdict verdict;
    const char *call; // the public function that acquired it
    uint64_t count;
    uint64_t bytes;
    uint64_t indirect_blocks, indirect_bytes; // indirectly lost ones that only this site's keep alive; of
                                              // definite sites, 0 of others
    int64_t resident_bytes;                   // -1: not known
    int64_t dirty_bytes;                      // of mappings: resident and written to; -1: not known
    const char *suppressed_by;                // the suppression's name; NULL: not suppressed
    const char *baseline;    // "known", "grown" or "new"; NULL: no baseline given, or suppressed
    uint64_t baseline_limit; // resources that the baseline allows one process; 0 if baseline is NULL or "new"
    bool truncated;          // the stack does not reach its thread's start
    struct report_frame *frames; // innermost first
    size_t frame_count;
    struct report_example *examples; // at most 5
    size_t example_count;
    struct report_tally *tallies; // the most frequent first; empty for blocks
    size_t tally_count;
    struct report_example *targets; // blocks that the first example points to, at most 5
    size_t target_count;
    uint64_t targets_all; // how many it points to
};

struct heap_totals {
    uint64_t allocations, frees, allocated_bytes, peak_bytes;
    uint64_t outstanding_blocks, outstanding_bytes, unmatched_frees;
};

// Descriptors. opened = closed + closed_unseen + outstanding + standard.
struct fd_totals {
    uint64_t opened, closed, outstanding;
    uint64_t
        closed_unseen;  // opened, and gone without a recorded close: raw system calls, or passed on by exec
    uint64_t standard;  // opened in the place of a standard stream (0, 1, 2), and open
    bool looked_at;     // false: nobody could look at it at its end, and the next two are not known
    uint64_t inherited; // open all along
    uint64_t unattributed; // open, although no recorded call opened it
    int64_t limit;         // RLIMIT_NOFILE, soft; -1: not known
    uint64_t double_closes, closes_of_unopened;
    uint64_t swept; // failed closes of neighbouring numbers one after the other, as daemons do at their start
};

// One of the stacks of a misuse. call NULL: it is not known.
struct report_step {
    const char *call;
    struct report_frame *frames; // innermost first
    size_t frame_count;
};

// Descriptors or mappings of one sort that no recorded call opened or mapped: raw system calls did, or libc
// for itself.
struct report_unattributed {
    enum site_kind kind; // SITE_FD or SITE_MAP
    const char *type;    // "file", "socket", ...; of mappings "file" or "anonymous"
    const char *target;  // what they have in common: a path, an address; NULL: nothing
    const char *state;   // of descriptors; NULL: none
    uint64_t count;      // of anonymous memory, how many pieces the kernel has it in
    uint64_t bytes;      // of mappings, in address space
};

// A descriptor was closed that was not open.
struct report_misuse {
    bool twice;                               // it was closed already; false: never seen open
    int64_t fd;                               // the first of them
    uint64_t count;                           // from the same three stacks
    struct report_step opened, closed, again; // the first two only if twice
};

// outstanding_regions = mapped - unmapped, and all sites of mappings add up to what is outstanding and not
// the runtime's.
struct map_totals {
    uint64_t mapped;   // mappings made by recorded calls
    uint64_t unmapped; // of them, those of which nothing is left
    uint64_t outstanding_regions, outstanding_bytes;
    uint64_t runtime_regions,
        runtime_bytes;       // of these, what an allocator or a language's runtime maps for itself
    int64_t resident_bytes;  // of outstanding_bytes; -1: not known
    uint64_t vanished_bytes; // unmapped by calls that no hook saw
    // anonymous memory that nothing recorded explains, in address space; -1: not looked at in the last moment
    int64_t unattributed_regions, unattributed_bytes;
};

// A count of blocks and bytes by verdict; suppressed ones are counted in suppressed only.
struct verdict_totals {
    struct {
        uint64_t blocks, bytes;
    } by[VERDICT_OPEN], suppressed;
};

struct report_process {
    int64_t pid;
    int64_t parent_pid;
    const char *executable; // NULL: not known
    const char **argv;
    size_t argc;
    enum process_begin begin;
    struct {
        enum process_end how;
        int64_t code;    // how == END_EXIT
        int64_t signal;  // how == END_SIGNAL
        bool code_known; // false: END_EXIT was seen but not its status
    } end;
    bool exact;
    uint64_t lost_records;
    uint64_t truncated_stacks;
    uint64_t stacks_compared, stacks_different; // 0, 0: no comparison was asked for
    bool heap_tracked;                          // false: totals.heap is null (--track without heap)
    struct heap_totals heap;
    bool fd_tracked; // false: totals.fd is null
    struct fd_totals fd;
    struct report_example *unattributed; // some of them
    size_t unattributed_count;
    struct report_unattributed *unattributed_groups; // all of them: descriptors, then mappings
    size_t unattributed_group_count;
    struct report_misuse *misuses; // most frequent first
    size_t misuse_count;
    bool map_tracked; // likewise totals.map
    struct map_totals map;
    struct verdict_totals verdicts;
    // What each stack acquired on the heap, given back or not: count, bytes, truncated and frames are set.
    // Not saved in JSON. NULL: no format of this run wanted it. The last may stand for all others together,
    // without frames.
    struct report_site *acquired;
    size_t acquired_count;
    struct {
        const char *refused;                   // why blocks are unclassified; NULL: they are not
        bool done;                             // false: the figures below are not known
        double pause_seconds, reading_seconds; // all threads stood still; of that, memory was read
        uint64_t threads, root_bytes, scanned_bytes, unreadable_bytes;
        uint64_t hidden_requests; // to the kernel, under way: what only they hold looks lost
    } scan;                       // the look for pointers
    struct report_site *sites;    // sorted: kind, then verdict, then bytes, count descending, then id
    size_t site_count;
    size_t aside_count; // behind these lie so many that are nobody's leak (owners.h). Not saved in JSON
    struct report_memory *memory; // NULL: it is not known where its memory went (report/memory.h)
};

// What the gate said; analyzer/gate/ fills it.
struct report_gate {
    bool tripped;         // equal to reason_count > 0
    uint32_t failed;      // a bit 1 << verdict for each that there is more of than the gate allows
    const char **reasons; // what failed and by how much, a line each
    size_t reason_count;
    const char *update; // the command that takes what is new into the baseline; NULL: passed, or no baseline
};

struct report {
    struct arena *arena; // owns everything below
    const char *seep_version;
    const char **command;
    size_t command_count;
    const char *started; // RFC 3339
    double duration_seconds;
    bool exact;
    const char **inexact_because; // words, one reason each
    size_t inexact_count;
    struct report_gate *gate; // NULL: none was asked for
    const char **remarks; // on baseline and suppressions: entries that nothing matched any more, a line each
    size_t remark_count;
    struct report_process *processes; // in order of appearance
    size_t process_count;
};

// A new, empty report with its arena. Aborts when there is no memory, as everything in the analyzer that
// builds one does.
struct report *report_new(void);
void report_free(struct report *report);

// Is the site in the baseline, within its limit?
bool site_known(const struct report_site *site);

// The words of the schema for each enumerator ("heap", "definite", "exec", ...), and back: -EINVAL for any
// other word.
const char *site_kind_name(enum site_kind kind);
const char *verdict_name(enum verdict verdict);
const char *process_begin_name(enum process_begin begin);
const char *process_end_name(enum process_end end);
int site_kind_from_name(const char *name);
int verdict_from_name(const char *name);
int process_begin_from_name(const char *name);
int process_end_from_name(const char *name);
