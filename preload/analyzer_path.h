// Where the analyzer's program is, seen from this library.
#pragma once

#include <stddef.h>

// `seep` beside libseep.so (a build tree), or ../../bin/seep from it (an installation). 0 or -ENOENT.
int analyzer_path(char *out, size_t bytes);
