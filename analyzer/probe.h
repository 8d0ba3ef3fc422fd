// What this machine lets seep do: one question each, answered by trying, not by version numbers.
// Used by command_doctor.c. None of these prints, and none leaves a process, a descriptor or a mapping
// behind.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// 0 if it works, -errno if not.
int probe_memfd(void);
int probe_pidfd(void);
int probe_wipe_on_fork(void); // a page given MADV_WIPEONFORK is empty in a forked child
int probe_ptrace(void);       // seize a forked child and read its memory, as the verdict does

// Yama's restriction on ptrace (0 none ... 3 nobody), -ENOENT where there is no Yama.
int probe_yama_scope(void);

// Can this library be loaded by name? 0, or -ENOENT and the loader's own words in message.
int probe_library(const char *name, char *message, size_t message_bytes);

// Is the running glibc at least major.minor? Its version in words goes to *version (static storage).
bool probe_glibc(int major, int minor, const char **version);

// The separate debug file of this process's libc: 0 and its path, or -ENOENT and the path where one would be
// looked for first. -ENODATA: libc carries no build-id.
int probe_libc_debug_file(char *path, size_t bytes);
