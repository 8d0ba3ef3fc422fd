// See tracer.h. Used by session.c. What both threads touch is in `struct tracer` under its lock; the tracees
// are the thread's alone. No lock is held while ptrace or wait is called.
#include "analyzer/verdict/tracer.h"
#include "analyzer/verdict/task.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { ENDS_KEPT = 16 }; // only one process of all is asked for, soon after its end

struct tracer {
    pthread_t thread;
    void (*ring)(void *context);
    void *context;
    int child_fd; // readable: some tracee has something to tell
    int wake_fd;  // readable: one of the words below was set
    pthread_mutex_t lock;
    pthread_cond_t answered;
    // Under the lock.
    pid_t tid; // of the thread; 0: it has not begun
    enum question { NOTHING, SEIZE, TAKE_ALL, QUIT } question;
    pid_t pid;                              // to seize
    bool with_forks;                        //
    int answer;                             // to the last question, once that is NOTHING again
    struct tracer_end *ended, **ended_last; // oldest first
    struct tracer_end *released;            // to be let go
    struct {
        pid_t pid;
        int status;
    } reaped[ENDS_KEPT]; // the latest
    size_t reaped_count; // in all
};

static void on_end(void *context, struct tracer_end *end) {
    struct tracer *tracer = context;
    pthread_mutex_lock(&tracer->lock);
    *tracer->ended_last = end;
    tracer->ended_last = &end->next;
    pthread_mutex_unlock(&tracer->lock);
    tracer->ring(tracer->context);
}

static void on_reaped(void *context, pid_t pid, int status) {
    struct tracer *tracer = context;
    pthread_mutex_lock(&tracer->lock);
    tracer->reaped[tracer->reaped_count % ENDS_KEPT].pid = pid;
    tracer->reaped[tracer->reaped_count++ % ENDS_KEPT].status = status;
    pthread_mutex_unlock(&tracer->lock);
}

// One question at a time, by one thread. Returns the answer.
static int ask(struct tracer *tracer, enum question question) {
    pthread_mutex_lock(&tracer->lock);
    tracer->question = question;
    eventfd_write(tracer->wake_fd, 1);
    while (tracer->question != NOTHING)
        pthread_cond_wait(&tracer->answered, &tracer->lock);
    int answer = tracer->answer;
    pthread_mutex_unlock(&tracer->lock);
    return answer;
}

static void answer(struct tracer *tracer, int what) {
    pthread_mutex_lock(&tracer->lock);
    tracer->answer = what;
    tracer->question = NOTHING;
    pthread_cond_signal(&tracer->answered);
    pthread_mutex_unlock(&tracer->lock);
}

static void release_all(struct tracer *tracer) {
    pthread_mutex_lock(&tracer->lock);
    struct tracer_end *end = tracer->released;
    tracer->released = NULL;
    pthread_mutex_unlock(&tracer->lock);
    while (end) {
        struct tracer_end *next = end->next;
        tracees_release(end);
        end = next;
    }
}

// Does what was asked for. False: it was to quit.
static bool serve(struct tracer *tracer, struct tracees *tracees) {
    release_all(tracer);
    pthread_mutex_lock(&tracer->lock);
    enum question question = tracer->question;
    pid_t pid = tracer->pid;
    bool with_forks = tracer->with_forks;
    pthread_mutex_unlock(&tracer->lock);
    if (question == SEIZE)
        answer(tracer, tracees_seize(tracees, pid, with_forks));
    else if (question != NOTHING) // all that wait had to tell has been taken
        answer(tracer, 0);
    return question != QUIT;
}

static void empty(int fd) {
    struct signalfd_siginfo signals[4];
    while (read(fd, signals, sizeof signals) == sizeof signals)
        ;
}

static void *run(void *argument) {
    struct tracer *tracer = argument;
    struct tracees *tracees =
        tracees_new(&(struct tracees_listener){.ended = on_end, .reaped = on_reaped, .context = tracer});
    pthread_mutex_lock(&tracer->lock);
    tracer->tid = gettid();
    pthread_cond_signal(&tracer->answered);
    pthread_mutex_unlock(&tracer->lock);
    struct pollfd fds[] = {{.fd = tracer->child_fd, .events = POLLIN},
                           {.fd = tracer->wake_fd, .events = POLLIN}};
    int again = -1;
    for (bool goes_on = true; goes_on;) {
        poll(fds, 2, again);
        empty(tracer->child_fd); // before looking: what comes later rings again
        tracees_take(tracees);
        if (fds[1].revents) {
            eventfd_t times;
            eventfd_read(tracer->wake_fd, &times);
            goes_on = serve(tracer, tracees);
        }
        again = tracees_tend(tracees);
    }
    tracees_free(tracees);
    return NULL;
}

static void close_all(struct tracer *tracer) {
    int keep = errno;
    for (const int *fd = (const int[]){tracer->child_fd, tracer->wake_fd, -2}; *fd != -2; fd++)
        if (*fd >= 0)
            close(*fd);
    pthread_mutex_destroy(&tracer->lock);
    pthread_cond_destroy(&tracer->answered);
    free(tracer);
    errno = keep;
}

static int start(struct tracer *tracer) {
    sigset_t child, all, before;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &child, NULL);
    tracer->child_fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    tracer->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (tracer->child_fd < 0 || tracer->wake_fd < 0)
        return -errno;
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int bad = -pthread_create(&tracer->thread, NULL, run, tracer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (bad)
        return bad;
    pthread_mutex_lock(&tracer->lock);
    while (!tracer->tid)
        pthread_cond_wait(&tracer->answered, &tracer->lock);
    pthread_mutex_unlock(&tracer->lock);
    return 0;
}

struct tracer *tracer_new(void (*ring)(void *context), void *context) {
    struct tracer *tracer = calloc(1, sizeof *tracer);
    if (!tracer)
        return NULL;
    tracer->ring = ring;
    tracer->context = context;
    tracer->child_fd = tracer->wake_fd = -1;
    tracer->ended_last = &tracer->ended;
    pthread_mutex_init(&tracer->lock, NULL);
    pthread_cond_init(&tracer->answered, NULL);
    int bad = start(tracer);
    if (bad) {
        close_all(tracer);
        errno = -bad;
        return NULL;
    }
    return tracer;
}

void tracer_free(struct tracer *tracer) {
    if (!tracer)
        return;
    for (struct tracer_end *end; (end = tracer_take(tracer));)
        tracer_release(tracer, end);
    ask(tracer, QUIT);
    pthread_join(tracer->thread, NULL);
    close_all(tracer);
}

int tracer_seize(struct tracer *tracer, pid_t pid, bool with_forks) {
    tracer->pid = pid; // seen with the question
    tracer->with_forks = with_forks;
    return ask(tracer, SEIZE);
}

bool tracer_traces(const struct tracer *tracer, pid_t pid) {
    return task_tracer(pid, pid) == tracer->tid; // set before tracer_new returned, and never again
}

struct tracer_end *tracer_take(struct tracer *tracer) {
    pthread_mutex_lock(&tracer->lock);
    struct tracer_end *end = tracer->ended;
    if (end && !(tracer->ended = end->next))
        tracer->ended_last = &tracer->ended;
    pthread_mutex_unlock(&tracer->lock);
    if (end)
        end->next = NULL;
    return end;
}

void tracer_release(struct tracer *tracer, struct tracer_end *end) {
    pthread_mutex_lock(&tracer->lock);
    end->next = tracer->released;
    tracer->released = end;
    pthread_mutex_unlock(&tracer->lock);
    eventfd_write(tracer->wake_fd, 1);
}

bool tracer_reaped(struct tracer *tracer, pid_t pid, int *wait_status) {
    bool found = false;
    ask(tracer, TAKE_ALL);
    pthread_mutex_lock(&tracer->lock);
    for (size_t i = 0; i < ENDS_KEPT && i < tracer->reaped_count && !found; i++)
        if ((found = tracer->reaped[i].pid == pid))
            *wait_status = tracer->reaped[i].status;
    pthread_mutex_unlock(&tracer->lock);
    return found;
}
