// Which file does a program's name lead to? Used by target.c alone.
#pragma once

#include "analyzer/target_script.h"

#include <stdbool.h>

struct image_file {
    char asked[4096];                    // where the name was found: the file that was to be executed
    char path[4096];                     // the ELF file that will run it: the same file, or its interpreter
    int fd;                              // path, open for reading; -1 unless the search succeeded
    bool by_script;                      // path is an interpreter
    char env_program[SCRIPT_HEAD_BYTES]; // not empty: the interpreter is env, and this is what it runs next
};

// Does what execvp(name) does up to the point of loading an ELF file: looks name up in PATH unless it holds a
// slash, follows #! lines, and takes /bin/sh for a text file without one. 0: *file is filled and the caller
// closes file->fd. Else -errno as execvp's, with the file that caused it in file->path (empty: nothing was
// found), -EPERM for one that may be executed but not read, and -ENOEXEC for one that is neither ELF nor
// text.
int target_find(const char *name, struct image_file *file);
