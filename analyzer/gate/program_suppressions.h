// Suppressions that a program carries for LeakSanitizer: its function __lsan_default_suppressions(), which
// returns them as a constant. The function is not called: nothing of ours runs in the program. Its code is
// read from the file instead, and where it does nothing but return a constant, as compilers make it, the
// constant is taken.
#pragma once

#include <stddef.h>

// 0 and *out (the caller frees; NUL-terminated); -ENOENT: the program has none, or none that its symbol
// tables name; -ENOTSUP: it does more than to return a constant, or is for a machine whose code is not known
// here; or -errno.
int program_suppressions(const char *path, char **out);
