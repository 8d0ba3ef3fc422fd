// What the text report says of descriptors and mappings that came about past the hooks: how many of which
// sort, since nobody knows whose they are. Called by text.c and text_summary.c only.
#include "analyzer/report/text.h"

#include "analyzer/report/escape.h"
#include "analyzer/report/units.h"

#include <string.h>

enum {
    SHOWN = 5,                 // sorts, unless -v
    MANY = 10,                 // of one sort: more than a runtime or libc needs for itself
    SOME_BYTES = 1 << 20,      // of anonymous memory, of which the kernel makes one mapping where it can
    MANY_BYTES = 8 * (1 << 20) // likewise
};

static bool asked_for(const struct report_unattributed *group, const struct options *options) {
    return options->show & 1u << (group->kind == SITE_FD ? VERDICT_OPEN : VERDICT_MAPPED);
}

static bool is_anonymous(const struct report_unattributed *group) {
    return group->kind == SITE_MAP && strcmp(group->type, "anonymous") == 0;
}

// Libc maps a file once, for itself; a few pages of anonymous memory are the loader's.
static bool is_printed(const struct report_unattributed *group, enum site_kind kind,
                       const struct options *options) {
    if (group->kind != kind || !asked_for(group, options))
        return false;
    return kind == SITE_FD || options->verbosity > 0 ||
           (is_anonymous(group) ? group->bytes >= SOME_BYTES : group->count > 1);
}

static bool is_many(const struct report_unattributed *group, const struct options *options) {
    return asked_for(group, options) &&
           (is_anonymous(group) ? group->bytes >= MANY_BYTES : group->count >= MANY);
}

bool text_has_unattributed(const struct report_process *process, const struct options *options) {
    for (size_t i = 0; i < process->unattributed_group_count; i++)
        if (is_many(&process->unattributed_groups[i], options))
            return true;
    return false;
}

// "1,000 files, /etc/hosts"; "20 sockets in ESTABLISHED, tcp -> 127.0.0.1:80"; "4.0 MiB in 1,000 mappings of
// ..."
static void print_group(FILE *out, const struct report_unattributed *group) {
    if (group->kind == SITE_FD) {
        print_type(out, group->count, group->type);
        if (group->state) {
            fputs(strcmp(group->type, "socket") == 0 ? " in " : ", ", out);
            escape_print(out, group->state);
        }
    } else {
        print_amount(out, SITE_MAP, group->bytes, group->count);
        fputs(is_anonymous(group) ? " of anonymous memory" : "", out);
    }
    if (group->target) {
        fputs(", ", out);
        escape_print(out, group->target);
    }
}

static void print_kind(FILE *out, const struct report_process *process, enum site_kind kind,
                       const struct options *options) {
    size_t sorts = 0;
    uint64_t left = 0;
    for (size_t i = 0; i < process->unattributed_group_count; i++) {
        const struct report_unattributed *group = &process->unattributed_groups[i];
        if (!is_printed(group, kind, options))
            continue;
        if (sorts++ == 0)
            fputs(kind == SITE_FD
                      ? "\n  Open, but not opened by a call that seep sees: raw system calls open past libc "
                        "(Go's os and net\n  packages do), or libc opens for itself (as syslog does), so who "
                        "it was is not known:\n"
                      : "\n  Mapped, but not by a call that seep sees: raw system calls map past libc (Go's "
                        "syscall.Mmap does),\n  or libc maps for itself, so who it was is not known:\n",
                  out);
        if (sorts > SHOWN && options->verbosity <= 0) {
            left += group->count;
            continue;
        }
        fputs("        ", out);
        print_group(out, group);
        fputc('\n', out);
    }
    if (left) {
        fputs("        ... and ", out);
        print_number(out, left);
        fputs(" more; -v shows all\n", out);
    }
}

static void print_examples(FILE *out, const struct report_process *process) {
    if (!process->unattributed_count)
        return;
    fputs("      some of the descriptors:\n", out);
    for (size_t i = 0; i < process->unattributed_count; i++) {
        fputs("        ", out);
        print_descriptor(out, &process->unattributed[i]);
        fputc('\n', out);
    }
}

void print_unattributed(FILE *out, const struct report_process *process, const struct options *options) {
    print_kind(out, process, SITE_FD, options);
    if (options->verbosity > 0 && options->show & 1u << VERDICT_OPEN)
        print_examples(out, process);
    print_kind(out, process, SITE_MAP, options);
}

// The largest sort of each kind, over all processes.
static const struct report_unattributed *largest(const struct report *report, enum site_kind kind,
                                                 const struct options *options) {
    const struct report_unattributed *found = NULL;
    for (size_t p = 0; p < report->process_count; p++)
        for (size_t i = 0; i < report->processes[p].unattributed_group_count; i++) {
            const struct report_unattributed *group = &report->processes[p].unattributed_groups[i];
            if (group->kind == kind && is_many(group, options) && (!found || group->count > found->count))
                found = group;
        }
    return found;
}

void print_unattributed_summary(FILE *out, const struct report *report, const struct options *options) {
    for (enum site_kind kind = SITE_FD; kind < SITE_KINDS; kind++) {
        const struct report_unattributed *group = largest(report, kind, options);
        if (!group)
            continue;
        fprintf(out, "%s besides, by calls that seep does not see: ", kind == SITE_FD ? "Open" : "Mapped");
        print_group(out, group);
        fputs(".\n", out);
    }
}
