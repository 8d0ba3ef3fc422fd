// Hooks on terminals.
#include "preload/hooks_fd.h"

HOOKED int posix_openpt(int flags) {
    EARLY(EARLY_REAL(posix_openpt, (flags), early_fails()));
    return opened(CALL_posix_openpt, real.posix_openpt(flags), CALLER());
}

HOOKED int getpt(void) {
    EARLY(EARLY_REAL(getpt, (), early_fails()));
    return opened(CALL_getpt, real.getpt(), CALLER());
}

HOOKED int openpty(int *master, int *slave, char *name, const void *settings, const void *size) {
    EARLY(EARLY_REAL(openpty, (master, slave, name, settings, size), early_fails()));
    int result = real.openpty(master, slave, name, settings, size);
    return opened_pair(CALL_openpty, result, (const int[]){*master, *slave}, CALLER());
}

// The child has the other end as its 0, 1 and 2, and nothing else of it.
HOOKED int forkpty(int *master, char *name, const void *settings, const void *size) {
    EARLY(EARLY_REAL(forkpty, (master, name, settings, size), early_fails()));
    int child = real.forkpty(master, name, settings, size);
    if (child > 0)
        record_opened(CALL_forkpty, *master, 0, CALLER());
    return child;
}
