// links: analyzer/meeting.c analyzer/board.c analyzer/family.c
// links: preload/meet.c preload/main_program.c preload/analyzer_path.c
// Both sides of the meeting against each other, and each against nonsense; no descriptor stays behind.
#include "analyzer/meeting.h"
#include "preload/meet.h"
#include "preload/wire/board.h"
#include "preload/wire/hello.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int count_descriptors(void) {
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static int listener;

static void open_listener(void) {
    snprintf(address.sun_path, sizeof address.sun_path, "/tmp/seep-test-meeting-%d", (int)getpid());
    unlink(address.sun_path);
    listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
}

static void close_listener(void) {
    close(listener);
    unlink(address.sun_path);
}

// A target that meets over the socket, as the shim's constructor does; its status says what came of it.
static pid_t start_target(rlim_t descriptors_left) {
    pid_t child = fork();
    if (child != 0)
        return child;
    close(listener);
    if (descriptors_left) {
        int next = dup(0);
        close(next);
        struct rlimit limit = {(rlim_t)next + descriptors_left, (rlim_t)next + descriptors_left};
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    int first = dup(0);
    close(first);
    struct wire_memory *memory = NULL;
    struct wire_board *board = NULL;
    int connection;
    int bad = meet_session(address.sun_path, &memory, &board, &connection);
    meet_end(connection, bad);
    int after = dup(0);
    if (after != first)
        _exit(99); // a descriptor stayed open
    if (!bad && (memory->magic != WIRE_MEMORY_MAGIC || board->magic != WIRE_BOARD_MAGIC))
        _exit(98);
    _exit(-bad);
}

static int end_of(pid_t target) {
    int status;
    ck_assert_int_eq(waitpid(target, &status, 0), target);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int hear(int connection, struct hello *hello) {
    int bad;
    do
        bad = meeting_hear(connection, hello);
    while (bad == -EAGAIN);
    return bad;
}

static struct family *family_for_tests(void) {
    struct family *family = family_new(&(struct family_options){.ring_slots = 4,
                                                                .depth = 8,
                                                                .follow = true,
                                                                .track = WIRE_TRACK_HEAP,
                                                                .address_space = (uint64_t)512 << 20});
    ck_assert_ptr_nonnull(family);
    return family;
}

static int part(int connection) {
    int said;
    do
        said = meeting_part(connection);
    while (said == -EAGAIN);
    return said;
}

static int welcome_one(rlim_t descriptors_left) {
    struct board *board = board_new();
    struct family *family = family_for_tests();
    open_listener();
    pid_t target = start_target(descriptors_left);
    int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct hello hello = {0};
    ck_assert_int_eq(hear(connection, &hello), 0);
    ck_assert_int_eq(hello.pid, target);
    ck_assert(!hello.foreign_ids);
    ck_assert_int_eq(meeting_welcome(connection, board, family, NULL), 0);
    int end = end_of(target);
    ck_assert_int_eq(part(connection), end); // its regret, if it has one
    close(connection);
    close_listener();
    family_free(family);
    board_free(board);
    return end;
}

START_TEST(both_sides_meet_and_nothing_stays_open) {
    int before = count_descriptors();
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(welcome_one(0), 0);
    ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

START_TEST(a_target_without_room_for_the_descriptors_keeps_none) {
    ck_assert_int_eq(welcome_one(3), 0);
    ck_assert_int_eq(welcome_one(2), EMFILE); // one of the two arrives
    ck_assert_int_eq(welcome_one(1), EMFILE); // none does
}
END_TEST

static int declined_with(uint32_t answer) {
    open_listener();
    pid_t target = start_target(0);
    int connection = accept(listener, NULL, NULL);
    struct hello hello;
    ck_assert_int_eq(hear(connection, &hello), 0);
    meeting_decline(connection, answer);
    int end = end_of(target);
    close(connection);
    close_listener();
    return end;
}

START_TEST(a_declined_target_knows_why) {
    ck_assert_int_eq(declined_with(ANSWER_FAILED), EPROTONOSUPPORT);
    ck_assert_int_eq(declined_with(ANSWER_IGNORED), ECANCELED);
}
END_TEST

START_TEST(an_analyzer_that_dies_in_between_keeps_nobody) {
    open_listener();
    pid_t target = start_target(0);
    int connection = accept(listener, NULL, NULL);
    close(connection); // its hello unread
    ck_assert_int_ne(end_of(target), 0);
    close_listener();
    ck_assert_int_eq(end_of(start_target(0)), ENOENT);
}
END_TEST

static int hear_bytes(const void *bytes, size_t count) {
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    ck_assert_int_eq(send(pair[0], bytes, count, 0), count);
    struct hello hello;
    int bad = meeting_hear(pair[1], &hello);
    close(pair[0]);
    close(pair[1]);
    return bad;
}

START_TEST(nonsense_is_not_a_hello) {
    struct wire_hello good = {.magic = WIRE_HELLO_MAGIC, .version = WIRE_VERSION, .pid = (uint32_t)getpid()};
    ck_assert_int_eq(hear_bytes(&good, sizeof good), 0);
    char longest[sizeof good + 2 * PATH_MAX]; // the program's path is cut
    memset(longest, '/', sizeof longest);
    memcpy(longest, &good, sizeof good);
    ck_assert_int_eq(hear_bytes(longest, sizeof longest), 0);
    ck_assert_int_eq(hear_bytes(&good, sizeof good - 1), -EPROTO);
    struct wire_hello bad = good;
    bad.magic++;
    ck_assert_int_eq(hear_bytes(&bad, sizeof bad), -EPROTO);
    bad = good;
    bad.version++;
    ck_assert_int_eq(hear_bytes(&bad, sizeof bad), -EPROTO);
    ck_assert_int_eq(hear_bytes("x", 1), -EPROTO);
}
END_TEST

START_TEST(a_connection_that_was_closed_or_is_silent_is_told_apart) {
    int pair[2];
    struct hello hello;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    ck_assert_int_eq(meeting_hear(pair[1], &hello), -EAGAIN);
    close(pair[0]);
    ck_assert_int_eq(meeting_hear(pair[1], &hello), -EPIPE);
    close(pair[1]);
}
END_TEST

// One that stopped waiting regrets before it has read the answer; one that was killed says nothing.
START_TEST(a_process_that_left_before_the_answer_is_heard_if_it_regrets) {
    struct board *board = board_new();
    struct family *family = family_for_tests();
    for (int regrets = 0; regrets < 2; regrets++)
        for (int answered = 0; answered < 2; answered++) {
            int pair[2];
            ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
            ck_assert_int_eq(meeting_part(pair[1]), -EAGAIN);
            if (answered)
                ck_assert_int_eq(meeting_welcome(pair[1], board, family, NULL), 0);
            meet_end(pair[0], regrets ? -ETIMEDOUT : 0);
            if (!answered)
                ck_assert_int_eq(meeting_welcome(pair[1], board, family, NULL), -EPIPE);
            ck_assert_int_eq(meeting_part(pair[1]), regrets ? ETIMEDOUT : 0);
            close(pair[1]);
        }
    family_free(family);
    board_free(board);
}
END_TEST

START_TEST(nonsense_is_not_a_regret) {
    struct wire_regret good = {.magic = WIRE_HELLO_MAGIC, .error = ENOMEM}, bad[3] = {good, good, good};
    bad[0].magic++;
    bad[1].error = 0;
    bad[2].error = -ENOMEM;
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(send(pair[0], &bad[i], sizeof bad[i], 0), sizeof bad[i]);
        ck_assert_int_eq(meeting_part(pair[1]), 0);
    }
    ck_assert_int_eq(send(pair[0], &good, sizeof good - 1, 0), sizeof good - 1);
    ck_assert_int_eq(meeting_part(pair[1]), 0);
    ck_assert_int_eq(send(pair[0], &good, sizeof good, 0), sizeof good);
    ck_assert_int_eq(meeting_part(pair[1]), ENOMEM);
    close(pair[0]);
    close(pair[1]);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, both_sides_meet_and_nothing_stays_open);
    tcase_add_test(tests, a_target_without_room_for_the_descriptors_keeps_none);
    tcase_add_test(tests, a_declined_target_knows_why);
    tcase_add_test(tests, an_analyzer_that_dies_in_between_keeps_nobody);
    tcase_add_test(tests, nonsense_is_not_a_hello);
    tcase_add_test(tests, a_connection_that_was_closed_or_is_silent_is_told_apart);
    tcase_add_test(tests, a_process_that_left_before_the_answer_is_heard_if_it_regrets);
    tcase_add_test(tests, nonsense_is_not_a_regret);
}
SEEP_TEST_MAIN("meeting")
