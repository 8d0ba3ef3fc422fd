// Who is connected to whom among the unix sockets of our network namespace, from the kernel (sock_diag):
// /proc does not say.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// Does the process live in our network namespace?
bool unix_peers_are_visible(pid_t pid);

// Calls found for each socket that has a peer. 0 or -errno.
int unix_peers_each(void (*found)(void *context, uint64_t inode, uint64_t peer), void *context);
