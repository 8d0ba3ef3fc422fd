// What the registers of a thread hold that stands in a ptrace stop.
#pragma once

#include "analyzer/verdict/stop.h"

// Fills all of *thread but its tid and what is for stop_go_on's eyes; its words go to the end of
// stopped->words. To be called by the tracer. What can't be read stays 0.
void registers_read(struct stopped *stopped, struct stopped_thread *thread);
