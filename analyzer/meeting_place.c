// See meeting_place.h. Called by session.c.
#include "analyzer/meeting_place.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int make_directory(struct meeting_place *place) {
    const char *base = getenv("TMPDIR");
    if (!base || base[0] != '/' || strlen(base) > 32)
        base = "/tmp";
    snprintf(place->directory, sizeof place->directory, "%s/seep-XXXXXX", base);
    if (mkdtemp(place->directory))
        return 0;
    strcpy(place->directory, "/tmp/seep-XXXXXX");
    if (mkdtemp(place->directory))
        return 0;
    int bad = -errno;
    place->directory[0] = '\0';
    return bad;
}

static int let_all_in(const struct meeting_place *place) {
    bool done = chmod(place->socket_path, 0666) == 0 && chmod(place->directory, 0711) == 0;
    return done ? 0 : -errno;
}

int meeting_place_open(struct meeting_place *place) {
    *place = (struct meeting_place){.listen_fd = -1};
    int bad = make_directory(place);
    if (bad)
        return bad;
    snprintf(place->socket_path, sizeof place->socket_path, "%s/session", place->directory);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, place->socket_path);
    place->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (place->listen_fd < 0 || bind(place->listen_fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(place->listen_fd, 128) != 0)
        return -errno;
    return geteuid() == 0 ? let_all_in(place) : 0;
}

void meeting_place_close(struct meeting_place *place) {
    if (place->listen_fd >= 0)
        close(place->listen_fd);
    if (place->directory[0]) {
        unlink(place->socket_path);
        rmdir(place->directory);
    }
    *place = (struct meeting_place){.listen_fd = -1};
}
