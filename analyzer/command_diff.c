// seep diff: two saved reports, compared by site. As text, or with -f json for programs; the exit status says
// only whether that could be done.
#include "analyzer/commands.h"
#include "analyzer/complain.h"
#include "analyzer/gate/diff.h"
#include "analyzer/report/json.h"
#include "analyzer/report/outfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int write_diff(const struct differences *all, const struct options *options, bool json) {
    const struct output *format = &options->formats[0];
    const char *path = format->file ? format->file : options->output ? options->output : "/dev/stdout";
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    if (!out)
        return complain("no memory left to compare the reports");
    int rc = json ? diff_write_json(all, out) : diff_write_text(all, options, out);
    if (fclose(out) != 0 && rc == 0)
        rc = -ENOMEM;
    if (rc == 0)
        rc = outfile_write(path, text, bytes);
    free(text);
    return rc < 0 ? complain("cannot write the comparison to '%s': %s", path, strerror(-rc)) : 0;
}

int command_diff(const struct options *options) {
    struct report *old, *new;
    char message[2048];
    bool json = strcmp(options->formats[0].format, "json") == 0;
    if (options->format_count > 1 || (!json && strcmp(options->formats[0].format, "text") != 0))
        return complain("seep diff writes one format, text or json");
    if (report_read_json(options->arguments[0], &old, message, sizeof message) < 0)
        return complain("%s", message);
    if (report_read_json(options->arguments[1], &new, message, sizeof message) < 0) {
        report_free(old);
        return complain("%s", message);
    }
    struct arena *arena = arena_new();
    struct differences all = diff_reports(arena, old, new, options);
    int status = write_diff(&all, options, json);
    arena_free(arena);
    report_free(old);
    report_free(new);
    return status;
}
