// The constructor: the shim's start-up on one screen. It runs before every other constructor (-z initfirst),
// so that the program's earliest allocations after relocation are seen, and it is the only place that opens
// descriptors (all closed again when it returns), loads libraries, or prints (one line, when there is no
// analyzer to be had).
#include "preload/arena_early.h"
#include "preload/attach.h"
#include "preload/hooks.h"
#include "preload/last.h"
#include "preload/libc_start.h"
#include "preload/main_program.h"
#include "preload/meet.h"
#include "preload/module.h"
#include "preload/next.h"
#include "preload/own.h"
#include "preload/raw.h"
#include "preload/real.h"
#include "preload/record.h"
#include "preload/tail.h"
#include "preload/thread.h"
#include "preload/unwind.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

uint32_t phase;

static void say(const char *what, const char *why) {
    struct iovec parts[] = {{(void *)"seep: ", 6},
                            {(void *)what, strlen(what)},
                            {(void *)why, strlen(why)},
                            {(void *)"; this program runs unrecorded\n", 31}};
    while (raw_syscall3(SYS_writev, STDERR_FILENO, (long)parts, 4) == -EINTR)
        ;
}

// An analyzer of our own that doesn't like its options, or its outputs, has said so.
static const char *reason(int bad, bool own) {
    return own && (bad == -ECONNRESET || bad == -ECONNREFUSED || bad == -EPIPE) ? "it ended at once"
                                                                                : strerrordesc_np(-bad);
}

static const char *variable(char *const envp[], const char *name) {
    size_t length = strlen(name);
    for (; *envp; envp++)
        if (strncmp(*envp, name, length) == 0 && (*envp)[length] == '=')
            return *envp + length + 1;
    return NULL;
}

// The environment with the session's path, for programs that this one starts. The array and the string are
// the early arena's.
static void publish_session(char *const envp[], const char *path) {
    static const char name[] = "SEEP_SESSION=";
    size_t count = 0, length = strlen(path);
    while (envp[count])
        count++;
    char **fresh = early_alloc((count + 2) * sizeof *fresh, 16, NULL);
    char *entry = early_alloc(sizeof name + length, 16, NULL);
    if (!fresh || !entry)
        return;
    memcpy(entry, name, sizeof name - 1);
    memcpy(entry + sizeof name - 1, path, length + 1);
    memcpy(fresh, envp, count * sizeof *fresh);
    fresh[count] = entry;
    environ = fresh;
}

static int meet(char *const envp[], struct wire_memory **met_memory, struct wire_board **met_board, bool *own,
                int *connection) {
    const char *session = variable(envp, "SEEP_SESSION");
    *own = !session;
    if (session)
        return meet_session(session, met_memory, met_board, connection);
    char path[128];
    int bad = meet_own_analyzer(envp, met_memory, met_board, path, sizeof path, connection);
    if (!bad)
        publish_session(envp, path);
    return bad;
}

// Does the program's malloc pass us by? To compare with our own by name would not tell: in here, too, the
// name means the first definition. An executable that is linked at a fixed address and takes malloc's address
// has an entry for it which is no definition (SHN_UNDEF): calls through it end here.
static bool heap_is_bypassed(void) {
    void *first = dlsym(RTLD_DEFAULT, "malloc");
    struct dl_find_object self, found;
    if (_dl_find_object((void *)heap_is_bypassed, &self) == 0 && _dl_find_object(first, &found) == 0 &&
        self.dlfo_link_map == found.dlfo_link_map)
        return false;
    Dl_info info;
    ElfW(Sym) *symbol = NULL;
    return !dladdr1(first, &info, (void **)&symbol, RTLD_DL_SYMENT) || !symbol ||
           symbol->st_shndx != SHN_UNDEF;
}

static void before_fork(void) {
    unwind_before_fork();
    thread_before_fork(); // serialised by the gate, which stays closed until the fork is over
}

static void after_fork_in_parent(void) {
    thread_after_fork_in_parent();
    unwind_after_fork();
}

// The child takes its place at once, so that it is in the report even if it never allocates.
static void after_fork_in_child(void) {
    thread_after_fork_in_child();
    unwind_after_fork();
    attach_on();
}

static void start(int argc, char **argv, char **envp) {
    struct wire_memory *met_memory;
    struct wire_board *met_board;
    bool own;
    int connection;
    main_program_prepare();
    int bad = meet(envp, &met_memory, &met_board, &own, &connection);
    if (!bad)
        bad = attach_first(met_memory, met_board);
    meet_end(connection, bad);
    if (bad == -ECANCELED) // the user's wish
        return;
    if (bad) {
        say(own ? "the analyzer could not be started: " : "cannot reach the analyzer in SEEP_SESSION: ",
            reason(bad, own));
        return;
    }
    if (own)
        last_wait_for_report();
    memory->early_at = early_start;
    memory->early_bytes = early_bytes;
    libc_start(argc, argv, environ);
    if (unwind_load() != 0)
        attach_note(NOTE_NO_UNWINDER);
    if (heap_is_bypassed())
        attach_note(NOTE_HEAP_BYPASSED);
    static struct module_identity scratch; // used once, by one thread
    memory->allocator_module = module_of(&scratch, (uintptr_t)real.malloc);
    last_prepare();
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

// The linker's: the library's zeroed data, which lies in no file, and which the kernel may make one area with
// what lies above it.
extern char __bss_start[] __attribute__((visibility("hidden")));
extern char _end[] __attribute__((visibility("hidden")));

static __attribute__((constructor)) void init(int argc, char **argv, char **envp) {
    int keep = errno;
    early_mark_own(true);
    own_note((long)(uintptr_t)__bss_start, (uintptr_t)_end - (uintptr_t)__bss_start);
    attach_prepare();
    real_resolve();
    next_prepare();
    tail_prepare();
    environ = envp;
    start(argc, argv, envp);
    early_mark_own(false);
    phase = PHASE_READY;
    early_each(record_early);
    errno = keep;
}
