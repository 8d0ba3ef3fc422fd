// See members.h. Called by session.c.
#include "analyzer/members.h"
#include "analyzer/whole_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct process *member_by_pid(const struct session *session, pid_t pid) {
    for (size_t i = session->process_count; i-- > session->first_live;) {
        struct process *process = session->processes[i];
        if (process->family && process->pid == pid && !process->unseen)
            return process;
    }
    return NULL;
}

struct process *member_over(const struct session *session, int connection) {
    for (size_t i = session->process_count; i-- > session->first_live;)
        if (session->processes[i]->connection == connection)
            return session->processes[i];
    return NULL;
}

// 0: it has none that we can see, or is gone.
static pid_t parent_of(pid_t pid) {
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    char *text = whole_file(path);
    char *end_of_name = text ? strrchr(text, ')') : NULL; // the name may hold anything
    int parent = 0;
    if (!end_of_name || sscanf(end_of_name, ") %*c %d", &parent) != 1)
        parent = 0;
    free(text);
    return parent;
}

// More than any real tree; ids that serve again while we walk must not lead in circles.
enum { MOST_GENERATIONS = 1000 };

bool member_descends(const struct session *session, pid_t pid) {
    for (int i = 0; i < MOST_GENERATIONS && pid > 0; i++) {
        const struct process *process = member_by_pid(session, pid);
        if (pid == getpid() || (process && !process_is_gone(process)))
            return true;
        pid = parent_of(pid);
    }
    return false;
}
