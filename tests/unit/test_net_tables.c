// links: analyzer/proc/net_tables.c analyzer/proc/unix_peers.c analyzer/whole_file.c analyzer/proc/fdinfo.c
// links: analyzer/proc/open_files.c analyzer/table.c analyzer/arena.c
// Reading /proc's tables of sockets and what it says of a descriptor: from texts as the kernel writes them,
// from texts that it never would, and of this process itself.
#include "analyzer/proc/fdinfo.h"
#include "analyzer/proc/net_tables.h"
#include "analyzer/proc/open_files.h"
#include "tests/lib/suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const char tcp[] =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0000 "
    "100 0 0\n"
    "   1: 0100007F:C350 0200007F:0016 08 00000010:0000002A 00:00000000 00000000     0        0 4712 1 0000 "
    "20 4\n"
    "   2: 0100007F:C351 0200007F:0016 06 00000000:00000000 03:00001000 00000000     0        0 0 3 0000\n"
    "   3: nonsense\n"
    "   4: 0100007F:C350 0200007F 08 00:00\n"
    "   5: 00000000:0000 00000000:0000 FF 00000000:00000000 00:00000000 00000000  1000        0 4713 1 0000";
static const char tcp6[] =
    "  sl  local_address                         remote_address\n"
    "   0: 00000000000000000000000001000000:0050 B80D0120000000000000000001000000:1234 01 "
    "00000000:00000000 00:00000000 00000000  1000        0 5000 1 0000 100 0 0\n";
static const char local[] = "Num       RefCount Protocol Flags    Type St Inode Path\n"
                            "0000000000000000: 00000002 00000000 00010000 0001 01 6000 /run/some path.sock\n"
                            "0000000000000000: 00000003 00000000 00000000 0001 03 6001\n"
                            "0000000000000000: 00000002 00000000 00000000 0002 01 6002 @hidden\n";

static struct net_tables *tables;

static void setup(void) {
    tables = net_tables_new();
    net_tables_parse(tables, NET_TCP, tcp);
    net_tables_parse(tables, NET_TCP6, tcp6);
    net_tables_parse(tables, NET_UNIX, local);
    net_tables_parse(tables, NET_NETLINK,
                     "sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode\n"
                     "ffff 0   1 00000000 0 0 0 2 0 7000    \n");
}

static void teardown(void) {
    net_tables_free(tables);
}

START_TEST(states_addresses_and_queues_are_read) {
    char text[80];
    const struct net_socket *listening = net_tables_find(tables, 4711),
                            *waiting = net_tables_find(tables, 4712);
    ck_assert_str_eq(net_state_name(listening), "LISTEN");
    ck_assert_str_eq(net_address(listening, false, text, sizeof text), "127.0.0.1:8080");
    ck_assert_str_eq(net_address(listening, true, text, sizeof text), "*:0");
    ck_assert_str_eq(net_state_name(waiting), "CLOSE_WAIT");
    ck_assert_str_eq(net_address(waiting, true, text, sizeof text), "127.0.0.2:22");
    ck_assert_uint_eq(waiting->to_send, 16);
    ck_assert_uint_eq(waiting->to_read, 42);
    ck_assert_ptr_null(net_state_name(net_tables_find(tables, 4713)));
    const struct net_socket *six = net_tables_find(tables, 5000);
    ck_assert_str_eq(net_address(six, false, text, sizeof text), "[::1]:80");
    ck_assert_str_eq(net_address(six, true, text, sizeof text), "[2001:db8::1]:4660");
    ck_assert_str_eq(net_state_name(six), "ESTABLISHED");
    ck_assert_uint_eq(net_tables_find(tables, 7000)->family, NET_NETLINK);
    ck_assert_ptr_null(net_tables_find(tables, 0));
    ck_assert_ptr_null(net_tables_find(tables, 1));
}
END_TEST

START_TEST(unix_sockets_have_paths) {
    const struct net_socket *named = net_tables_find(tables, 6000), *plain = net_tables_find(tables, 6001);
    ck_assert_str_eq(net_tables_path(tables, named), "/run/some path.sock");
    ck_assert_str_eq(net_state_name(named), "LISTEN");
    ck_assert_ptr_null(net_tables_path(tables, plain));
    ck_assert_str_eq(net_state_name(plain), "CONNECTED");
    ck_assert_str_eq(net_tables_path(tables, net_tables_find(tables, 6002)), "@hidden");
}
END_TEST

START_TEST(fdinfo_is_read) {
    struct fdinfo info;
    fdinfo_parse("pos:\t12\nflags:\t02100001\nmnt_id:\t9\ninotify wd:2 ino:1\ninotify wd:1 ino:2\n", &info);
    ck_assert_int_eq(info.position, 12);
    ck_assert_int_eq(info.flags & O_ACCMODE, O_WRONLY);
    ck_assert(info.flags & O_CLOEXEC);
    ck_assert_uint_eq(info.watches, 2);
    fdinfo_parse(
        "tfd:        5 events: 19\ntfd:       70 events: 19\nit_value: (1, 5)\nit_interval: (99999999999, 0)",
        &info);
    ck_assert_uint_eq(info.target_count, 2);
    ck_assert_int_eq(info.targets[1], 70);
    ck_assert_uint_eq(info.timer_next_ns, 1000000005);
    ck_assert_uint_eq(info.timer_interval_ns, UINT64_MAX);
    ck_assert_int_eq(info.position, -1);
    fdinfo_parse("", &info);
    ck_assert_int_eq(info.flags, -1);
}
END_TEST

static const struct open_file *described(struct open_files *files, int fd) {
    const struct open_file *file = open_files_find(files, fd);
    ck_assert_ptr_nonnull(file);
    return file;
}

START_TEST(a_process_is_described) {
    int pair[2], ends[2], server = socket(AF_INET, SOCK_STREAM, 0), wait = epoll_create1(0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    ck_assert_int_eq(bind(server, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(server, 1), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    ck_assert_int_eq(pipe(ends), 0);
    int root = open("/", O_RDONLY | O_DIRECTORY);
    struct open_files files;
    ck_assert_int_eq(open_files_describe(getpid(), &files), 0);
    ck_assert_str_eq(described(&files, server)->state, "LISTEN");
    ck_assert_str_eq(described(&files, wait)->target, "no descriptor");
    ck_assert_str_eq(described(&files, root)->type, "directory");
    ck_assert_str_eq(described(&files, ends[1])->state, "write end");
    char words[64];
    snprintf(words, sizeof words, "its other end is %d", ends[0]);
    ck_assert_str_eq(described(&files, ends[1])->target, words);
    snprintf(words, sizeof words, "unix, its other end is %d", pair[1]);
    ck_assert_str_eq(described(&files, pair[0])->target, words);
    ck_assert_ptr_null(open_files_find(&files, 12345));
    for (size_t i = 1; i < files.count; i++)
        ck_assert_int_gt(files.all[i].fd, files.all[i - 1].fd);
    ck_assert_int_gt(files.limit, 0);
    open_files_free(&files);
    ck_assert_int_lt(open_files_describe(0x7ffffff0, &files), 0);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, states_addresses_and_queues_are_read);
    tcase_add_test(tests, unix_sockets_have_paths);
    tcase_add_test(tests, fdinfo_is_read);
    tcase_add_test(tests, a_process_is_described);
}
SEEP_TEST_MAIN("net_tables")
