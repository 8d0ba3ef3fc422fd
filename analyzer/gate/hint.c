// See hint.h. Called by baseline_write.c and judge.c.
#include "analyzer/gate/hint.h"

#include "analyzer/report/escape.h"
#include "analyzer/site_id.h"
#include "analyzer/site_name.h"
#include "analyzer/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_frame(FILE *out, const struct report_frame *frame) {
    char normal[SITE_NAME_BYTES];
    fputs(" < ", out);
    if (frame->function) {
        site_name_normalize(frame->function, normal, sizeof normal);
        escape_print(out, normal);
    } else {
        escape_print(out, frame->module ? base_name(frame->module) : "?");
    }
}

const char *site_hint(struct arena *arena, const struct report_site *site, size_t most) {
    const struct report_frame **frames = arena_array(arena, const struct report_frame *, site->frame_count);
    size_t count = site_frames(site, frames), bytes;
    char *text = NULL;
    FILE *out = open_memstream(&text, &bytes);
    if (!out)
        return site->call;
    escape_print(out, site->call);
    for (size_t i = 0; i < count && i < most; i++)
        print_frame(out, frames[i]);
    if (count > most)
        fputs(" < ...", out);
    fclose(out);
    for (char *at = text ? strstr(text, " #") : NULL; at; at = strstr(at, " #"))
        at[1] = '_';
    const char *copy = arena_strdup(arena, text);
    free(text);
    return copy ? copy : site->call;
}

const char *site_place(struct arena *arena, const struct report_site *site) {
    const struct report_frame **frames = arena_array(arena, const struct report_frame *, site->frame_count);
    size_t count = site_frames(site, frames);
    for (size_t i = 0; i < count; i++)
        if (frames[i]->file && frames[i]->line)
            return arena_printf(arena, "%s:%u", frames[i]->file, (unsigned)frames[i]->line);
    return NULL;
}
