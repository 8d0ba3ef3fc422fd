// links: analyzer/board.c
// flags: -pthread
// The board tells whether the analyzer lives, however it ended, and its bell is never lost.
#include "analyzer/board.h"
#include "preload/wire/atomic.h"
#include "preload/wire/board.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// As a target has it.
static struct wire_board *map(const struct board *board) {
    void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, board_fd(board), 0);
    ck_assert_ptr_ne(at, MAP_FAILED);
    return at;
}

static struct wire_board *of_a_child_that(void (*ends)(struct board *board), int *status) {
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    pid_t child = fork();
    if (child == 0) {
        struct board *board = board_new();
        if (!board || write(fds[1], &(int){board_fd(board)}, sizeof(int)) != sizeof(int))
            _exit(9);
        kill(getpid(), SIGSTOP); // until the parent has mapped it
        ends(board);
        _exit(0);
    }
    int fd, stopped;
    ck_assert_int_eq(read(fds[0], &fd, sizeof fd), sizeof fd);
    ck_assert_int_eq(waitpid(child, &stopped, WUNTRACED), child);
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)child, fd);
    int mine = open(path, O_RDWR);
    ck_assert_int_ge(mine, 0);
    struct wire_board *board = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, mine, 0);
    ck_assert_ptr_ne(board, MAP_FAILED);
    ck_assert_uint_eq(board->magic, WIRE_BOARD_MAGIC);
    ck_assert_uint_eq(board->life, (uint32_t)child);
    kill(child, SIGCONT);
    ck_assert_int_eq(waitpid(child, status, 0), child);
    return board;
}

static void by_sigkill(struct board *board) {
    (void)board;
    kill(getpid(), SIGKILL);
}

static void by_exit(struct board *board) {
    (void)board;
    _exit(0);
}

static void in_order(struct board *board) {
    board_free(board);
}

START_TEST(a_killed_analyzer_is_marked_by_the_kernel) {
    int status;
    struct wire_board *board = of_a_child_that(_i ? by_exit : by_sigkill, &status);
    ck_assert_int_eq(WIFSIGNALED(status), !_i);
    ck_assert(board->life & BOARD_OWNER_DIED);
}
END_TEST

START_TEST(an_analyzer_that_ends_in_order_closes_first) {
    int status;
    struct wire_board *board = of_a_child_that(in_order, &status);
    ck_assert_int_eq(status, 0);
    ck_assert_uint_eq(board->closed, 1);
    ck_assert_uint_eq(board->reported, 1);
}
END_TEST

START_TEST(the_heartbeat_moves) {
    struct board *board = board_new();
    struct wire_board *shared = map(board);
    uint64_t before = shared->heartbeat_ns;
    ck_assert_uint_gt(before, 0);
    do
        board_heartbeat(board);
    while (shared->heartbeat_ns == before);
    ck_assert_uint_gt(shared->heartbeat_ns, before);
    board_free(board);
}
END_TEST

enum { FOREVER_SECONDS = 100 };
#define FOREVER_NS (FOREVER_SECONDS * 1000000000ull)

START_TEST(a_ring_before_the_sleep_ends_it_at_once) {
    struct board *board = board_new();
    board_ring(board);
    board_sleep(board, FOREVER_NS); // the test's time limit is shorter
    ck_assert_uint_eq(map(board)->sleeping, 0);
    board_free(board);
}
END_TEST

// A target's way to ring (preload/doorbell.h), when it sees us asleep.
static void *ring_when_asleep(void *argument) {
    struct wire_board *shared = argument;
    while (!atomic_load_acquire(&shared->sleeping))
        ;
    atomic_add_acq_rel(&shared->doorbell, 1);
    syscall(SYS_futex, &shared->doorbell, FUTEX_WAKE, 1, NULL, NULL, 0);
    return NULL;
}

START_TEST(a_target_that_sees_us_asleep_wakes_us) {
    struct board *board = board_new();
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, ring_when_asleep, map(board)), 0);
    board_sleep(board, FOREVER_NS);
    pthread_join(thread, NULL);
    board_free(board);
}
END_TEST

START_TEST(a_sleep_ends_by_itself) {
    struct board *board = board_new();
    board_sleep(board, 1000);
    board_sleep(board, 1000);
    board_free(board);
}
END_TEST

START_TEST(a_target_cannot_shrink_it) {
    struct board *board = board_new();
    ck_assert_int_eq(ftruncate(board_fd(board), 0), -1);
    ck_assert_int_eq(errno, EPERM);
    board_heartbeat(board);
    board_free(board);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, a_killed_analyzer_is_marked_by_the_kernel, 0, 2);
    tcase_add_test(tests, an_analyzer_that_ends_in_order_closes_first);
    tcase_add_test(tests, the_heartbeat_moves);
    tcase_add_test(tests, a_ring_before_the_sleep_ends_it_at_once);
    tcase_add_loop_test(tests, a_target_that_sees_us_asleep_wakes_us, 0, 50);
    tcase_add_test(tests, a_sleep_ends_by_itself);
    tcase_add_test(tests, a_target_cannot_shrink_it);
}
SEEP_TEST_MAIN("board")
