// See fdinfo.h. Called by describe.c.
#include "analyzer/proc/fdinfo.h"

#include <stdlib.h>
#include <string.h>

// The rest of a line that begins with `name`; NULL if it doesn't.
static const char *member(const char *line, const char *name) {
    size_t length = strlen(name);
    if (strncmp(line, name, length) != 0)
        return NULL;
    for (line += length; *line == ' ' || *line == '\t'; line++)
        ;
    return line;
}

// "(SECONDS, NANOSECONDS)"
static uint64_t time_ns(const char *text) {
    char *end;
    if (*text != '(')
        return 0;
    uint64_t seconds = strtoull(text + 1, &end, 10);
    uint64_t rest = *end == ',' ? strtoull(end + 1, NULL, 10) : 0, all;
    return __builtin_mul_overflow(seconds, 1000000000u, &all) || __builtin_add_overflow(all, rest, &all)
               ? UINT64_MAX
               : all;
}

static void parse_line(const char *line, struct fdinfo *out) {
    const char *value;
    if ((value = member(line, "pos:")))
        out->position = strtoll(value, NULL, 10);
    else if ((value = member(line, "flags:")))
        out->flags = strtoll(value, NULL, 8) & INT64_MAX;
    else if (member(line, "inotify wd:") || member(line, "fanotify ino:") || member(line, "fanotify mnt_id:"))
        out->watches++;
    else if ((value = member(line, "tfd:"))) {
        if (out->target_count < FDINFO_TARGETS)
            out->targets[out->target_count] = (int)strtol(value, NULL, 10);
        out->target_count++;
    } else if ((value = member(line, "eventfd-count:")))
        out->eventfd_count = strtoull(value, NULL, 16);
    else if ((value = member(line, "Pid:")))
        out->pid = strtoll(value, NULL, 10);
    else if ((value = member(line, "it_value:")))
        out->timer_next_ns = time_ns(value);
    else if ((value = member(line, "it_interval:")))
        out->timer_interval_ns = time_ns(value);
}

void fdinfo_parse(const char *text, struct fdinfo *out) {
    *out = (struct fdinfo){.position = -1, .flags = -1};
    for (const char *line = text; *line;) {
        parse_line(line, out);
        const char *end = strchr(line, '\n');
        if (!end)
            return;
        line = end + 1;
    }
}
