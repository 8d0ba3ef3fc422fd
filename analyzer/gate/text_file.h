// Small text files that people write, line by line, with messages that name the line.
#pragma once

#include <stddef.h>

struct text_lines {
    char *text;    // a copy, cut into lines as they are handed out
    char *next;    // NULL: none is left
    size_t number; // of the last line handed out, from 1
    const char *path;
    char *message;
    size_t message_bytes;
};

enum { TEXT_FILE_MOST = 64 << 20 }; // bytes of a file that is read

// 0, or -EINVAL with a message: a NUL byte is in it. text_lines_end() releases, whatever this returned.
int text_lines_begin(struct text_lines *lines, const char *text, size_t bytes, const char *path,
                     char *message, size_t message_bytes);
// The next line, without its end ("\n" or "\r\n"), which the caller may change; NULL: that was all.
char *text_lines_next(struct text_lines *lines);
void text_lines_end(struct text_lines *lines);

// Puts FILE:LINE: and the words into the message. Returns -EINVAL.
int text_fail(struct text_lines *lines, const char *format, ...) __attribute__((format(printf, 2, 3)));
