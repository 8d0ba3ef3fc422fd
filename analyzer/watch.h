// The main thread sleeps on the board's bell, a futex, which no descriptor can be polled together with. This
// helper thread polls the descriptors and rings the bell when one is ready.
#pragma once

#include "analyzer/board.h"

#include <stdbool.h>

struct watch;

// Watches an epoll descriptor. NULL and errno if no thread can be had. All signals stay blocked in the
// thread.
struct watch *watch_new(int epoll_fd, struct board *board);
void watch_free(struct watch *watch);

// True once after something became ready; the watch is quiet until watch_resume, which the caller gives when
// it has handled what epoll_wait told.
bool watch_ready(struct watch *watch);
void watch_resume(struct watch *watch);

// While on, the watch renews the heartbeat: the main thread is busy for longer than targets wait in silence.
void watch_beat(struct watch *watch, bool on);
