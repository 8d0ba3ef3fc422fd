// Reads suppressions of both formats, told apart by the first line that says something; see suppressions.h.
#include "analyzer/gate/suppressions.h"
#include "analyzer/gate/suppressions_parse.h"

#include "analyzer/vector.h"
#include "analyzer/whole_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct suppressions *suppressions_new(void) {
    struct arena *arena = arena_new();
    struct suppressions *all = arena_alloc(arena, sizeof *all);
    all->arena = arena;
    return all;
}

void suppressions_free(struct suppressions *all) {
    if (!all)
        return;
    free(all->list);
    arena_free(all->arena);
}

struct suppression *suppression_add(struct parsing *p) {
    struct suppression *one = VECTOR_PUSH(p->all->list, p->all->count, p->all->room);
    if (p->built_in)
        return one;
    one->place = arena_printf(p->all->arena, "%s:%zu", p->lines.path, p->lines.number);
    return one;
}

char *trimmed(char *line) {
    line += strspn(line, " \t");
    size_t length = strlen(line);
    while (length && strchr(" \t", line[length - 1]))
        line[--length] = '\0';
    return line;
}

bool says_nothing(const char *line) {
    line += strspn(line, " \t");
    return !*line || *line == '#';
}

// leak:PATTERN, fd:PATTERN, map:PATTERN.
static int parse_template(struct parsing *p, char *line) {
    static const struct {
        const char *word;
        uint32_t verdicts;
    } kinds[] = {
        {"leak:", (1u << VERDICT_OPEN) - 1}, {"fd:", 1u << VERDICT_OPEN}, {"map:", 1u << VERDICT_MAPPED}};
    if (says_nothing(line))
        return 0;
    line = trimmed(line);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t bytes = strlen(kinds[i].word);
        if (strncmp(line, kinds[i].word, bytes) != 0)
            continue;
        if (!line[bytes])
            return text_fail(&p->lines, "the pattern after '%s' is missing", kinds[i].word);
        struct suppression *one = suppression_add(p);
        one->name = arena_strdup(p->all->arena, line);
        one->anywhere = arena_strdup(p->all->arena, line + bytes);
        one->verdicts = kinds[i].verdicts;
        return 0;
    }
    return text_fail(&p->lines, "'%.64s' is neither leak:PATTERN, fd:PATTERN nor map:PATTERN", line);
}

static int parse_lines(struct parsing *p) {
    char *line;
    int rc = 0;
    while ((line = text_lines_next(&p->lines)) && says_nothing(line))
        ;
    if (!line)
        return 0;
    bool braces = *trimmed(line) == '{';
    for (; rc == 0 && line; line = text_lines_next(&p->lines))
        rc = braces ? parse_entry_line(p, line) : parse_template(p, line);
    return rc == 0 && braces ? parse_entries_end(p) : rc;
}

int suppressions_parse(struct suppressions *all, const char *text, size_t bytes, const char *path,
                       char *message, size_t message_bytes) {
    struct parsing p = {.all = all, .built_in = path == NULL};
    size_t before = all->count;
    int rc = text_lines_begin(&p.lines, text, bytes, path ? path : "built in", message, message_bytes);
    if (rc == 0)
        rc = parse_lines(&p);
    text_lines_end(&p.lines);
    free(p.stack);
    if (rc < 0)
        all->count = before;
    return rc;
}

int suppressions_read(struct suppressions *all, const char *path, char *message, size_t message_bytes) {
    char *text;
    size_t bytes;
    int rc = whole_file_get(path, TEXT_FILE_MOST, &text, &bytes);
    if (rc < 0) {
        snprintf(message, message_bytes, "cannot read the suppressions '%s': %s", path, strerror(-rc));
        return rc;
    }
    rc = suppressions_parse(all, text, bytes, path, message, message_bytes);
    free(text);
    return rc;
}
