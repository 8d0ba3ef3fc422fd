// Makes arbitrary bytes printable; see escape.h. Allocates only in escape_invalid; called by the writers and
// wherever a message is shown.
#include "analyzer/report/escape.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

size_t utf8_sequence(const char *text, uint32_t *point) {
    static const uint32_t smallest[] = {0, 1, 0x80, 0x800, 0x10000}; // by length: less is an overlong form
    const unsigned char *bytes = (const unsigned char *)text;
    size_t length = bytes[0] < 0x80 ? 1 : bytes[0] < 0xc0 ? 0 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
    if (length == 0 || bytes[0] == 0 || bytes[0] > 0xf4)
        return 0;
    uint32_t value = length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) // the terminating NUL stops here, too
            return 0;
        value = value << 6 | (bytes[i] & 0x3fu);
    }
    if (value < smallest[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0;
    *point = value;
    return length;
}

char *escape_invalid(const char *text) {
    char *result = malloc(4 * strlen(text) + 1);
    if (!result)
        return NULL;
    char *at = result;
    while (*text) {
        uint32_t point;
        size_t length = utf8_sequence(text, &point);
        if (length > 0) {
            memcpy(at, text, length);
            at += length;
            text += length;
        } else {
            at += sprintf(at, "\\x%02x", (unsigned char)*text++);
        }
    }
    *at = '\0';
    return result;
}

// Code points that show nothing of themselves but change how their neighbours are shown or where the line
// goes.
static bool deceives(uint32_t point) {
    return (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2060 && point <= 0x206f) || point == 0x061c || point == 0xfeff ||
           (point >= 0xfff9 && point <= 0xfffb) || (point >= 0xe0000 && point <= 0xe007f) ||
           (point & 0xfffe) == 0xfffe; // no characters: XML, for one, takes them for an error
}

static void print_control(FILE *out, uint32_t point) {
    if (point == '\n')
        fputs("\\n", out);
    else if (point == '\t')
        fputs("\\t", out);
    else if (point < 0x80)
        fprintf(out, "\\x%02x", (unsigned)point);
    else
        fprintf(out, "\\u{%x}", (unsigned)point);
}

void escape_print(FILE *out, const char *text) {
    escape_print_with(out, text, NULL);
}

void escape_print_with(FILE *out, const char *text, const char *(*special)(char c)) {
    while (text && *text) {
        uint32_t point;
        size_t length = utf8_sequence(text, &point);
        const char *instead = special && length == 1 ? special(*text) : NULL;
        if (instead)
            fputs(instead, out);
        else if (length == 0)
            fprintf(out, "\\x%02x", (unsigned char)*text);
        else if (point < 0x20 || (point >= 0x7f && point <= 0x9f) || deceives(point))
            print_control(out, point);
        else
            fwrite(text, 1, length, out);
        text += length ? length : 1;
    }
}

static bool needs_quotes(const char *word) {
    if (!*word)
        return true;
    for (; *word; word++)
        if (!isalnum((unsigned char)*word) && !strchr("_-+=/.,:@%^", *word))
            return true;
    return false;
}

void escape_print_word(FILE *out, const char *word) {
    if (!needs_quotes(word)) {
        fputs(word, out);
        return;
    }
    fputc('\'', out);
    for (const char *quote; (quote = strchr(word, '\'')); word = quote + 1) {
        char *piece = strndup(word, (size_t)(quote - word));
        escape_print(out, piece);
        free(piece);
        fputs("'\\''", out);
    }
    escape_print(out, word);
    fputc('\'', out);
}
