// The session's board from the analyzer's side: proof of life towards the targets, and the bell that they
// ring.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct board;

// Makes the page and puts its life word on the calling thread's robust futex list, so that the kernel marks
// it when this thread ends, however that happens. The thread must be the one that lives as long as the
// analyzer does. NULL and errno if the system refuses.
struct board *board_new(void);
void board_free(struct board *board);

int board_fd(const struct board *board); // a memfd, to be passed to targets; owned by the board

void board_heartbeat(struct board *board);

// Sleeps until somebody rings or the time is over. Rings that came since the last sleep end it at once.
void board_sleep(struct board *board, uint64_t limit_ns);

// Rings the bell from another thread of the analyzer.
void board_ring(struct board *board);

// How many times a process has begun to stand still at its end; whoever it counts can be seen to do so.
uint32_t board_standing(const struct board *board);

// From now on nobody records any more.
void board_close(struct board *board);

// The report is out, or whoever waits for it shall wait no longer.
void board_reported(struct board *board);
