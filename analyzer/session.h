// A session: the socket where processes meet their analyzer, the families that came, and the loop that drains
// them until everything has ended. One per `seep run`, and one per program started with LD_PRELOAD alone.
#pragma once

#include "analyzer/examine.h"
#include "analyzer/family.h"
#include "analyzer/meeting_place.h"
#include "analyzer/process.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct session_options {
    uint32_t depth;
    uint32_t track; // WIRE_TRACK_ bits
    bool follow_children;
    bool turnover;   // count what each stack acquires, given back or not
    bool debuginfod; // names may be asked for over the network
    int verbosity;
    struct examine_options examine; // what is looked at when a process ends
};

struct session {
    struct session_options options;
    struct board *board;
    struct watch *watch;
    struct foresight *foresight; // has the names for the report
    struct tracer *tracer;       // NULL: nobody had to be traced yet
    struct tracer_end *held;     // of a traced root, which stands in its last moment until the report is out
    struct meeting_place place;
    int epoll_fd, signal_fd;
    struct family **families;
    size_t family_count, family_room;
    struct process **processes; // all there were, in order of appearance
    size_t process_count, process_room;
    uint64_t lost_processes, lost_stacks, lost_modules; // summed over families
    uint64_t failed_meetings;                           // programs that came and could not be taken in
    pid_t root;                                         // the program that the session is for
    int root_pidfd;  // of a root that is our child, until it was reaped; else -1
    int root_status; // of such a root, as wait gives it; valid once root_gone
    bool root_came, root_gone;
    bool look_for_ends;     // some process may have ended
    size_t first_live;      // processes before this one have all ended
    bool root_waits;        // it started us itself and waits for the report
    bool root_last;         // it waits, and nobody else is left: the report can be made
    bool interrupted;       // the user asked for the report now
    bool told_waiting;      // that we wait for what the program left behind
    uint32_t standing_seen; // the board's count when standing processes were last looked for
    uint64_t drained_records;
};

// Opens a session: board, directory, socket. 0, or -errno and a line in message.
int session_open(struct session *session, const struct session_options *options, char *message,
                 size_t message_bytes);

// Takes in a program over a connection that it made itself (LD_PRELOAD alone), which is the session's from
// here on: it becomes the root. 0 or -errno.
int session_take_first(struct session *session, int connection);

// The program that the session is for, our own child, was started. 0 or -errno.
int session_watch_root(struct session *session, pid_t pid);

// Serves until the root and everything it started have ended, or the user interrupts. At the end all
// processes are finished (harvested), and nobody records any more.
void session_serve(struct session *session);

// Removes the socket and its directory, tells who waits that the report is out, and releases everything.
void session_close(struct session *session);
