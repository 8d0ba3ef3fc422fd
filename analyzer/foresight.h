// Names looked up ahead of the report. While the last process of a session stands still at its end and its
// memory is read, a thread of its own opens the objects that its blocks' stacks go through and resolves their
// addresses: that takes about as long, and depends on nothing that the memory says.
#pragma once

#include "analyzer/family.h"
#include "analyzer/live.h"
#include "analyzer/symbols/symbols.h"

struct foresight;

// Never NULL; does nothing yet.
struct foresight *foresight_new(const struct symbols_options *options);

// Begins with the stacks of a settled live set, which is not needed any more when this returns. Only the
// first call counts, and none where there is no second processor or no thread to be had: the report then
// takes the time itself.
void foresight_begin(struct foresight *foresight, const struct family *family, const struct live_set *live);

// Waits for what was begun. The symbols are foresight's, to be used by one thread from here on.
struct symbols *foresight_symbols(struct foresight *foresight);

// Waits, too. NULL is nothing.
void foresight_free(struct foresight *foresight);
