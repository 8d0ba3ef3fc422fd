// A file of /proc as one text.
#pragma once

// NUL-terminated, to be freed; NULL if it can't be read. Files of more than 256 MiB are cut there.
char *whole_file(const char *path);
