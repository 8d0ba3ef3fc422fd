// seep run: judge, open a session, start the program, serve until all is over, report. The pipeline in one
// function.
#include "analyzer/assemble.h"
#include "analyzer/commands.h"
#include "analyzer/complain.h"
#include "analyzer/launch.h"
#include "analyzer/library.h"
#include "analyzer/report/formats.h"
#include "analyzer/publish.h"
#include "analyzer/session.h"
#include "analyzer/stamp.h"
#include "analyzer/target.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/wait.h>

enum { MESSAGE_BYTES = 2048 };

// Everything that can be known to fail is found before the program runs. 0 or an exit status, after
// complaining.
static int judge(const struct options *options, char *library, size_t library_bytes, struct gate **gate) {
    char message[MESSAGE_BYTES];
    struct target_verdict verdict;
    target_judge(options->arguments[0], &verdict);
    if (verdict.answer != TARGET_OK) {
        complain("%s", verdict.message);
        return verdict.answer == TARGET_NOT_FOUND ? STATUS_NOT_FOUND : STATUS_REFUSED;
    }
    if (report_outputs_check(options, message, sizeof message) < 0 ||
        library_find(library, library_bytes, message, sizeof message) < 0 ||
        target_judge_library(library, message, sizeof message) < 0 ||
        gate_open(options, gate, message, sizeof message) < 0)
        return complain("%s", message);
    return 0;
}

static int status_of(int wait_status) {
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

int command_run(const struct options *options) {
    char library[PATH_MAX], message[MESSAGE_BYTES];
    struct gate *gate;
    int status = judge(options, library, sizeof library, &gate);
    if (status)
        return status;

    struct launch_inherited inherited;
    launch_prepare(&inherited);
    struct stamp stamp = stamp_now();
    struct session session;
    if (session_open(&session,
                     &(struct session_options){.depth = options->depth,
                                               .follow_children = options->follow_children,
                                               .track = options->track, // TRACK_ bits are the wire's
                                               .turnover = report_outputs_want_acquired(options),
                                               .debuginfod = options->debuginfod,
                                               .verbosity = options->verbosity,
                                               .examine = {.verdict = options->verdict,
                                                           .trace_all = options->trace,
                                                           .memory = true,
                                                           .descriptors = options->track & TRACK_FD}},
                     message, sizeof message) < 0) {
        gate_close(gate);
        return complain("%s", message);
    }

    pid_t pid = launch_program(options->arguments, library, session.place.socket_path, &inherited);
    if (pid < 0) {
        session_close(&session);
        gate_close(gate);
        complain("cannot start %s: %s", options->arguments[0], strerror(-pid));
        return pid == -ENOENT ? STATUS_NOT_FOUND : STATUS_REFUSED;
    }
    session_watch_root(&session, pid);
    session_serve(&session);
    status = status_of(session.root_status);

    struct report *report =
        assemble_report(&session, options,
                        &(struct assemble_facts){.command = options->arguments,
                                                 .started = stamp.rfc3339,
                                                 .duration_seconds = stamp_seconds_since(&stamp)});
    session_close(&session);
    status = publish(report, gate, options, pid, status);
    gate_close(gate);
    report_free(report);
    return status;
}
