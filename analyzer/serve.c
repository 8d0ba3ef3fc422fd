// See serve.h. Called by main.c for `seep --serve N`, which only the shim types. The program's standard
// output and error are ours too; every other descriptor that came along is not, and is closed before it can
// keep somebody waiting.
#include "analyzer/serve.h"
#include "analyzer/assemble.h"
#include "analyzer/complain.h"
#include "analyzer/options.h"
#include "analyzer/report/formats.h"
#include "analyzer/publish.h"
#include "analyzer/session.h"
#include "analyzer/stamp.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void close_what_is_not_ours(int connection) {
    if (connection > 3)
        close_range(3, (unsigned)connection - 1, 0);
    close_range((unsigned)connection + 1, ~0u, 0);
    int null = open("/dev/null", O_RDWR);
    if (null < 0)
        return;
    dup2(null, STDIN_FILENO);
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO;
         fd++) // closed in the program: not to be taken by our own
        if (fcntl(fd, F_GETFD) < 0)
            dup2(null, fd);
    if (null > STDERR_FILENO)
        close(null);
}

static const char *const *command_of(const struct session *session) {
    static const char *argv[256];
    size_t count = 0;
    const struct process *root = session->process_count ? session->processes[0] : NULL;
    if (!root)
        return argv;
    for (size_t at = 0; at < root->arguments_bytes && count < 255; at += strlen(root->arguments + at) + 1)
        argv[count++] = root->arguments + at;
    return argv;
}

int serve(const char *connection) {
    char *end;
    long fd = strtol(connection, &end, 10);
    if (*end || end == connection || fd < 0 || fcntl((int)fd, F_GETFD) < 0)
        return complain(
            "--serve is for the preload library; to run a program under seep: seep run -- PROGRAM");
    // The meeting may have taken a standard descriptor's number in a program that had closed it.
    int moved = fcntl((int)fd, F_DUPFD_CLOEXEC, 3);
    if (moved < 0)
        return complain("cannot keep the connection to the program: too many open files");
    close((int)fd);
    close_what_is_not_ours(moved);

    char message[2048];
    struct options options;
    struct gate *gate;
    if (options_parse_environment(getenv("SEEP_OPTIONS"), &options, message, sizeof message) < 0 ||
        report_outputs_check(&options, message, sizeof message) < 0 ||
        gate_open(&options, &gate, message, sizeof message) < 0)
        return complain("%s", message);
    struct stamp stamp = stamp_now();
    struct session session;
    if (session_open(&session,
                     &(struct session_options){.depth = options.depth,
                                               .follow_children = options.follow_children,
                                               .track = options.track, // TRACK_ bits are the wire's
                                               .turnover = report_outputs_want_acquired(&options),
                                               .debuginfod = options.debuginfod,
                                               .verbosity = options.verbosity,
                                               .examine = {.verdict = options.verdict,
                                                           .trace_all = options.trace,
                                                           .memory = true,
                                                           .descriptors = options.track & TRACK_FD}},
                     message, sizeof message) < 0)
        return complain("%s", message);
    int bad = session_take_first(&session, moved);
    int status = 0;
    if (bad) {
        status = complain("cannot meet the program that started the analyzer: %s", strerror(-bad));
    } else {
        session_serve(&session);
        struct report *report =
            assemble_report(&session, &options,
                            &(struct assemble_facts){.command = command_of(&session),
                                                     .started = stamp.rfc3339,
                                                     .duration_seconds = stamp_seconds_since(&stamp)});
        status = publish(report, gate, &options, session.root, 0);
        report_free(report);
    }
    session_close(&session);
    gate_close(gate);
    options_free(&options);
    return status;
}
