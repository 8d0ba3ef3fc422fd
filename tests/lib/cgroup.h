// A memory control group of a test's own, below the one that the test runs in, of either version. Needs
// rights that containers often lack: then there is none.
#pragma once

#include <stdbool.h>

// Makes it, with this limit. False: it can't be had.
bool own_cgroup_make(long long limit_bytes);
// For struct command's prepare: the child goes in, and what it starts.
void own_cgroup_enter(void);
// Waits until all that was in it has ended.
void own_cgroup_remove(void);
