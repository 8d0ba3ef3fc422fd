// The meeting with the analyzer, in the constructor: both mappings, and no descriptor left once it has ended.
#pragma once

#include "preload/wire/board.h"
#include "preload/wire/layout.h"

// Connects to the session's socket at this path. 0 and both mappings, or -errno; in either case the
// connection, -1 if there is none, which is for meet_end.
int meet_session(const char *socket_path, struct wire_memory **memory, struct wire_board **board,
                 int *connection);

// Starts an analyzer of our own (`seep` beside this library, or where it was installed) for a program started
// with LD_PRELOAD alone, and meets it. socket_path receives the new session's path, for children. 0 or
// -errno, and the connection as above. The analyzer becomes a child of init: the program's wait never sees
// it.
int meet_own_analyzer(char *const envp[], struct wire_memory **memory, struct wire_board **board,
                      char *socket_path, unsigned socket_path_bytes, int *connection);

// Closes the connection. bad: 0, or the -errno for which this process runs unrecorded: then the analyzer is
// told.
void meet_end(int connection, int bad);
