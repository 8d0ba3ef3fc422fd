// See board.h. Used by session.c. Targets may write to the page: nothing is read from it but the bell, as a
// hint.
#include "analyzer/board.h"
#include "preload/wire/atomic.h"
#include "preload/wire/board.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096 };

// The kernel walks the robust list from private memory and finds each entry's futex word at a fixed distance.
// So the list's only entry stands in a private page in front of the shared one: a target can write the word,
// not the list.
struct private_page {
    struct robust_list_head head;
    struct robust_list entry;
    char rest[PAGE - sizeof(struct robust_list_head) - sizeof(struct robust_list)];
};
_Static_assert(sizeof(struct private_page) == PAGE, "the board follows");

struct board {
    struct private_page *before;
    struct wire_board *shared;
    int fd;
    uint32_t heard; // doorbell's value at the end of the last sleep
};

static void prove_life(struct board *board) {
    struct private_page *page = board->before;
    page->head.list.next = &page->entry;
    page->entry.next = &page->head.list;
    page->head.futex_offset = (long)((char *)&board->shared->life - (char *)&page->entry);
    board->shared->life = (uint32_t)syscall(SYS_gettid);
    syscall(SYS_set_robust_list, &page->head, sizeof page->head); // where it fails the heartbeat remains
}

struct board *board_new(void) {
    struct board *board = calloc(1, sizeof *board);
    if (!board)
        return NULL;
    board->fd = memfd_create("seep-board", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (board->fd < 0 || ftruncate(board->fd, PAGE) != 0)
        goto failed;
    fcntl(board->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW); // a target that shrinks it would end us
    char *at = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        goto failed;
    if (mmap(at + PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, board->fd, 0) == MAP_FAILED) {
        munmap(at, 2 * PAGE);
        goto failed;
    }
    board->before = (struct private_page *)at;
    board->shared = (struct wire_board *)(at + PAGE);
    board->shared->magic = WIRE_BOARD_MAGIC;
    board->shared->version = WIRE_VERSION;
    board_heartbeat(board);
    prove_life(board);
    return board;

failed:;
    int keep = errno;
    if (board->fd >= 0)
        close(board->fd);
    free(board);
    errno = keep;
    return NULL;
}

void board_free(struct board *board) {
    if (!board)
        return;
    board_close(board);
    board_reported(board);
    board->before->head.list.next = &board->before->head.list; // an empty list: the pages go away
    munmap(board->before, 2 * PAGE);
    close(board->fd);
    free(board);
}

int board_fd(const struct board *board) {
    return board->fd;
}

void board_heartbeat(struct board *board) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    atomic_store_relaxed(&board->shared->heartbeat_ns,
                         (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec);
}

void board_sleep(struct board *board, uint64_t limit_ns) {
    uint32_t *bell = &board->shared->doorbell;
    atomic_store_relaxed(&board->shared->sleeping, 1);
    atomic_fence_seq_cst(); // so that who rings later sees us asleep; who rang before has changed the bell
    struct timespec limit = {(time_t)(limit_ns / 1000000000), (long)(limit_ns % 1000000000)};
    if (atomic_load_relaxed(bell) == board->heard)
        syscall(SYS_futex, bell, FUTEX_WAIT, board->heard, &limit, NULL, 0);
    atomic_store_relaxed(&board->shared->sleeping, 0);
    board->heard = atomic_load_acquire(bell);
}

void board_ring(struct board *board) {
    atomic_add_acq_rel(&board->shared->doorbell, 1);
    syscall(SYS_futex, &board->shared->doorbell, FUTEX_WAKE, 1, NULL, NULL, 0);
}

uint32_t board_standing(const struct board *board) {
    return atomic_load_acquire(&board->shared->standing); // LE2
}

void board_close(struct board *board) {
    atomic_store_release(&board->shared->closed, 1);
}

void board_reported(struct board *board) {
    atomic_store_release(&board->shared->reported, 1);
    syscall(SYS_futex, &board->shared->reported, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}
