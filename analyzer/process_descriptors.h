// The descriptors of a process, from what it inherited to what it leaves open.
#pragma once

#include "analyzer/harvest.h"
#include "analyzer/process.h"

// A program that connects and waits for its answer: what it has open it inherited, but for socket, which is
// the shim's. Nothing of it has been drained yet.
void process_inherit(struct process *process, int socket);

// A forked child that was found: it inherited what its parent has. Nothing of it has been drained yet.
void process_inherit_from(struct process *process, struct process *parent);

// Reads what is open now and compares it with what was recorded. since: the number up to which its events are
// known, UINT64_MAX if its threads stand still. Once; of a process that is gone it does nothing.
void process_look_at_descriptors(struct process *process, uint64_t since);

// Adds what is outstanding, and what was closed twice. The ledger must be settled.
void process_harvest_descriptors(struct process *process, struct harvester *harvester);
