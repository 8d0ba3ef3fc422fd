// Empties the rings of a family into its processes' live sets. The only file of the analyzer that touches a
// ring.
#pragma once

#include "analyzer/family.h"

#include <stdbool.h>
#include <stddef.h>

// One round: reads every ring once, up to what its producer had published when it was looked at. Returns the
// number of records read. Records of extents whose process is not known yet (see drain_new_slots) stay where
// they are.
size_t drain_round(struct family *family);

// Calls found(context, slot) for every process slot that is live and not yet in family->by_slot; found is
// expected to enter it with process_new.
void drain_new_slots(struct family *family,
                     void (*found)(void *context, struct family *family, uint32_t slot), void *context);

// Reads what is left in the rings of one process. If it is gone, gives its extents back; while it lives, they
// are not to be handed to anybody else.
void drain_process(struct family *family, const struct process *process, bool gone);

// Reads what the process's threads have published up to now.
void drain_published(struct family *family, struct process *process);

// Does a process that stands still stand within a realloc? Then that block is neither here nor there, and
// what is drained now misses it, unless the process goes on a little first. Of one that will never go on, the
// block is the old one.
bool drain_is_within_realloc(struct family *family, const struct process *process);

// Reads all that a process holds which stands still, nurseries included, for its harvest.
void drain_standing(struct family *family, struct process *process);

// Gives back the extents of threads that are gone, of a process that lives on. To be called now and then.
void drain_reap_threads(struct family *family);
