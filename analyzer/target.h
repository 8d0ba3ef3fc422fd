// Can this program run under seep? Judged before it starts, from its file alone: a preload library that the
// loader ignores or refuses would otherwise look like "no leaks".
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum target_answer {
    TARGET_OK,
    TARGET_NOT_FOUND, // exit status 127
    TARGET_REFUSED, // exit status 126: static, setuid or file capabilities, other ELF class or machine, other
                    // libc, not executable, not a program at all
};

struct target_verdict {
    enum target_answer answer;
    bool go;            // built by the Go toolchain: it will be traced to its end (trace.h)
    char path[4096];    // what PATH search and scripts' interpreters led to: the ELF file that was judged
    char message[1024]; // for refusals: one line, no newline: what, on what, what to do. Empty for TARGET_OK
};

// Looks program up as execvp does (a name without a slash in PATH), follows #! lines to the interpreter that
// will run (several levels, `/usr/bin/env NAME` included), and reads the ELF file's header, PT_INTERP and
// dynamic section. Never executes anything.
void target_judge(const char *program, struct target_verdict *out);

// Can the library at this path be given to LD_PRELOAD? The loader splits that variable at spaces and colons.
// 0, or -EINVAL with a line in message.
int target_judge_library(const char *library, char *message, size_t message_bytes);
