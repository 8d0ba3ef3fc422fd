// Entries in braces, as valgrind has them; see suppressions.h. Called by suppressions_read.c, line by line.
#include "analyzer/gate/suppressions_parse.h"

#include "analyzer/gate/glob.h"
#include "analyzer/gate/mangled.h"
#include "analyzer/text.h"
#include "analyzer/vector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { HEAP = (1u << VERDICT_OPEN) - 1 };

// "Memcheck:Leak", "Memcheck,Helgrind:Race": is it one of those that are about what is left?
static enum entry_state kind_of(const char *line, uint32_t *verdicts) {
    const char *colon = strchr(line, ':');
    if (!colon)
        return ENTRY_OUTSIDE;
    size_t bytes = (size_t)(colon - line);
    const char *memcheck = strcasestr(line, "memcheck");
    if (memcheck && memcheck < colon && strcmp(colon + 1, "Leak") == 0) {
        *verdicts = HEAP;
        return ENTRY_STACK;
    }
    if (bytes == strlen("CoreError") && begins(line, "CoreError") && strcmp(colon + 1, "FdNotClosed") == 0) {
        *verdicts = 1u << VERDICT_OPEN;
        return ENTRY_STACK;
    }
    return ENTRY_PASSED;
}

// A block that was not classified may be definitely lost: only who suppresses those suppresses it.
static int parse_kinds(struct parsing *p, const char *words) {
    uint32_t set = 0;
    while (*(words += strspn(words, " \t,"))) {
        size_t bytes = strcspn(words, " \t,");
        char word[16] = "";
        memcpy(word, words, bytes < sizeof word ? bytes : sizeof word - 1);
        int verdict = verdict_from_name(word);
        if (strcmp(word, "all") == 0)
            set |= HEAP;
        else if (verdict >= 0 && verdict < VERDICT_OPEN)
            set |= 1u << verdict | (verdict == VERDICT_DEFINITE ? 1u << VERDICT_UNCLASSIFIED : 0);
        else if (strcmp(word, "none") != 0)
            return text_fail(&p->lines,
                             "'%.*s' is no leak kind; there are definite, indirect, possible, reachable, "
                             "unclassified, all "
                             "and none",
                             (int)(bytes < 64 ? bytes : 64), words);
        words += bytes;
    }
    p->verdicts = set;
    return 0;
}

// A name with parameters is also compared in its normal form, which may have other pairs.
static uint64_t pairs_needed(enum pattern_kind kind, const char *text) {
    return kind == PATTERN_FUNCTION && !strchr(text, '(') ? glob_pairs_needed(text) : 0;
}

static int parse_frame(struct parsing *p, char *line) {
    static const struct {
        const char *word;
        enum pattern_kind kind;
    } words[] = {{"fun:", PATTERN_FUNCTION}, {"obj:", PATTERN_OBJECT}, {"src:", PATTERN_SOURCE}};
    if (strcmp(line, "...") == 0) {
        *VECTOR_PUSH(p->stack, p->stack_count, p->stack_room) = (struct pattern){.kind = PATTERN_ANY_FRAMES};
        return 0;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t bytes = strlen(words[i].word);
        if (!begins(line, words[i].word))
            continue;
        const char *text = line + bytes;
        if (!*text)
            return text_fail(&p->lines, "the pattern after '%s' is missing", words[i].word);
        text = words[i].kind == PATTERN_FUNCTION ? unmangled_pattern(p->all->arena, text)
                                                 : arena_strdup(p->all->arena, text);
        *VECTOR_PUSH(p->stack, p->stack_count, p->stack_room) =
            (struct pattern){.kind = words[i].kind, .text = text, .pairs = pairs_needed(words[i].kind, text)};
        return 0;
    }
    if (begins(line, "match-leak-kinds:"))
        return parse_kinds(p, line + strlen("match-leak-kinds:"));
    return text_fail(&p->lines, "'%.64s' is none of fun:, obj:, src:, ..., match-leak-kinds: and }", line);
}

static int end_entry(struct parsing *p) {
    bool kept = p->state == ENTRY_STACK;
    if (kept && p->stack_count == 0)
        return text_fail(&p->lines, "the entry has no frame: fun:, obj:, src: or ...");
    if (p->state < ENTRY_STACK)
        return text_fail(&p->lines, "the entry ends before it says what it suppresses: Memcheck:Leak");
    if (kept) {
        size_t here = p->lines.number;
        p->lines.number = p->begun;
        struct suppression *one = suppression_add(p);
        p->lines.number = here;
        one->name = p->name;
        one->verdicts = p->verdicts;
        one->stack_count = p->stack_count;
        one->stack = arena_array(p->all->arena, struct pattern, p->stack_count);
        memcpy(one->stack, p->stack, p->stack_count * sizeof *one->stack);
    }
    p->stack_count = 0;
    p->state = ENTRY_OUTSIDE;
    return 0;
}

int parse_entry_line(struct parsing *p, char *line) {
    if (says_nothing(line))
        return 0;
    line = trimmed(line);
    if (p->state != ENTRY_OUTSIDE && strcmp(line, "}") == 0)
        return end_entry(p);
    switch (p->state) {
    case ENTRY_OUTSIDE:
        if (strcmp(line, "{") != 0)
            return text_fail(&p->lines, "'%.64s' stands outside an entry, which begins with {", line);
        p->begun = p->lines.number;
        p->state = ENTRY_NAME;
        return 0;
    case ENTRY_NAME:
        p->name = arena_strdup(p->all->arena, line);
        p->state = ENTRY_KIND;
        return 0;
    case ENTRY_KIND:
        p->state = kind_of(line, &p->verdicts);
        return p->state == ENTRY_OUTSIDE
                   ? text_fail(&p->lines, "'%.64s' is no TOOL:KIND such as Memcheck:Leak", line)
                   : 0;
    case ENTRY_STACK:
        return parse_frame(p, line);
    case ENTRY_PASSED:
        break;
    }
    return 0;
}

int parse_entries_end(struct parsing *p) {
    if (p->state == ENTRY_OUTSIDE)
        return 0;
    p->lines.number = p->begun;
    return text_fail(&p->lines, "the entry that begins here has no end: }");
}
