// Why a process could not be stopped, and what would allow it, in words for the report.
#pragma once

#include <stddef.h>

// error: as stop_process gives it, and -ENOENT for a process that can't be found from here.
void refusal_words(int error, char *out, size_t bytes);
