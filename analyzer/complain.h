// How seep speaks of its own failures: one line on stderr.
#pragma once

// Prints "seep: ", the text with everything in it that is not printable escaped, and a newline.
// Returns 125, the status of a seep that failed, so that a command can end with return complain(...).
int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
