// Which file the process's program is. That is /proc/self/exe, unless the loader was started as a program
// (ld.so PROGRAM): then it is what the loader loaded.
#pragma once

#include <stdbool.h>

// Finds out. Called by the constructor, before the meeting.
void main_program_prepare(void);

// Its path; empty if it can't be known.
const char *main_program_path(void);

// Was it started by a loader that was started as a program?
bool main_program_by_loader(void);
