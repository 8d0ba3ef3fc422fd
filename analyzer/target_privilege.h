// Would starting this file raise privileges? Then the loader runs in secure mode (AT_SECURE) and ignores
// LD_PRELOAD.
#pragma once

enum privilege { PRIVILEGE_NONE, PRIVILEGE_SETUID, PRIVILEGE_SETGID, PRIVILEGE_CAPABILITIES };

// Judges the open file for a process like the calling one: a set-user-ID file of the caller's own, on a
// nosuid mount or under no_new_privs raises nothing, and neither do file capabilities for root, so preloading
// works there. Returns an enum privilege, or -errno.
int privilege_raised(int fd);
