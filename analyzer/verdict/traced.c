// See traced.h. Called by tracees.c.
#include "analyzer/verdict/traced.h"
#include "analyzer/vector.h"

#include <stdlib.h>

static void free_process(struct traced *process) {
    free(process->stopped.threads);
    free(process->stopped.words);
    free(process->unannounced);
    free(process);
}

struct traced *traced_process(const struct traced_list *list, pid_t pid) {
    for (size_t i = 0; i < list->process_count; i++)
        if (list->processes[i]->pid == pid)
            return list->processes[i];
    return NULL;
}

struct tracee *traced_thread(const struct traced_list *list, pid_t tid) {
    for (size_t i = 0; i < list->thread_count; i++)
        if (list->threads[i].tid == tid)
            return &list->threads[i];
    return NULL;
}

struct traced *traced_enter_process(struct traced_list *list, pid_t pid) {
    struct traced *process = must(calloc(1, sizeof *process));
    process->pid = process->stopped.pid = pid;
    *VECTOR_PUSH(list->processes, list->process_count, list->process_room) = process;
    return process;
}

struct tracee *traced_enter_thread(struct traced_list *list, struct traced *process, pid_t tid) {
    struct tracee *thread = traced_thread(list, tid);
    if (thread)
        return thread;
    thread = VECTOR_PUSH(list->threads, list->thread_count, list->thread_room);
    *thread = (struct tracee){tid, process};
    process->running++;
    return thread;
}

void traced_forget_thread(struct traced_list *list, struct tracee *thread) {
    thread->process->running--;
    *thread = list->threads[--list->thread_count];
}

void traced_forget_process(struct traced_list *list, struct traced *process) {
    for (size_t i = list->thread_count; i-- > 0;)
        if (list->threads[i].process == process)
            traced_forget_thread(list, &list->threads[i]);
    for (size_t i = 0; i < list->process_count; i++)
        if (list->processes[i] == process)
            list->processes[i] = list->processes[--list->process_count];
    free_process(process);
}

void traced_free(struct traced_list *list) {
    while (list->process_count)
        traced_forget_process(list, list->processes[0]);
    free(list->processes);
    free(list->threads);
    *list = (struct traced_list){0};
}
