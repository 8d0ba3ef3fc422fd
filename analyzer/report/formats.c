// The table of formats, and the way of each to its file. A report is rendered in memory first: a write that
// fails leaves nothing half-written, and text and program don't interleave on a terminal. Called by the
// commands.
#include "analyzer/report/formats.h"

#include "analyzer/report/json.h"
#include "analyzer/report/outfile.h"
#include "analyzer/report/text.h"
#include "analyzer/report/writers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int (*report_writer)(const struct report *report, const struct options *options, FILE *out);

static const struct format {
    const char *name;
    report_writer write;
    bool binary;
} formats[] = {
#define FORMAT(name, writer, whom)        {#name, writer, false},
#define FORMAT_BINARY(name, writer, whom) {#name, writer, true},
#define FORMAT_LATER(...)                 // the parser refuses them
#include "analyzer/report/formats.def"
};

static const struct format *find_format(const char *name) {
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

// The output that -o speaks of: the text, or else the first, of those without a file. NULL: all have files.
static const struct output *output_of_o(const struct options *options) {
    const struct output *first = NULL;
    for (size_t i = 0; i < options->format_count; i++) {
        const struct output *output = &options->formats[i];
        if (output->file)
            continue;
        if (strcmp(output->format, "text") == 0)
            return output;
        if (!first)
            first = output;
    }
    return first;
}

static const char *destination(const struct options *options, const struct output *output) {
    if (output->file)
        return output->file;
    if (options->output && output == output_of_o(options))
        return options->output;
    bool ours = options->command != COMMAND_RUN; // stdout is not a program's
    return strcmp(output->format, "text") == 0 && !ours ? "/dev/stderr" : "/dev/stdout";
}

// %p becomes the pid, %% a percent sign, any other % stays. The caller frees; NULL without memory.
static char *expand(const char *path, pid_t pid) {
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    if (!out)
        return NULL;
    for (; *path; path++) {
        if (path[0] == '%' && path[1] == 'p')
            fprintf(out, "%ld", (long)pid);
        else
            fputc(path[0], out);
        if (path[0] == '%' && (path[1] == 'p' || path[1] == '%'))
            path++;
    }
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static int render(report_writer write, const struct report *report, const struct options *options,
                  char **text, size_t *bytes) {
    *text = NULL;
    FILE *out = open_memstream(text, bytes);
    if (!out)
        return -ENOMEM;
    int rc = write(report, options, out);
    if (fclose(out) != 0)
        rc = -ENOMEM;
    return rc;
}

static int write_one(const struct report *report, const struct options *options, const struct output *output,
                     pid_t pid, char *message, size_t message_bytes) {
    const struct format *format = find_format(output->format);
    char *path = expand(destination(options, output), pid);
    char *text = NULL;
    size_t bytes = 0;
    int rc = !format ? -EINVAL : !path ? -ENOMEM : render(format->write, report, options, &text, &bytes);
    if (rc == 0)
        rc = outfile_write(path, text, bytes);
    if (rc < 0)
        snprintf(message, message_bytes, "cannot write the %s report to '%s': %s", output->format,
                 path ? path : "its file", strerror(-rc));
    free(text);
    free(path);
    if (rc == 0 && format->write == report_write_github)
        rc = github_append_summary(report, options, message, message_bytes);
    return rc;
}

int report_write_all(const struct report *report, const struct options *options, pid_t pid_for_percent_p,
                     char *message, size_t message_bytes) {
    int first = 0;
    for (size_t i = 0; i < options->format_count; i++) {
        char line[1024];
        int rc = write_one(report, options, &options->formats[i], pid_for_percent_p, line, sizeof line);
        if (rc < 0 && first == 0) {
            first = rc;
            snprintf(message, message_bytes, "%s", line);
        }
    }
    return first;
}

// With %p in its directories only the run's pid tells where it is; then the writing itself has to notice.
static bool known_directory(const char *path) {
    const char *percent = strstr(path, "%p");
    return !percent || !strchr(percent, '/');
}

static int check_one(const struct options *options, const struct output *output, char *message,
                     size_t message_bytes) {
    const char *path = destination(options, output);
    char *expanded = known_directory(path) ? expand(path, 0) : NULL;
    int rc = expanded ? outfile_check(expanded) : 0;
    const struct format *format = find_format(output->format);
    if (rc == 0 && expanded && format && format->binary && outfile_is_terminal(expanded)) {
        free(expanded);
        snprintf(message, message_bytes,
                 "the %s report is binary, not for a terminal; name a file: --format %s=FILE", output->format,
                 output->format);
        return -EINVAL;
    }
    free(expanded);
    if (rc == -ENOENT || rc == -ENOTDIR)
        snprintf(message, message_bytes,
                 "cannot write to '%s': its directory does not exist; create it or name another file", path);
    else if (rc < 0)
        snprintf(message, message_bytes, "cannot write to '%s': %s; name another file", path, strerror(-rc));
    return rc;
}

int report_outputs_check(const struct options *options, char *message, size_t message_bytes) {
    for (size_t i = 0; i < options->format_count; i++) {
        const struct output *one = &options->formats[i];
        const char *path = destination(options, one);
        for (size_t j = 0; j < i; j++) {
            const struct output *other = &options->formats[j];
            if (strcmp(path, destination(options, other)) != 0)
                continue;
            snprintf(message, message_bytes,
                     "the %s and the %s report both go to '%s'; give one of them a file: --format %s=FILE",
                     other->format, one->format, path, one->format);
            return -EEXIST;
        }
        int rc = check_one(options, one, message, message_bytes);
        if (rc < 0)
            return rc;
    }
    return 0;
}

bool report_outputs_want_acquired(const struct options *options) {
    for (size_t i = 0; i < options->format_count; i++)
        if (strcmp(options->formats[i].format, "pprof") == 0)
            return true;
    return false;
}
