// Which processes are traced from their start (verdict/tracer.h), and what becomes of them in their last
// moment. Those whose end nobody would see otherwise: a Go program ends by a system call of its own.
#pragma once

#include "analyzer/board.h"
#include "analyzer/examine.h"
#include "analyzer/verdict/tracer.h"

#include <stdbool.h>

// Begins to trace a program that waits for its answer, if it is one of those: process->traced, or
// process->scan.untraced says why it can't be. *tracer is started for the first one.
void trace_begin(struct tracer **tracer, struct board *board, struct process *process,
                 const struct examine_options *options);

// A process that was forked: is it traced with its parent?
void trace_forked(const struct tracer *tracer, struct process *process);

// It stands in its last moment, or an error says why it does not: looks at it, and lets it go on if
// `release`.
void trace_examine(struct tracer *tracer, struct tracer_end *end, struct process *process,
                   const struct examine_options *options, bool release);
