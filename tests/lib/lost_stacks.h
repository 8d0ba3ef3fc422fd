// Blocks that are lost (definitely or indirectly), by the stack that they were allocated from, so that what
// seep says can be held against what memcheck says stack by stack.
//
// A stack is known by where in its page each call returns to: modules lie at other addresses in another run,
// but always at whole pages. Inlined frames have no such place of their own. What libc and the loader put
// below the program's own outermost frame is left out, and so are operators new, which memcheck replaces.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { LOST_STACKS = 512 };

struct lost_stack {
    const char *key;   // the places, innermost first
    const char *words; // a name or a module for each, for messages
    long long blocks;
};

struct lost_stacks {
    struct lost_stack stacks[LOST_STACKS];
    size_t count;
    bool goes_on; // frames that are read belong to the last one
};

// Adds those of one process's entry in a report.
void lost_stacks_of_report(struct lost_stacks *lost, const json_t *process);

// Reads one line of memcheck's log, without its mark: "1,234 bytes in 2 blocks are ... lost in loss record 1
// of 3" begins a record, "   at 0x...: malloc (...)" and "   by 0x...: name (...)" are its stack. `blocks`:
// those of a record that begins here, if they are lost; else 0.
void lost_stacks_read_line(struct lost_stacks *lost, const char *line, long long blocks);

// No stack of `some` has lost more blocks than the same of `all`: NULL, or words that say which.
const char *lost_stacks_exceed(const struct lost_stacks *some, const struct lost_stacks *all);
