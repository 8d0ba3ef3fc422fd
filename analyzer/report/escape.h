// Names come from file systems, symbol tables and command lines: any bytes at all. Here they become safe to
// print. The escape of a byte B that cannot stand for itself is the four characters \xBB (lower-case hex).
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// The length, 1 to 4, of the well-formed UTF-8 sequence that text begins with, and its code point in *point.
// 0: text begins with a byte that is not UTF-8 (overlong forms and surrogates are not), or with its end.
size_t utf8_sequence(const char *text, uint32_t *point);

// Valid UTF-8 with the same meaning: every byte that is not part of a well-formed sequence is escaped; all
// else, control characters included, is kept. The caller frees; NULL when there is no memory.
char *escape_invalid(const char *text);

// Prints text for a terminal: on one line, valid UTF-8, and nothing in it moves the cursor, starts an escape
// sequence or reorders what is shown. Control characters come as \n, \t or \xBB, invisible and bidirectional
// ones as \u{202e}. NULL prints nothing.
void escape_print(FILE *out, const char *text);

// The same for text within a syntax: a printable ASCII character or control character that special() has an
// answer for is printed as that answer, everything else as escape_print() does. The syntaxes are in
// escape_syntax.h.
void escape_print_with(FILE *out, const char *text, const char *(*special)(char c));

// The same as escape_print, as a word that a shell would take back: quoted if anything but letters, digits
// and safe marks is in it.
void escape_print_word(FILE *out, const char *word);
