// See lost_stacks.h. Called by memcheck.c.
#include "tests/lib/lost_stacks.h"

#include "tests/lib/run.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_MASK = 0xfff };

static bool begins(const char *name, const char *with) {
    return strncmp(name, with, strlen(with)) == 0;
}

// What called the program's outermost function: memcheck's logs end at main, or name these otherwise.
static bool is_below_program(const char *name) {
    static const char *const names[] = {"(below main)", "__libc_start", "_start",  "start_thread",
                                        "_dl_init",     "call_init",    "_dl_fini"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (begins(name, names[i]))
            return true;
    return false;
}

static void add(struct lost_stacks *lost, const char *key, const char *words, long long blocks) {
    ck_assert_msg(lost->count < LOST_STACKS, "more than %d stacks have lost blocks", LOST_STACKS);
    lost->stacks[lost->count++] = (struct lost_stack){key, words, blocks};
}

// The frame after those of *stack, unless it is at the same place: then it was inlined, or calls itself.
static void append_frame(struct lost_stack *stack, unsigned long place, const char *name) {
    const char *last = strrchr(stack->key, ' '), *next = text(" %03lx", place & PAGE_MASK);
    if (last && !strcmp(last, next))
        return;
    stack->key = text("%s%s", stack->key, next);
    stack->words = text("%s %s", stack->words, name);
}

static bool is_lost(const json_t *site) {
    const char *verdict = json_string_value(json_object_get(site, "verdict"));
    return !strcmp(verdict, "definite") || !strcmp(verdict, "indirect");
}

static void add_site(struct lost_stacks *lost, const json_t *site) {
    struct lost_stack stack = {"", "", json_integer_value(json_object_get(site, "count"))};
    size_t index;
    const json_t *frame;
    json_array_foreach(json_object_get(site, "frames"), index, frame) {
        const char *name = json_string_value(json_object_get(frame, "function"));
        const char *offset = json_string_value(json_object_get(frame, "offset"));
        if (name && is_below_program(name))
            break;
        if (!json_is_true(json_object_get(frame, "inlined")) && !(name && begins(name, "operator new")))
            append_frame(&stack, offset ? strtoul(offset, NULL, 16) : 0, name ? name : "??");
    }
    add(lost, stack.key, stack.words, stack.blocks);
}

void lost_stacks_of_report(struct lost_stacks *lost, const json_t *process) {
    size_t index;
    const json_t *site;
    json_array_foreach(json_object_get(process, "sites"), index, site) {
        if (is_lost(site))
            add_site(lost, site);
    }
}

// "   by 0x1FF11D: Perl_savepvn (in /usr/bin/perl)"
static void read_frame(struct lost_stack *stack, const char *line) {
    const char *place = strstr(line, "0x"), *name = place ? strstr(place, ": ") : NULL;
    bool is_replaced = strstr(line, "vgpreload") || strstr(line, "vg_replace_malloc");
    if (name && !is_replaced && !begins(name + 2, "operator new"))
        append_frame(stack, strtoul(place, NULL, 16), text("%.*s", (int)strcspn(name + 2, " "), name + 2));
}

void lost_stacks_read_line(struct lost_stacks *lost, const char *line, long long blocks) {
    const char *name = strstr(line, ": ");
    bool is_frame = strstr(line, "   at 0x") || strstr(line, "   by 0x");
    if (blocks)
        add(lost, "", "", blocks);
    lost->goes_on = blocks || (lost->goes_on && is_frame && name && !is_below_program(name + 2));
    if (is_frame && lost->goes_on)
        read_frame(&lost->stacks[lost->count - 1], line);
}

static long long blocks_of(const struct lost_stacks *lost, const char *key) {
    long long blocks = 0;
    for (size_t i = 0; i < lost->count; i++)
        if (!strcmp(lost->stacks[i].key, key))
            blocks += lost->stacks[i].blocks;
    return blocks;
}

const char *lost_stacks_exceed(const struct lost_stacks *some, const struct lost_stacks *all) {
    for (size_t i = 0; i < some->count; i++) {
        const char *key = some->stacks[i].key;
        if (blocks_of(some, key) > blocks_of(all, key))
            return text("%lld blocks, not %lld, from%s", blocks_of(some, key), blocks_of(all, key),
                        some->stacks[i].words);
    }
    return NULL;
}
