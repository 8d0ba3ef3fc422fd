// links: analyzer/proc/net_tables.c analyzer/proc/unix_peers.c analyzer/whole_file.c analyzer/proc/fdinfo.c
// links: analyzer/table.c
//
// /proc's texts on sockets and descriptors. Another network namespace, or a container's /proc, may hold
// anything.
#include "analyzer/proc/fdinfo.h"
#include "analyzer/proc/net_tables.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    char *text = malloc(bytes + 1);
    if (!text)
        return 0;
    if (bytes)
        memcpy(text, data, bytes);
    text[bytes] = '\0';
    struct net_tables *tables = net_tables_new();
    for (enum net_family family = 0; family < NET_TABLES; family++)
        net_tables_parse(tables, family, text);
    for (uint64_t inode = 0; inode < 1000; inode++) {
        char address[80];
        const struct net_socket *socket = net_tables_find(tables, inode);
        if (!socket)
            continue;
        const char *path = net_tables_path(tables, socket), *state = net_state_name(socket);
        if ((path && strlen(path) > bytes) || (state && !*state) ||
            strlen(net_address(socket, inode & 1, address, sizeof address)) >= sizeof address)
            abort();
    }
    struct fdinfo info;
    fdinfo_parse(text, &info);
    net_tables_free(tables);
    free(text);
    return 0;
}
