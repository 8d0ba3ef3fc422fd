// See net_tables.h. Called by describe.c. The columns are those of Documentation/networking/proc_net_tcp and
// of the kernel's seq_printf's beside it.
#include "analyzer/proc/net_tables.h"
#include "analyzer/must.h"
#include "analyzer/proc/unix_peers.h"
#include "analyzer/table.h"
#include "analyzer/vector.h"
#include "analyzer/whole_file.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <sys/socket.h>

struct net_tables {
    struct net_socket *sockets;
    size_t count, room;
    struct table by_inode; // -> index in sockets
    char *names;           // NUL-terminated, one after the other; the first byte is nobody's
    size_t name_bytes, name_room;
};

static const struct {
    const char *name, *file;
} families[NET_TABLES] = {
    [NET_TCP] = {"tcp", "tcp"},          [NET_TCP6] = {"tcp6", "tcp6"},
    [NET_UDP] = {"udp", "udp"},          [NET_UDP6] = {"udp6", "udp6"},
    [NET_RAW] = {"raw", "raw"},          [NET_RAW6] = {"raw6", "raw6"},
    [NET_UNIX] = {"unix", "unix"},       [NET_NETLINK] = {"netlink", "netlink"},
    [NET_PACKET] = {"packet", "packet"},
};

struct net_tables *net_tables_new(void) {
    struct net_tables *tables = must(calloc(1, sizeof *tables));
    *VECTOR_PUSH(tables->names, tables->name_bytes, tables->name_room) = '\0';
    return tables;
}

void net_tables_free(struct net_tables *tables) {
    if (!tables)
        return;
    free(tables->sockets);
    free(tables->names);
    table_free(&tables->by_inode);
    free(tables);
}

static void add(struct net_tables *tables, const struct net_socket *socket) {
    if (socket->inode == 0) // TIME_WAIT: nobody's any more
        return;
    int added;
    uint32_t index = *table_at(&tables->by_inode, socket->inode, (uint32_t)tables->count, &added);
    if (added)
        VECTOR_PUSH(tables->sockets, tables->count, tables->room);
    tables->sockets[index] = *socket;
}

// Hex digits in groups of eight are 32-bit words as the machine holds them, in network order.
static bool parse_address(const char *digits, int words, uint8_t out[16]) {
    for (int i = 0; i < words; i++) {
        uint32_t word = 0;
        for (int k = 0; k < 8; k++) {
            char c = digits[8 * i + k];
            int value = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
            if (value < 0)
                return false;
            word = word << 4 | (uint32_t)value;
        }
        memcpy(out + 4 * i, &word, 4);
    }
    return true;
}

// "   0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000  0 12345 ..."
static bool parse_inet(const char *line, struct net_socket *out) {
    char local[33], remote[33];
    unsigned local_port, remote_port, state;
    int words = out->family == NET_TCP6 || out->family == NET_UDP6 || out->family == NET_RAW6 ? 4 : 1;
    if (sscanf(line,
               " %*u: %32[0-9A-F]:%x %32[0-9A-F]:%x %x %" SCNx64 ":%" SCNx64 " %*x:%*x %*x %*u %*u %" SCNu64,
               local, &local_port, remote, &remote_port, &state, &out->to_send, &out->to_read,
               &out->inode) != 8)
        return false;
    if (strlen(local) != (size_t)words * 8 || strlen(remote) != (size_t)words * 8 ||
        !parse_address(local, words, out->local) || !parse_address(remote, words, out->remote))
        return false;
    out->local_port = (uint16_t)local_port;
    out->remote_port = (uint16_t)remote_port;
    out->state = (uint8_t)state;
    return true;
}

// "ffff8881: 00000002 00000000 00010000 0001 01 12345 /run/socket"
static bool parse_unix(struct net_tables *tables, const char *line, size_t bytes, struct net_socket *out) {
    unsigned flags, type, state;
    int path = 0;
    if (sscanf(line, "%*[^:]: %*x %*x %x %x %x %" SCNu64 "%n", &flags, &type, &state, &out->inode, &path) !=
        4)
        return false;
    out->type = (uint8_t)type;
    out->state = (uint8_t)state;
    out->listening = flags & 1u << 16; // __SO_ACCEPTCON
    size_t at = (size_t)path;
    if (at < bytes && line[at] == ' ' && at + 1 < bytes) {
        out->path = tables->name_bytes;
        for (at++; at < bytes; at++)
            *VECTOR_PUSH(tables->names, tables->name_bytes, tables->name_room) = line[at];
        *VECTOR_PUSH(tables->names, tables->name_bytes, tables->name_room) = '\0';
    }
    return true;
}

// The inode is the last column.
static bool parse_other(const char *line, size_t bytes, struct net_socket *out) {
    while (bytes && line[bytes - 1] == ' ')
        bytes--;
    size_t start = bytes;
    while (start && line[start - 1] >= '0' && line[start - 1] <= '9')
        start--;
    out->inode = start < bytes ? strtoull(line + start, NULL, 10) : 0;
    return out->inode != 0;
}

static void parse_line(struct net_tables *tables, enum net_family family, const char *line, size_t bytes) {
    struct net_socket socket = {.family = (uint8_t)family};
    bool good = family == NET_UNIX      ? parse_unix(tables, line, bytes, &socket)
                : family >= NET_NETLINK ? parse_other(line, bytes, &socket)
                                        : parse_inet(line, &socket);
    if (good)
        add(tables, &socket);
}

void net_tables_parse(struct net_tables *tables, enum net_family family, const char *text) {
    const char *line = strchr(text, '\n'); // the first line has titles
    for (line = line ? line + 1 : ""; *line;) {
        char copy[512];
        size_t bytes = strcspn(line, "\n"), kept = bytes < sizeof copy ? bytes : sizeof copy - 1;
        memcpy(copy, line, kept);
        copy[kept] = '\0';
        parse_line(tables, family, copy, strlen(copy));
        line += bytes + (line[bytes] == '\n');
    }
}

static void found_peer(void *context, uint64_t inode, uint64_t peer) {
    struct net_tables *tables = context;
    int added;
    uint32_t index = *table_at(&tables->by_inode, inode, (uint32_t)tables->count, &added);
    if (added)
        *VECTOR_PUSH(tables->sockets, tables->count, tables->room) =
            (struct net_socket){.inode = inode, .family = NET_UNIX};
    tables->sockets[index].peer = peer;
}

void net_tables_read(struct net_tables *tables, pid_t pid) {
    for (enum net_family family = 0; family < NET_TABLES; family++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/net/%s", (int)pid, families[family].file);
        char *text = whole_file(path);
        if (text)
            net_tables_parse(tables, family, text);
        free(text);
    }
    if (unix_peers_are_visible(pid))
        unix_peers_each(found_peer, tables);
}

const struct net_socket *net_tables_find(struct net_tables *tables, uint64_t inode) {
    int added;
    uint32_t index = *table_at(&tables->by_inode, inode, UINT32_MAX, &added);
    return index < tables->count ? &tables->sockets[index] : NULL;
}

const char *net_tables_path(const struct net_tables *tables, const struct net_socket *socket) {
    return socket->path ? tables->names + socket->path : NULL;
}

const char *net_family_name(enum net_family family) {
    return families[family].name;
}

const char *net_state_name(const struct net_socket *socket) {
    static const char *const tcp[] = {NULL,        "ESTABLISHED", "SYN_SENT",    "SYN_RECV",   "FIN_WAIT1",
                                      "FIN_WAIT2", "TIME_WAIT",   "CLOSE",       "CLOSE_WAIT", "LAST_ACK",
                                      "LISTEN",    "CLOSING",     "NEW_SYN_RECV"};
    static const char *const local[] = {"FREE", "UNCONNECTED", "CONNECTING", "CONNECTED", "DISCONNECTING"};
    switch (socket->family) {
    case NET_TCP:
    case NET_TCP6:
        return socket->state < sizeof tcp / sizeof *tcp ? tcp[socket->state] : NULL;
    case NET_UDP:
    case NET_UDP6:
        return socket->state == 1 ? "CONNECTED" : "UNCONNECTED";
    case NET_UNIX:
        return socket->listening                              ? "LISTEN"
               : socket->state < sizeof local / sizeof *local ? local[socket->state]
                                                              : NULL;
    default:
        return NULL;
    }
}

char *net_address(const struct net_socket *socket, bool remote, char *out, size_t out_bytes) {
    static const uint8_t any[16];
    bool six = socket->family == NET_TCP6 || socket->family == NET_UDP6 || socket->family == NET_RAW6;
    const uint8_t *address = remote ? socket->remote : socket->local;
    char text[INET6_ADDRSTRLEN] = "*";
    if (memcmp(address, any, sizeof any) != 0)
        inet_ntop(six ? AF_INET6 : AF_INET, address, text, sizeof text);
    snprintf(out, out_bytes, six && text[0] != '*' ? "[%s]:%u" : "%s:%u", text,
             remote ? socket->remote_port : socket->local_port);
    return out;
}
