// What the text report says of descriptors. Called by text.c, text_summary.c and text_sites.c only.
#include "analyzer/report/text.h"

#include "analyzer/report/escape.h"
#include "analyzer/report/units.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

enum { WARN_PERCENT = 80 };

static uint64_t in_use(const struct fd_totals *fd) {
    return add_saturating(add_saturating(fd->outstanding, fd->inherited), fd->unattributed);
}

void print_type(FILE *out, uint64_t count, const char *type) {
    static const char *const nouns[] = {"file",    "socket",  "pipe",     "terminal", "device",
                                        "eventfd", "timerfd", "signalfd", "memfd",    "pidfd"};
    for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++)
        if (strcmp(type, nouns[i]) == 0) {
            print_count(out, count, type);
            return;
        }
    print_number(out, count);
    fputc(' ', out);
    if (strcmp(type, "directory") == 0) {
        fputs(count == 1 ? "directory" : "directories", out);
        return;
    }
    escape_print(out, type);
    fputs(count == 1 ? " descriptor" : " descriptors", out);
}

static bool same(const char *a, const char *b) {
    return a && b && strcmp(a, b) == 0;
}

static bool met_before(const struct report_site *site, size_t at) {
    for (size_t i = 0; i < at; i++)
        if (same(site->tallies[i].type, site->tallies[at].type))
            return true;
    return false;
}

// ", 34,990 in CLOSE_WAIT"; of a single one ", in CLOSE_WAIT"
static void print_states(FILE *out, const struct report_site *site, const char *type, uint64_t count) {
    for (size_t i = 0; i < site->tally_count; i++) {
        const struct report_tally *tally = &site->tallies[i];
        if (!tally->state || !same(tally->type, type))
            continue;
        fputs(", ", out);
        if (count > 1) {
            print_number(out, tally->count);
            fputc(' ', out);
        }
        fputs(isupper((unsigned char)tally->state[0]) ? "in " : "", out);
        escape_print(out, tally->state);
    }
}

void print_descriptors(FILE *out, const struct report_site *site) {
    uint64_t known = 0;
    for (size_t i = 0; i < site->tally_count; i++) {
        const char *type = site->tallies[i].type;
        if (!type || met_before(site, i))
            continue;
        uint64_t count = 0;
        for (size_t k = i; k < site->tally_count; k++)
            if (same(site->tallies[k].type, type))
                count = add_saturating(count, site->tallies[k].count);
        fputs(known ? "; " : "", out);
        print_type(out, count, type);
        print_states(out, site, type, count);
        known = add_saturating(known, count);
    }
    if (known >= site->count && known)
        return;
    fputs(known ? "; " : "", out);
    print_count(out, site->count - known, known ? "other descriptor" : "descriptor");
}

void print_descriptor(FILE *out, const struct report_example *example) {
    fprintf(out, "%" PRIu64, example->address);
    const char *words[] = {example->type, example->target, example->state, example->detail};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i]) {
            fputs(i == 0 ? " " : ", ", out);
            escape_print(out, words[i]);
        }
}

void print_fd_line(FILE *out, const struct fd_totals *fd) {
    fputs("  fds     ", out);
    print_count(out, fd->outstanding, "descriptor");
    fputs(" still open; ", out);
    print_number(out, fd->opened);
    fputs(" opened, ", out);
    print_number(out, fd->closed);
    fputs(" closed", out);
    if (fd->closed_unseen) {
        fputs(", ", out);
        print_number(out, fd->closed_unseen);
        fputs(" gone unseen", out);
    }
    if (fd->standard) {
        fputs(", ", out);
        print_count(out, fd->standard, "standard stream");
        fputs(" replaced", out);
    }
    if (fd->looked_at) {
        fputs("; ", out);
        print_number(out, fd->inherited);
        fputs(" inherited", out);
        if (fd->unattributed) {
            fputs(", ", out);
            print_number(out, fd->unattributed);
            fputs(" unattributed", out);
        }
    } else {
        fputs(", by the record alone: it ended before it could be looked at", out);
    }
    if (fd->limit >= 0 && fd->limit < INT64_MAX) {
        fputs("; limit ", out);
        print_number(out, (uint64_t)fd->limit);
    }
    fputc('\n', out);
}

void print_fd_warning(FILE *out, const struct report_process *process) {
    const struct fd_totals *fd = &process->fd;
    if (!process->fd_tracked || !fd->looked_at || fd->limit <= 0 || fd->limit == INT64_MAX)
        return;
    uint64_t used = in_use(fd), limit = (uint64_t)fd->limit;
    if ((double)used * 100 <= (double)limit * WARN_PERCENT)
        return;
    fprintf(out, "WARNING: process %" PRId64 " had ", process->pid);
    print_number(out, used);
    fputs(" of the ", out);
    print_count(out, limit, "descriptor");
    fputs(" open that it may have (RLIMIT_NOFILE), ", out);
    print_share(out, used, limit);
    fputs(".\n", out);
}

static void print_step(FILE *out, const char *what, const struct report_step *step) {
    if (!step->call)
        return;
    fprintf(out, "      %s, ", what);
    escape_print(out, step->call);
    fputs(" called from\n", out);
    for (size_t i = 0; i < step->frame_count; i++) {
        fputs("        ", out);
        print_frame(out, &step->frames[i], 0);
        fputc('\n', out);
    }
}

static void print_misuses(FILE *out, const struct report_process *process) {
    for (size_t i = 0; i < process->misuse_count; i++) {
        const struct report_misuse *misuse = &process->misuses[i];
        fputs("\n  ", out);
        print_count(out, misuse->count, misuse->twice ? "descriptor" : "number");
        fprintf(out, " closed %s, such as %" PRId64 "\n", misuse->twice ? "twice" : "that was not open",
                misuse->fd);
        print_step(out, "opened", &misuse->opened);
        print_step(out, "closed", &misuse->closed);
        print_step(out, misuse->twice ? "closed again" : "closed", &misuse->again);
    }
    if (process->fd.swept) {
        fputs("\n  ", out);
        print_count(out, process->fd.swept, "close");
        fputs(" of one number after the other found nothing open\n", out);
    }
}

void print_fd_rest(FILE *out, const struct report_process *process, const struct options *options) {
    if (!process->fd_tracked)
        return;
    if (options->verbosity > 0)
        print_misuses(out, process);
}
