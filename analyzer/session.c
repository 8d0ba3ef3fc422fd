// See session.h. Called by command_run.c and serve.c. One thread does all (the watch only rings): meets,
// drains, and notices ends, in that order of urgency.
#include "analyzer/session.h"
#include "analyzer/board.h"
#include "analyzer/clock.h"
#include "analyzer/drain.h"
#include "analyzer/examine.h"
#include "analyzer/meeting.h"
#include "analyzer/members.h"
#include "analyzer/process_descriptors.h"
#include "analyzer/sample.h"
#include "analyzer/trace.h"
#include "analyzer/vector.h"
#include "analyzer/verdict/stop.h"
#include "analyzer/watch.h"
#include "analyzer/wishes.h"
#include "preload/wire/atomic.h"
#include "preload/wire/hello.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MILLISECOND 1000000ull

static const uint64_t idle_sleep_ns =
    50 * MILLISECOND; // the heartbeat's period; rings and descriptors wake us sooner
static const uint64_t reap_period_ns = 250 * MILLISECOND;

// What epoll tells us is told apart by a tagged word: what it is, and a descriptor or nothing.
enum { EVENT_LISTEN, EVENT_SIGNAL, EVENT_CONNECTION, EVENT_PROCESS };

static int watch_fd(struct session *session, int fd, uint32_t kind) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)kind << 32 | (uint32_t)fd};
    return epoll_ctl(session->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_signals(struct session *session) {
    sigset_t set;
    sigemptyset(&set);
    for (const int *signal = (const int[]){SIGINT, SIGQUIT, SIGTERM, SIGHUP, 0}; *signal; signal++)
        sigaddset(&set, *signal);
    sigprocmask(SIG_BLOCK, &set, NULL);
    session->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return session->signal_fd < 0 ? -errno : watch_fd(session, session->signal_fd, EVENT_SIGNAL);
}

int session_open(struct session *session, const struct session_options *options, char *message,
                 size_t message_bytes) {
    *session =
        (struct session){.options = *options, .place.listen_fd = -1, .signal_fd = -1, .root_pidfd = -1};
    const char *what = "a poll descriptor";
    int bad = 0;
    session->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (session->epoll_fd < 0)
        bad = -errno;
    if (!bad && !(session->board = board_new())) {
        what = "shared memory (memfd)";
        bad = -errno;
    }
    if (!bad) {
        what = "a socket in a directory of its own under $TMPDIR or /tmp";
        bad = meeting_place_open(&session->place);
        if (!bad)
            bad = watch_fd(session, session->place.listen_fd, EVENT_LISTEN);
    }
    if (!bad) {
        what = "a signal descriptor";
        bad = open_signals(session);
    }
    if (!bad && !(session->watch = watch_new(session->epoll_fd, session->board))) {
        what = "a thread";
        bad = -errno;
    }
    if (!bad)
        session->options.examine.board_fd = board_fd(session->board);
    session->foresight = foresight_new(&(struct symbols_options){.debuginfod = options->debuginfod});
    if (bad) {
        snprintf(message, message_bytes, "cannot open a session: %s: %s", what, strerror(-bad));
        session_close(session);
    }
    return bad;
}

static struct process *enter(struct session *session, struct process *process) {
    *VECTOR_PUSH(session->processes, session->process_count, session->process_room) = process;
    if (process->pidfd < 0 || watch_fd(session, process->pidfd, EVENT_PROCESS) != 0)
        session->look_for_ends = true;
    return process;
}

static void release_family(struct session *session, struct family *family) {
    const struct wire_memory *memory = family->memory;
    session->lost_processes += memory->lost_processes;
    session->lost_stacks += memory->lost_stacks;
    session->lost_modules += memory->lost_modules;
    for (size_t i = 0; i < session->family_count; i++)
        if (session->families[i] == family)
            session->families[i] = session->families[--session->family_count];
    family_free(family);
}

// Asks wait only once it is over: of a child that another thread of ours traces, wait would take that one's
// events.
static void reap_root(struct session *session) {
    int status = 0;
    struct pollfd over = {.fd = session->root_pidfd, .events = POLLIN};
    if (session->root_pidfd < 0 || poll(&over, 1, 0) != 1)
        return;
    if (waitpid(session->root, &status, WNOHANG) != session->root && session->tracer)
        tracer_reaped(session->tracer, session->root, &status);
    session->root_gone = true;
    session->root_status = status;
    close(session->root_pidfd);
    session->root_pidfd = -1;
}

// Hears how the process took its answer, once it has, or will not any more.
static void part(struct process *process, bool over) {
    int said = process->connection >= 0 ? meeting_part(process->connection) : -EAGAIN;
    if (said > 0)
        process->regret = said;
    if (process->connection < 0 || (said == -EAGAIN && !over))
        return;
    close(process->connection);
    process->connection = -1;
}

// The process has ended, or its program was replaced, or the session ends while it runs. Its family stays.
static void finish(struct session *session, struct process *process, bool still_running) {
    part(process, true);
    drain_process(process->family, process, !still_running);
    if (process->pid == session->root && !process->unseen && !process->replaced && !still_running) {
        reap_root(session); // it may have ended only after the last look
        if (session->root_gone && !session->root_waits) {
            process->wait_status_known = true;
            process->wait_status = session->root_status;
        }
        session->root_gone |= session->root_waits;
    }
    process_finish(process, still_running);
}

static void found_fork(void *context, struct family *family, uint32_t slot) {
    struct session *session = context;
    const struct wire_process *wire = family_process(family, slot);
    uint32_t parent_slot = wire->parent_slot - 1; // 0 becomes a slot that does not exist
    struct process *parent = parent_slot < WIRE_PROCESSES ? family->last_in_slot[parent_slot] : NULL;
    if (session->options.track & WIRE_TRACK_FD && !family->deserted)
        drain_round(family); // what the child inherits, its parent may have recorded just now
    struct process *process = process_new(family, slot, (pid_t)wire->pid, BEGIN_FORK, parent);
    if (session->options.track & WIRE_TRACK_FD)
        process_inherit_from(process, parent);
    trace_forked(session->tracer, process);
    enter(session, process);
}

static void discover(struct session *session) {
    for (size_t i = 0; i < session->family_count; i++)
        drain_new_slots(session->families[i], found_fork, session);
}

static size_t drain(struct session *session) {
    size_t all = 0;
    discover(session);
    for (size_t i = 0; i < session->family_count; i++)
        all += drain_round(session->families[i]);
    session->drained_records += all;
    return all;
}

// A program has connected and said hello: makes its family and answers. The slot that it takes is its first.
// The connection is the process's from there on.
static int take_in(struct session *session, int connection, const char *session_path) {
    struct hello hello;
    int bad = meeting_hear(connection, &hello);
    if (bad) {
        session->failed_meetings += bad != -EAGAIN && bad != -EPERM && bad != -EPIPE;
        return bad;
    }
    discover(session); // it may be a forked child that has not been seen yet
    if (hello.other_user && !member_descends(session, hello.pid)) {
        session->failed_meetings++; // it may be one of ours whose parents are gone
        return -EPERM;
    }
    struct process *before = member_by_pid(session, hello.pid);
    if (!session->options.follow_children && session->root_came && hello.pid != session->root) {
        meeting_decline(connection, ANSWER_IGNORED);
        return 0;
    }
    struct family *family =
        family_new(&(struct family_options){.ring_slots = wish_ring_slots(),
                                            .depth = session->options.depth,
                                            .follow = session->options.follow_children,
                                            .track = session->options.track,
                                            .examine = examine_wanted(&session->options.examine),
                                            .turnover = session->options.turnover,
                                            .compare_stacks = wish_compared_stacks(),
                                            .address_space = hello.address_space});
    if (!family) {
        bad = -errno;
        meeting_decline(connection, ANSWER_FAILED);
        session->failed_meetings++;
        return bad;
    }
    family->foreign_ids = hello.foreign_ids;
    if (before) {                                    // exec: the old program's memory has gone with it;
        before->replaced = !process_is_gone(before); // or the id serves again
        finish(session, before, false);
        session->look_for_ends = true;
    }
    *VECTOR_PUSH(session->families, session->family_count, session->family_room) = family;
    // Slot 0 is the program's: nobody else knows the memory yet.
    struct process *fresh = enter(session, process_new(family, 0, hello.pid, BEGIN_EXEC, NULL));
    if (hello.program[0])
        process_set_program(fresh, hello.program);
    if (session->options.track & WIRE_TRACK_FD)
        process_inherit(fresh, hello.socket);
    trace_begin(&session->tracer, session->board, fresh, &session->options.examine);
    if (hello.pid == session->root)
        session->root_came = true;
    bad = meeting_welcome(connection, session->board, family, session_path);
    if (bad && bad != -EPIPE) {
        fresh->regret = -bad;
        return bad;
    }
    fresh->connection = connection;
    return 0;
}

int session_take_first(struct session *session, int connection) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
        return -errno;
    session->root = peer.pid;
    session->root_waits = true;
    int bad;
    do // the hello is on its way
        bad = take_in(session, connection, session->place.socket_path);
    while (bad == -EAGAIN && usleep(100) == 0);
    if (bad)
        close(connection);
    else
        watch_fd(session, connection, EVENT_CONNECTION);
    return bad;
}

static void handle_connection(struct session *session, int connection) {
    struct process *met = member_over(session, connection);
    if (met)
        part(met, false);
    else if (take_in(session, connection, NULL) != -EAGAIN && !member_over(session, connection))
        close(connection);
}

static void handle_listen(struct session *session) {
    int connection;
    while ((connection = accept4(session->place.listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
        if (watch_fd(session, connection, EVENT_CONNECTION) != 0)
            close(connection);
}

// The terminal's signals reach the program by themselves; others sent to us are meant for it. Once it is
// gone, any of them means: report now.
static void handle_signal(struct session *session) {
    struct signalfd_siginfo info;
    while (read(session->signal_fd, &info, sizeof info) == sizeof info) {
        if (session->root_gone || session->root_waits)
            session->interrupted = true;
        else if (info.ssi_code != SI_KERNEL)
            kill(session->root, (int)info.ssi_signo);
    }
}

static void handle_events(struct session *session) {
    struct epoll_event events[64];
    int count = epoll_wait(session->epoll_fd, events, 64, 0);
    for (int i = 0; i < count; i++) {
        int fd = (int)(uint32_t)events[i].data.u64;
        switch (events[i].data.u64 >> 32) {
        case EVENT_LISTEN:
            handle_listen(session);
            break;
        case EVENT_SIGNAL:
            handle_signal(session);
            break;
        case EVENT_CONNECTION:
            handle_connection(session, fd);
            break;
        case EVENT_PROCESS:
            session->look_for_ends = true;
            break;
        }
    }
}

int session_watch_root(struct session *session, pid_t pid) {
    session->root = pid;
    session->root_pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    return session->root_pidfd < 0 ? -errno : watch_fd(session, session->root_pidfd, EVENT_PROCESS);
}

// Releases every family of which nobody is left. That all its processes that we can watch have ended is not
// enough: one may have forked a child that has not taken its place yet.
static void end_families(struct session *session) {
    for (size_t i = session->family_count; i-- > 0;) {
        struct family *family = session->families[i];
        if (family->live_processes > family->unseen_processes || (family->follow && !family_deserted(family)))
            continue;
        drain_new_slots(family, found_fork, session);
        for (uint32_t slot = 0; slot < WIRE_PROCESSES && family->live_processes; slot++)
            if (family->by_slot[slot])
                finish(session, family->by_slot[slot], false);
        release_family(session, family);
    }
}

// Finishes every process that has ended. Forks are discovered first: they name their parents by slot.
static void finish_gone(struct session *session) {
    session->look_for_ends = false;
    reap_root(session);
    discover(session);
    while (session->first_live < session->process_count && !session->processes[session->first_live]->family)
        session->first_live++;
    for (size_t i = session->first_live; i < session->process_count; i++)
        if (session->processes[i]->family && process_is_gone(session->processes[i]))
            finish(session, session->processes[i], false);
    end_families(session);
}

static size_t live_processes(const struct session *session) {
    size_t live = 0;
    for (size_t i = 0; i < session->family_count; i++)
        live += session->families[i]->live_processes;
    return live;
}

// What is looked at of one: names ahead of the report only when that is near.
static struct examine_options options_now(const struct session *session) {
    struct examine_options options = session->options.examine;
    options.foresight = live_processes(session) == 1 ? session->foresight : NULL;
    return options;
}

static void examine(struct session *session, struct process *process) {
    if (!process->traced) { // else its very last moment is still to come
        process->examined = true;
        watch_beat(session->watch, true);
        struct examine_options options = options_now(session);
        process_examine(process, &options);
        watch_beat(session->watch, false);
    }
    process_let_go(process);
}

// Processes that stand still at their end. They are looked at one after the other: who reads memory faster
// than one by one would only compete for it.
static void examine_standing(struct session *session) {
    uint32_t standing = board_standing(session->board); // LE2
    if (standing == session->standing_seen)
        return;
    session->standing_seen = standing;
    discover(session);
    for (size_t i = session->first_live; i < session->process_count; i++) {
        struct process *process = session->processes[i];
        if (process->family && !process->examined && !process->family->deserted &&
            atomic_load_acquire(&family_process(process->family, process->slot)->stands)) // LE2
            examine(session, process);
    }
}

// Of a root that has come to its end: is nobody else left?
static bool is_last(struct session *session, const struct process *root) {
    finish_gone(session); // those that ended before are not to keep it waiting
    if (session->root_gone)
        return false;
    return live_processes(session) == 1 && !process_has_children(root);
}

// A root that started us itself stands in its last moment and waits: finish it if nobody else is left, else
// let it go. One that is traced waits later.
static void look_at_waiting_root(struct session *session) {
    struct process *root =
        session->root_waits && !session->root_gone ? member_by_pid(session, session->root) : NULL;
    if (!root || !atomic_load_acquire(&family_process(root->family, root->slot)->waits)) // LW2
        return;
    if (!root->traced && is_last(session, root))
        session->root_last = true;
    else if (!session->root_gone)
        board_reported(session->board);
}

// Processes that were traced and have come to their last moment.
static void examine_traced(struct session *session) {
    struct tracer_end *end;
    while (session->tracer && !session->held && (end = tracer_take(session->tracer))) {
        discover(session);
        struct process *process = member_by_pid(session, end->pid);
        if (!process || process->examined) {
            tracer_release(session->tracer, end);
            continue;
        }
        bool waits = session->root_waits && end->pid == session->root && !end->error;
        if (waits && is_last(session, process))
            session->held = end;
        process->examined = true;
        watch_beat(session->watch, true);
        struct examine_options options = options_now(session);
        trace_examine(session->tracer, end, process, &options, !session->held);
        watch_beat(session->watch, false);
        session->root_last = session->held != NULL;
    }
}

static void say_waiting(struct session *session) {
    size_t live = live_processes(session);
    session->told_waiting = true;
    if (live && session->options.verbosity >= 0 && !session->root_waits)
        fprintf(
            stderr,
            "seep: the program has ended; waiting for %zu process%s that it started (Ctrl-C reports now)\n",
            live, live == 1 ? "" : "es");
}

static bool is_over(const struct session *session) {
    return session->interrupted || session->root_last || (session->root_gone && session->family_count == 0);
}

void session_serve(struct session *session) {
    uint64_t reaped_at = now_ns(), root_gone_at = 0;
    while (!is_over(session)) {
        size_t drained = drain(session);
        if (watch_ready(session->watch)) {
            handle_events(session);
            watch_resume(session->watch);
        }
        if (session->look_for_ends)
            finish_gone(session);
        examine_standing(session);
        examine_traced(session);
        look_at_waiting_root(session);
        stop_tend();
        uint64_t now = now_ns();
        board_heartbeat(session->board);
        if (now - reaped_at >= reap_period_ns) {
            for (size_t i = 0; i < session->family_count; i++)
                drain_reap_threads(session->families[i]);
            sample_memory(session->processes + session->first_live,
                          session->process_count - session->first_live);
            session->look_for_ends = true; // of those that no descriptor tells of
            reaped_at = now;
        }
        if (session->root_gone && !root_gone_at)
            root_gone_at = now;
        if (root_gone_at && !session->told_waiting && now - root_gone_at > 2000 * MILLISECOND)
            say_waiting(session);
        if (drained < wish_ring_slots() / 4 && !is_over(session))
            board_sleep(session->board, idle_sleep_ns);
    }
    board_close(session->board);
    watch_beat(session->watch, true); // the report may take longer than anybody waits in silence
    drain(session);
    for (size_t i = 0; i < session->process_count; i++)
        if (session->processes[i]->family)
            finish(session, session->processes[i], !session->root_last);
    while (session->family_count)
        release_family(session, session->families[0]);
}

void session_close(struct session *session) {
    if (session->held)
        tracer_release(session->tracer, session->held);
    tracer_free(session->tracer);
    foresight_free(session->foresight);
    watch_free(session->watch);
    board_free(session->board); // tells who waits for the report, too
    for (size_t i = 0; i < session->process_count; i++)
        process_free(session->processes[i]);
    free(session->processes);
    free(session->families);
    for (const int *fd = (const int[]){session->signal_fd, session->epoll_fd, session->root_pidfd, -2};
         *fd != -2; fd++)
        if (*fd >= 0)
            close(*fd);
    meeting_place_close(&session->place);
    *session = (struct session){.place.listen_fd = -1, .signal_fd = -1, .epoll_fd = -1, .root_pidfd = -1};
}
