// Annotations for GitHub Actions, which its runner takes from a job's output, and the job's summary; see
// writers.h. GitHub shows ten annotations of a step: the gate's comes first, then the worst sites, and what
// is left over is counted in the last.
#include "analyzer/report/writers.h"

#include "analyzer/report/escape.h"
#include "analyzer/report/escape_syntax.h"
#include "analyzer/report/listing.h"
#include "analyzer/report/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ANNOTATIONS = 10,
    STACK_FRAMES = 12,
    LONGEST_NAME = 200,
    SUMMARY_BYTES = 1 << 20, // of all that a step writes there; beyond it GitHub shows nothing of it
    SUMMARY_LEAST = 4096,    // less room than this isn't worth a beginning
};

struct annotations {
    FILE *out;
    struct arena *arena;
    const char *root; // of the sources
};

static const char *const commands[] = {
    [SEVERITY_ERROR] = "error", [SEVERITY_WARNING] = "warning", [SEVERITY_NOTE] = "notice"};

// "::error file=F,line=N,title=T::" without a file if it is NULL.
static void print_command_head(const struct annotations *a, enum severity severity, const char *file,
                               uint32_t line, const char *title) {
    fprintf(a->out, "::%s ", commands[severity]);
    if (file) {
        fputs("file=", a->out);
        escape_github_property(a->out, file);
        if (line)
            fprintf(a->out, ",line=%" PRIu32, line);
        fputc(',', a->out);
    }
    fputs("title=", a->out);
    escape_github_property(a->out, title);
    fputs("::", a->out);
}

static void print_site_annotation(const struct annotations *a, const struct listed_site *listed, bool gated) {
    const struct report_site *site = listed->site;
    const char *path = NULL;
    const struct report_frame *frame = frame_in_sources(a->arena, site, a->root, &path);
    enum severity severity = verdict_severity(site->verdict);
    if (!gated && severity == SEVERITY_ERROR)
        severity = SEVERITY_WARNING; // the gate let it pass
    print_command_head(a, severity, path, frame ? frame->line : 0,
                       arena_printf(a->arena, "seep: %s", listed_title(a->arena, listed)));
    escape_github_data(a->out, shortened(a->arena, site->call, LONGEST_NAME));
    fputs(" called from", a->out);
    size_t frames;
    const struct report_frame **shown = frames_for_people(a->arena, site, &frames);
    for (size_t i = 0; i < frames && i < STACK_FRAMES; i++) {
        fputs("%0A  ", a->out);
        escape_github_data(a->out,
                           shortened(a->arena, frame_words(a->arena, shown[i], a->root), LONGEST_NAME));
    }
    if (frames > STACK_FRAMES)
        fprintf(a->out, "%%0A  ... %zu more frames", frames - STACK_FRAMES);
    if (frames == 0)
        fputs(" a place that is not known", a->out);
    fprintf(a->out, "%%0Asite %s%s%s\n", site->id, site->baseline ? ", " : "",
            site->baseline ? site->baseline : "");
}

static void print_gate_annotation(const struct annotations *a, const struct report_gate *gate) {
    print_command_head(a, SEVERITY_ERROR, NULL, 0, "seep: the gate failed");
    for (size_t i = 0; i < gate->reason_count && i < STACK_FRAMES; i++) {
        fputs(i ? "%0A" : "", a->out);
        escape_github_data(a->out, shortened(a->arena, gate->reasons[i], 2 * LONGEST_NAME));
    }
    if (gate->reason_count > STACK_FRAMES)
        fprintf(a->out, "%%0A... and %zu more reasons", gate->reason_count - STACK_FRAMES);
    if (gate->update) {
        fputs("%0ATo accept this: ", a->out);
        escape_github_data(a->out, gate->update);
    }
    fputc('\n', a->out);
}

static void print_inexact_annotation(const struct annotations *a, const struct report *report) {
    print_command_head(a, SEVERITY_WARNING, NULL, 0, "seep: figures are not exact");
    for (size_t i = 0; i < report->inexact_count && i < STACK_FRAMES; i++) {
        fputs(i ? "%0A" : "", a->out);
        escape_github_data(a->out, shortened(a->arena, report->inexact_because[i], 2 * LONGEST_NAME));
    }
    if (report->inexact_count > STACK_FRAMES)
        fprintf(a->out, "%%0A... and %zu more reasons", report->inexact_count - STACK_FRAMES);
    fputc('\n', a->out);
}

int report_write_github(const struct report *report, const struct options *options, FILE *out) {
    struct arena *arena = arena_new();
    struct annotations a = {out, arena, source_root(arena, options)};
    struct listing listing = listing_make(arena, report, options);
    size_t count = 0, room = ANNOTATIONS;
    for (size_t i = 0; i < listing.count; i++)
        if (!site_known(listing.sites[i].site))
            listing.sites[count++] = listing.sites[i];
    bool tripped = report->gate && report->gate->tripped;
    if (tripped || !report->exact || count > 0)
        fputc('\n', out); // a command counts only where a line begins, and the program may have left one open
    if (tripped) {
        print_gate_annotation(&a, report->gate);
        room--;
    }
    if (!report->exact) {
        print_inexact_annotation(&a, report);
        room--;
    }
    size_t shown = count <= room ? count : room - 1;
    for (size_t i = 0; i < shown; i++)
        print_site_annotation(&a, &listing.sites[i], tripped || !report->gate);
    if (shown < count) {
        print_command_head(&a, SEVERITY_NOTE, NULL, 0,
                           arena_printf(arena, "seep: %zu more sites", count - shown));
        fprintf(
            out,
            "GitHub shows %d annotations of a step; the job's summary and the whole report have the rest.\n",
            ANNOTATIONS);
    }
    arena_free(arena);
    return ferror(out) ? -EIO : 0;
}

// --- the job's summary
// -----------------------------------------------------------------------------------------------

static int append(const char *path, const char *text, size_t bytes) {
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    if (fd < 0)
        return -errno;
    int rc = 0;
    while (bytes > 0 && rc == 0) {
        ssize_t written = write(fd, text, bytes);
        if (written < 0 && errno != EINTR)
            rc = -errno;
        text += written > 0 ? written : 0;
        bytes -= written > 0 ? (size_t)written : 0;
    }
    if (close(fd) != 0 && rc == 0)
        rc = -errno;
    return rc;
}

int github_append_summary(const struct report *report, const struct options *options, char *message,
                          size_t message_bytes) {
    const char *path = getenv("GITHUB_STEP_SUMMARY");
    if (!path || !*path)
        return 0;
    struct stat status;
    size_t used = stat(path, &status) == 0 ? (size_t)status.st_size : 0;
    if (used + SUMMARY_LEAST > SUMMARY_BYTES)
        return 0;
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    int rc = out ? markdown_write(report, options, SUMMARY_BYTES - used - 2, out) : -ENOMEM;
    if (out && fprintf(out, "\n") > 0 && fclose(out) != 0)
        rc = -ENOMEM;
    if (rc == 0 && used + bytes <= SUMMARY_BYTES)
        rc = append(path, text, bytes);
    free(text);
    if (rc < 0)
        snprintf(message, message_bytes, "cannot add to the job's summary '%s' (GITHUB_STEP_SUMMARY): %s",
                 path, strerror(-rc));
    return rc;
}
