// Who is traced: processes and those of their threads that run. Belongs to tracees.c.
#pragma once

#include "analyzer/verdict/stop.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct traced {
    pid_t pid;
    size_t running;         // threads that have not come to their last stop
    struct stopped stopped; // those that stand there
    bool ends;              // it is sure that the process ends
    bool went_on;           // threads that stood were let go, since it seemed to be an exec
    bool unsure;            // a thread could not be seized
    bool given_up;          // its end is let go by
    unsigned long status;   // with ends: of the end
    pid_t *unannounced;     // threads that came before their maker told of them; they may be gone by then
    size_t unannounced_count, unannounced_room;
};

struct tracee {
    pid_t tid;
    struct traced *process;
};

// Looked through as a whole: thousands of threads take a microsecond.
struct traced_list {
    struct traced **processes;
    size_t process_count, process_room;
    struct tracee *threads; // those that run; in no order
    size_t thread_count, thread_room;
};

// NULL: there is none. A thread's place is good until the next one is entered or forgotten.
struct traced *traced_process(const struct traced_list *list, pid_t pid);
struct tracee *traced_thread(const struct traced_list *list, pid_t tid);

struct traced *traced_enter_process(struct traced_list *list, pid_t pid);
// One that is known already stays as it is.
struct tracee *traced_enter_thread(struct traced_list *list, struct traced *process, pid_t tid);

void traced_forget_thread(struct traced_list *list, struct tracee *thread);
// Its threads are forgotten with it.
void traced_forget_process(struct traced_list *list, struct traced *process);
void traced_free(struct traced_list *list);
