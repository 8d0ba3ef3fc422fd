// flags: -pthread
// Lists the descriptors that it has, by looking itself, at several times of its life.
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// readdir's order is by number.
static void list(const char *when) {
    DIR *directory = opendir("/proc/self/fd");
    printf("%s:", when);
    for (struct dirent *entry; (entry = readdir(directory));)
        if (entry->d_name[0] != '.' && atoi(entry->d_name) != dirfd(directory))
            printf(" %s", entry->d_name);
    printf(", next %d\n", dirfd(directory));
    fflush(stdout);
    closedir(directory);
}

static __attribute__((constructor)) void at_start(void) {
    list("constructor");
}

static void *in_thread(void *unused) {
    free(malloc(100));
    list("thread");
    return unused;
}

static void at_exit(void) {
    list("exit");
}

int main(int argc, char **argv) {
    pthread_t thread;
    atexit(at_exit);
    for (int i = 0; i < 5000; i++)
        if (!malloc(16))
            abort();
    list("main");
    pthread_create(&thread, NULL, in_thread, NULL);
    pthread_join(thread, NULL);
    pid_t child = fork();
    if (child == 0) {
        list("child");
        free(malloc(10));
        list("child later");
        if (argc > 1)
            exit(0);
        execl(argv[0], argv[0], "again", NULL);
        _exit(1);
    }
    int status;
    waitpid(child, &status, 0);
    list("parent");
    return WEXITSTATUS(status);
}
