// See task.h. Called by stop.c and tracees.c.
#include "analyzer/verdict/task.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

void task_status(pid_t pid, pid_t tid, const char *name, char *out, size_t bytes) {
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/task/%d/status", (int)pid, (int)tid);
    out[0] = '\0';
    FILE *file = fopen(path, "re");
    if (!file)
        return;
    size_t length = strlen(name);
    while (!out[0] && fgets(line, sizeof line, file))
        if (strncmp(line, name, length) == 0 && line[length] == ':')
            snprintf(out, bytes, "%s", line + length + 1 + strspn(line + length + 1, " \t"));
    fclose(file);
}

int task_why_not(pid_t pid, pid_t tid, int error) {
    char text[64];
    if (error == ESRCH)
        return 0;
    task_status(pid, tid, "State", text, sizeof text);
    if (text[0] == 'Z' || text[0] == 'X' || !text[0])
        return 0;
    return task_tracer(pid, tid) ? -EBUSY : -error;
}

pid_t task_tracer(pid_t pid, pid_t tid) {
    char text[64];
    task_status(pid, tid, "TracerPid", text, sizeof text);
    return atoi(text);
}

pid_t task_process(pid_t tid) {
    char text[64];
    task_status(tid, tid, "Tgid", text, sizeof text);
    return atoi(text);
}

bool task_execs(pid_t pid, pid_t tid) {
    char path[64], text[64] = "";
    snprintf(path, sizeof path, "/proc/%d/task/%d/syscall", (int)pid, (int)tid);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    bool read = fgets(text, sizeof text, file) != NULL; // "running", or the call's number and more
    fclose(file);
    char *end;
    long call = strtol(text, &end, 10);
    return read && end != text && (call == SYS_execve || call == SYS_execveat);
}
