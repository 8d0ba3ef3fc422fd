// The memory of a process that stands still, read from outside.
#pragma once

#include "analyzer/proc/smaps.h"
#include "analyzer/verdict/classify.h"

#include <stdint.h>
#include <sys/types.h>

// Copies up to `bytes` bytes at address. Returns how many, fewer where the next one can't be read, or -errno.
// context is the process's pid (a pid_t *): the form that classify_input asks for.
ssize_t memory_read(void *context, uint64_t address, void *buffer, size_t bytes);

// Reads all of `bytes` or nothing: 0 or -errno.
int memory_copy(pid_t pid, uint64_t address, void *buffer, size_t bytes);

// The mappings in the form that classify_input asks for, ascending. Where little of a large one is there, the
// parts that were never touched are entries of their own, with MAPPING_EMPTY: work follows what is resident,
// not what is reserved. Aborts when memory runs out. The caller frees.
struct classify_mapping *memory_mappings(pid_t pid, const struct smaps *smaps, size_t *count);
