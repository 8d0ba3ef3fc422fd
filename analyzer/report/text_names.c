// What would name the functions that are "??" in the text. Called by text.c, below the sites.
#include "analyzer/report/text.h"

#include "analyzer/report/escape.h"
#include "analyzer/report/units.h"
#include "analyzer/vector.h"

#include <stdlib.h>
#include <string.h>

enum { MODULES_NAMED = 3 };

struct nameless {
    struct nameless_module {
        const char *path;
        uint64_t frames;
    } * modules;
    size_t count, room;
};

static void add_frame(struct nameless *nameless, const struct report_frame *frame) {
    if (frame->function || !frame->module || frame->module[0] != '/')
        return;
    for (size_t i = 0; i < nameless->count; i++)
        if (strcmp(nameless->modules[i].path, frame->module) == 0) {
            nameless->modules[i].frames++;
            return;
        }
    *VECTOR_PUSH(nameless->modules, nameless->count, nameless->room) =
        (struct nameless_module){frame->module, 1};
}

static int most_frames_first(const void *a, const void *b) {
    const struct nameless_module *left = a, *right = b;
    if (left->frames != right->frames)
        return left->frames > right->frames ? -1 : 1;
    return strcmp(left->path, right->path);
}

void print_nameless(FILE *out, const struct report *report, const struct options *options) {
    struct nameless nameless = {0};
    for (size_t i = 0; i < report->process_count; i++)
        for (size_t k = 0; k < report->processes[i].site_count; k++) {
            const struct report_site *site = &report->processes[i].sites[k];
            for (size_t f = 0; site_printed(site, options) && f < frames_up_to_main(site); f++)
                add_frame(&nameless, &site->frames[f]);
        }
    if (nameless.count == 0)
        return;
    qsort(nameless.modules, nameless.count, sizeof *nameless.modules, most_frames_first);
    size_t named = nameless.count <= MODULES_NAMED + 1 ? nameless.count : MODULES_NAMED;
    fputs("\nFunctions without a name (?\?) are in ", out);
    for (size_t i = 0; i < named; i++) {
        fputs(i == 0 ? "" : i + 1 == nameless.count ? " and " : ", ", out);
        escape_print(out, nameless.modules[i].path);
    }
    if (named < nameless.count) {
        fputs(" and ", out);
        print_count(out, nameless.count - named, "more file");
    }
    fputs(": debug packages", out);
    fputs(options->debuginfod ? " would name them.\n" : ", or --debuginfod, would name them.\n", out);
    free(nameless.modules);
}
