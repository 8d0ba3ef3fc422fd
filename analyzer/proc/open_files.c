// See open_files.h. Called by process.c. What a descriptor is, its link tells (/proc/PID/fd/N); for sockets
// the tables of the network are read once, when the first socket is met.
#include "analyzer/proc/open_files.h"
#include "analyzer/arena.h"
#include "analyzer/proc/fdinfo.h"
#include "analyzer/proc/net_tables.h"
#include "analyzer/table.h"
#include "analyzer/vector.h"
#include "analyzer/whole_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

struct looking {
    pid_t pid;
    struct open_files *files;
    struct net_tables *nets; // NULL until the first socket
    struct link {
        char *text;        // of the link
        uint64_t inode;    // of "socket:[1234]" and "pipe:[1234]"; else 0
        int64_t flags;     // of pipes
    } * links;             // one for each of files->all
    struct table by_inode; // -> index of the first, then next
    uint32_t *next;        // the next of the same inode; UINT32_MAX: none
};

static int compare_numbers(const void *left, const void *right) {
    int a = *(const int *)left, b = *(const int *)right;
    return a < b ? -1 : a > b;
}

int open_files_list(pid_t pid, int **out, size_t *count) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *directory = opendir(path);
    if (!directory)
        return -errno;
    int *fds = NULL;
    size_t used = 0, room = 0;
    errno = 0;
    for (struct dirent *entry; (entry = readdir(directory));)
        if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')
            *VECTOR_PUSH(fds, used, room) = atoi(entry->d_name);
    int bad = -errno;
    closedir(directory);
    if (bad) {
        free(fds);
        return bad;
    }
    if (used)
        qsort(fds, used, sizeof *fds, compare_numbers);
    *out = fds;
    *count = used;
    return 0;
}

static void read_fdinfo(const struct looking *l, int fd, struct fdinfo *out) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", (int)l->pid, fd);
    char *text = whole_file(path);
    fdinfo_parse(text ? text : "", out);
    free(text);
}

// "read-only, offset 12, non-blocking"
static const char *words_of(const struct looking *l, const struct fdinfo *info, bool offset) {
    static const char *const access[] = {"read-only", "write-only", "read-write", "no access"};
    if (info->flags < 0)
        return NULL;
    char at[40] = "";
    if (offset && info->position >= 0)
        snprintf(at, sizeof at, ", offset %" PRId64, info->position);
    return arena_printf(
        l->files->arena, "%s%s%s%s%s", info->flags & O_PATH ? "path only" : access[info->flags & O_ACCMODE],
        at, info->flags & O_APPEND ? ", append" : "", info->flags & O_NONBLOCK ? ", non-blocking" : "",
        info->flags & O_CLOEXEC ? ", close-on-exec" : "");
}

static const char *count_of(const struct looking *l, uint64_t count, const char *what) {
    return arena_printf(l->files->arena, "%" PRIu64 " %s%s", count, what, count == 1 ? "" : "es");
}

// "descriptors 4, 5 and 3 more"
static const char *epoll_targets(const struct looking *l, const struct fdinfo *info) {
    if (info->target_count == 0)
        return "no descriptor";
    char text[32 + FDINFO_TARGETS * 13];
    int used = snprintf(text, sizeof text, "descriptor%s", info->target_count == 1 ? "" : "s");
    for (size_t i = 0; i < info->target_count && i < FDINFO_TARGETS; i++)
        used += snprintf(text + used, sizeof text - (size_t)used, "%s %d", i ? "," : "", info->targets[i]);
    if (info->target_count <= FDINFO_TARGETS)
        return arena_strdup(l->files->arena, text);
    return arena_printf(l->files->arena, "%s and %" PRIu64 " more", text,
                        info->target_count - FDINFO_TARGETS);
}

static const char *timer_words(const struct looking *l, const struct fdinfo *info) {
    if (!info->timer_next_ns && !info->timer_interval_ns)
        return "not set";
    return arena_printf(l->files->arena, "next in %.3f s%s", (double)info->timer_next_ns / 1e9,
                        info->timer_interval_ns ? ", repeats" : "");
}

static void describe_anonymous(struct looking *l, struct open_file *out, const char *kind) {
    static const struct {
        const char *link, *type;
    } kinds[] = {{"[eventpoll]", "epoll"},   {"[eventfd]", "eventfd"},         {"[signalfd]", "signalfd"},
                 {"[timerfd]", "timerfd"},   {"inotify", "inotify"},           {"[fanotify]", "fanotify"},
                 {"[io_uring]", "io_uring"}, {"[perf_event]", "perf_event"},   {"[pidfd]", "pidfd"},
                 {"[fscontext]", "mount"},   {"[userfaultfd]", "userfaultfd"}, {NULL, NULL}};
    size_t i = 0;
    while (kinds[i].link && strcmp(kinds[i].link, kind) != 0)
        i++;
    out->type = kinds[i].link ? kinds[i].type : "anonymous";
    out->target = out->subject = kinds[i].link ? NULL : arena_strdup(l->files->arena, kind);
    struct fdinfo info;
    read_fdinfo(l, out->fd, &info);
    out->detail = words_of(l, &info, false);
    if (strcmp(out->type, "epoll") == 0)
        out->target = epoll_targets(l, &info);
    else if (strcmp(out->type, "inotify") == 0 || strcmp(out->type, "fanotify") == 0)
        out->target = count_of(l, info.watches, "watch");
    else if (strcmp(out->type, "timerfd") == 0)
        out->target = timer_words(l, &info);
    else if (strcmp(out->type, "eventfd") == 0)
        out->target = arena_printf(l->files->arena, "count %" PRIu64, info.eventfd_count);
    else if (strcmp(out->type, "pidfd") == 0)
        out->target = arena_printf(l->files->arena, "process %" PRId64, info.pid);
}

static void describe_path(struct looking *l, struct open_file *out, const char *link) {
    char path[64];
    struct stat status = {0};
    struct fdinfo info;
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)l->pid, out->fd);
    if (strncmp(link, "/memfd:", 7) == 0)
        out->type = "memfd";
    else if (strncmp(link, "/dev/pts/", 9) == 0 || strcmp(link, "/dev/tty") == 0)
        out->type = "terminal";
    else if (stat(path, &status) != 0)
        out->type = "file";
    else
        out->type = S_ISDIR(status.st_mode)    ? "directory"
                    : S_ISCHR(status.st_mode)  ? "device"
                    : S_ISBLK(status.st_mode)  ? "block device"
                    : S_ISFIFO(status.st_mode) ? "fifo"
                                               : "file";
    out->target = out->subject = arena_strdup(l->files->arena, link);
    read_fdinfo(l, out->fd, &info);
    out->detail = words_of(l, &info, S_ISREG(status.st_mode));
}

// Another descriptor of the process with this inode, of a pipe one that goes the other way; -1: none.
static int other_end(struct looking *l, uint64_t inode, int fd, int64_t flags) {
    int added;
    uint32_t at = *table_at(&l->by_inode, inode, UINT32_MAX, &added);
    for (; at < l->files->count; at = l->next[at]) {
        int other = l->files->all[at].fd;
        if (other != fd && (flags < 0 || (l->links[at].flags ^ flags) & O_ACCMODE))
            return other;
    }
    return -1;
}

static void describe_pipe(struct looking *l, struct open_file *out, const struct link *link) {
    struct fdinfo info;
    read_fdinfo(l, out->fd, &info);
    out->type = "pipe";
    out->state = link->flags < 0 ? NULL : (link->flags & O_ACCMODE) == O_RDONLY ? "read end" : "write end";
    out->detail = words_of(l, &info, false);
    int other = other_end(l, link->inode, out->fd, link->flags);
    out->target = other < 0 ? "its other end is not in this process"
                            : arena_printf(l->files->arena, "its other end is %d", other);
}

static void describe_unix(struct looking *l, struct open_file *out, const struct net_socket *socket) {
    struct arena *arena = l->files->arena;
    const char *path = net_tables_path(l->nets, socket);
    int peer = socket->peer ? other_end(l, socket->peer, out->fd, -1) : -1;
    const struct net_socket *theirs = socket->peer ? net_tables_find(l->nets, socket->peer) : NULL;
    const char *their_path = theirs ? net_tables_path(l->nets, theirs) : NULL;
    if (!path && their_path)
        out->subject = out->target = arena_printf(arena, "unix -> %s", their_path);
    else if (path)
        out->subject = out->target = arena_printf(arena, "unix %s", path);
    else
        out->subject = "unix";
    if (!path && !their_path)
        out->target = peer >= 0      ? arena_printf(arena, "unix, its other end is %d", peer)
                      : socket->peer ? "unix, its other end is not in this process"
                                     : "unix";
}

static void describe_internet(struct looking *l, struct open_file *out, const struct net_socket *socket) {
    struct arena *arena = l->files->arena;
    const char *family = net_family_name(socket->family);
    char local[80], remote[80];
    net_address(socket, false, local, sizeof local);
    const char *here = arena_printf(arena, "%s %s", family, local);
    if (!socket->remote_port) {
        out->subject = out->target = here;
        return;
    }
    net_address(socket, true, remote, sizeof remote);
    out->target = arena_printf(arena, "%s -> %s", here, remote);
    out->local = here;
    out->remote = arena_printf(arena, "%s -> %s", family, remote);
}

static void describe_socket(struct looking *l, struct open_file *out, const struct link *link) {
    if (!l->nets)
        net_tables_read(l->nets = net_tables_new(), l->pid);
    out->type = "socket";
    const struct net_socket *socket = net_tables_find(l->nets, link->inode);
    if (!socket) { // not bound, or of a family without a table
        out->target = arena_strdup(l->files->arena, link->text);
        return;
    }
    out->state = net_state_name(socket);
    if (socket->to_read || socket->to_send)
        out->detail = arena_printf(l->files->arena, "%" PRIu64 " bytes to read, %" PRIu64 " to send",
                                   socket->to_read, socket->to_send);
    if (socket->family == NET_UNIX)
        describe_unix(l, out, socket);
    else if (socket->family >= NET_NETLINK)
        out->target = out->subject = net_family_name(socket->family);
    else
        describe_internet(l, out, socket);
}

static void describe(struct looking *l, size_t i) {
    struct open_file *out = &l->files->all[i];
    const struct link *link = &l->links[i];
    if (strncmp(link->text, "socket:[", 8) == 0)
        describe_socket(l, out, link);
    else if (strncmp(link->text, "pipe:[", 6) == 0)
        describe_pipe(l, out, link);
    else if (strncmp(link->text, "anon_inode:", 11) == 0)
        describe_anonymous(l, out, link->text + 11);
    else if (strncmp(link->text, "pidfd:[", 7) == 0) // since Linux 6.9
        describe_anonymous(l, out, "[pidfd]");
    else if (link->text[0] == '/')
        describe_path(l, out, link->text);
    else {
        out->type = "other";
        out->target = out->subject = arena_strdup(l->files->arena, link->text);
    }
}

static bool read_link(struct looking *l, int fd, struct link *out) {
    char path[64], text[PATH_MAX + 16];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)l->pid, fd);
    ssize_t got = readlink(path, text, sizeof text - 1);
    if (got < 0)
        return false;
    text[got] = '\0';
    *out = (struct link){.text = arena_strdup(l->files->arena, text), .flags = -1};
    if (strncmp(text, "socket:[", 8) == 0)
        out->inode = strtoull(text + 8, NULL, 10);
    if (strncmp(text, "pipe:[", 6) == 0) {
        struct fdinfo info;
        read_fdinfo(l, fd, &info);
        out->inode = strtoull(text + 6, NULL, 10);
        out->flags = info.flags;
    }
    return true;
}

static void read_links(struct looking *l, const int *fds, size_t count) {
    struct open_files *files = l->files;
    for (size_t i = 0; i < count; i++) {
        size_t at = files->count;
        if (!read_link(l, fds[i], &l->links[at]))
            continue;
        files->all[at] = (struct open_file){.fd = fds[i]};
        l->next[at] = UINT32_MAX;
        if (l->links[at].inode) {
            int added;
            uint32_t *first = table_at(&l->by_inode, l->links[at].inode, (uint32_t)at, &added);
            if (!added) {
                l->next[at] = *first;
                *first = (uint32_t)at;
            }
        }
        files->count++;
    }
}

// A process that is not dumpable shows the numbers to root, and nothing else.
static bool are_hidden(pid_t pid, const int *fds, size_t count) {
    char path[64], target[8];
    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fds[i]);
        if (readlink(path, target, sizeof target) >= 0)
            return false;
        if (errno == EACCES)
            return true;
    }
    return false;
}

// The line "Max open files            1024                 1048576              files"
static int64_t read_limit(pid_t pid) {
    char path[64];
    int64_t limit = -1;
    snprintf(path, sizeof path, "/proc/%d/limits", (int)pid);
    char *text = whole_file(path), *line = text ? strstr(text, "Max open files") : NULL;
    if (line) {
        line += strlen("Max open files");
        line += strspn(line, " ");
        limit = strncmp(line, "unlimited", 9) == 0 ? INT64_MAX : strtoll(line, NULL, 10);
    }
    free(text);
    return limit;
}

int open_files_describe(pid_t pid, struct open_files *out) {
    int *fds = NULL;
    size_t count = 0;
    int bad = open_files_list(pid, &fds, &count);
    if (bad)
        return bad;
    if (are_hidden(pid, fds, count)) {
        free(fds);
        return -EACCES;
    }
    *out = (struct open_files){.arena = arena_new(), .limit = read_limit(pid)};
    out->all = arena_array(out->arena, struct open_file, count);
    struct looking l = {.pid = pid, .files = out};
    l.links = arena_array(out->arena, struct link, count);
    l.next = arena_array(out->arena, uint32_t, count);
    read_links(&l, fds, count);
    for (size_t i = 0; i < out->count; i++)
        describe(&l, i);
    net_tables_free(l.nets);
    table_free(&l.by_inode);
    free(fds);
    return 0;
}

void open_files_free(struct open_files *files) {
    if (files->arena)
        arena_free(files->arena);
    *files = (struct open_files){0};
}

const struct open_file *open_files_find(const struct open_files *files, int fd) {
    size_t low = 0, high = files->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (files->all[middle].fd < fd)
            low = middle + 1;
        else
            high = middle;
    }
    return low < files->count && files->all[low].fd == fd ? &files->all[low] : NULL;
}
