// The #! line of a script, read as Linux reads it, and env's command line, read as env reads it.
// Text in, words out; touches no file. Used by target.c alone.
#pragma once

#include <stddef.h>

enum {
    SCRIPT_HEAD_BYTES = 256, // what the kernel looks at of a file; a #! line is cut there
};

struct script_line {
    char interpreter[SCRIPT_HEAD_BYTES];
    char argument[SCRIPT_HEAD_BYTES]; // all that follows, as one word; empty: none
};

// head holds the first bytes of the file, bytes of them (at most SCRIPT_HEAD_BYTES).
// 1 and *out filled: a script. 0: it does not start with #!. -ENOEXEC: it does, but names no interpreter the
// kernel would accept (nothing but blanks, or a name that may be cut off); *out untouched in both.
int script_line_read(const char *head, size_t bytes, struct script_line *out);

// Which program will env run, given the one argument of a #! line?
// 1 and its name in name; 0: it can't be told from here (no argument, quoting, expansion), judge env itself.
int script_env_program(const char *argument, char *name, size_t bytes);
