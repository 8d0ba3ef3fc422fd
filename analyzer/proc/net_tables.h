// The sockets of a network namespace, by inode: /proc/PID/net/tcp and its neighbours, read once for all of a
// process's descriptors.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum net_family {
    NET_TCP,
    NET_TCP6,
    NET_UDP,
    NET_UDP6,
    NET_RAW,
    NET_RAW6,
    NET_UNIX,
    NET_NETLINK,
    NET_PACKET,
    NET_TABLES
};

struct net_socket {
    uint64_t inode;
    uint64_t peer;  // of a unix socket, if known: the inode of its peer; else 0
    uint8_t family; // net_family
    uint8_t state;  // of inet, the kernel's TCP_ number; of unix, its SS_ number; of others 0
    bool listening; // of unix
    uint8_t type;   // of unix, SOCK_; else 0
    uint16_t local_port, remote_port;
    uint8_t local[16], remote[16]; // in network order; IPv4 uses four
    uint64_t to_send, to_read;     // bytes queued
    size_t path;                   // of unix, where in the table's names; 0: it has none
};

struct net_tables;

struct net_tables *net_tables_new(void); // empty; aborts when memory runs out
void net_tables_free(struct net_tables *tables);

// Adds what the text of one of the files says, NUL-terminated. Lines that make no sense are passed over.
void net_tables_parse(struct net_tables *tables, enum net_family family, const char *text);

// Adds all tables of the namespace that the process lives in, and who is whose peer among unix sockets if it
// is ours as well. What can't be read is missing.
void net_tables_read(struct net_tables *tables, pid_t pid);

// NULL if it is not in the tables. Valid until the tables change.
const struct net_socket *net_tables_find(struct net_tables *tables, uint64_t inode);
const char *net_tables_path(const struct net_tables *tables, const struct net_socket *socket); // NULL: none

// "tcp", "tcp6", "unix", ... and the state's name ("CLOSE_WAIT"); NULL for a state without a name.
const char *net_family_name(enum net_family family);
const char *net_state_name(const struct net_socket *socket);
// "127.0.0.1:80", "[::1]:80", "*:80". Returns out.
char *net_address(const struct net_socket *socket, bool remote, char *out, size_t out_bytes);
