// flags: -pthread
// A client that forgets to close: it connects again and again to a server, which answers and closes. The
// client's ends stay behind in CLOSE_WAIT, COUNT of them (default 900), the last ten before the server closes
// them.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { KEPT = 10 };

static int count = 900, server;

static void *serve(void *unused) {
    for (int i = 0; i < count; i++) {
        int connection = accept(server, NULL, NULL);
        if (connection < 0 || write(connection, "answer", 6) != 6)
            abort();
        if (i < count - KEPT)
            close(connection);
    }
    return unused;
}

// Reads the answer's first bytes, and then forgets the connection.
static __attribute__((noinline)) void ask(const struct sockaddr_in *address) {
    char answer[3];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 ||
        read(fd, answer, 3) != 3)
        abort();
}

// Until the server's close has arrived.
static void wait_for_close(int fd) {
    struct pollfd one = {.fd = fd, .events = POLLRDHUP};
    if (poll(&one, 1, 60000) != 1)
        abort();
}

int main(int argc, char **argv) {
    if (argc > 1)
        count = atoi(argv[1]);
    struct rlimit limit = {.rlim_cur = (rlim_t)count + 100, .rlim_max = (rlim_t)count + 100};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof address;
    pthread_t thread;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        perror("setrlimit");
    server = socket(AF_INET, SOCK_STREAM, 0);
    if (server < 0 || bind(server, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(server, 128) != 0 || getsockname(server, (struct sockaddr *)&address, &bytes) != 0)
        abort();
    pthread_create(&thread, NULL, serve, NULL);
    for (int i = 0; i < count; i++)
        ask(&address);
    pthread_join(thread, NULL);
    for (int fd = 3; fd < count; fd++) { // those that are the client's and were closed by the server
        struct sockaddr_in peer;
        socklen_t peer_bytes = sizeof peer;
        int seen = 0;
        socklen_t seen_bytes = sizeof seen;
        if (getpeername(fd, (struct sockaddr *)&peer, &peer_bytes) == 0 &&
            peer.sin_port == address.sin_port &&
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &seen, &seen_bytes) == 0 && fd < count - 2 * KEPT)
            wait_for_close(fd);
    }
    return 0;
}
