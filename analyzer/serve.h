// The analyzer as a program's own helper: started by the shim in a program that was run with LD_PRELOAD
// alone.
#pragma once

// Serves the program at the other end of this connection and what it starts, reports, and returns the exit
// status.
int serve(const char *connection);
