// See main_program.h. Called by the constructor; asked by meet.c and module.c.
#include "preload/main_program.h"
#include "preload/raw.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

static char path[PATH_MAX];
static bool by_loader;

// What is read of a line of /proc/self/maps: "START-END PROTECTION OFFSET DEVICE INODE   PATH".
enum field { FIELD_START, FIELD_END, FIELD_OTHERS, FIELD_PATH };

struct line {
    enum field field;
    uintptr_t start, end;
    uint32_t path_bytes;
};

static uintptr_t with_digit(uintptr_t number, char digit) {
    return number << 4 | (uintptr_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

// True at the end of the line whose range holds the address: path is what the line has, maybe nothing.
static bool take(struct line *line, char c, uintptr_t address) {
    bool holds = address >= line->start && address < line->end;
    if (c == '\n') {
        path[line->path_bytes] = '\0';
        *line = (struct line){.field = FIELD_START};
        return holds;
    }
    if (line->field == FIELD_START && c != '-')
        line->start = with_digit(line->start, c);
    else if (line->field == FIELD_END && c != ' ')
        line->end = with_digit(line->end, c);
    else if (line->field < FIELD_OTHERS)
        line->field++;
    else if (c == '/')
        line->field = FIELD_PATH;
    if (line->field == FIELD_PATH && holds && line->path_bytes < sizeof path - 1)
        path[line->path_bytes++] = c;
    return false;
}

static void find_mapped(uintptr_t address) {
    char text[1024];
    struct line line = {.field = FIELD_START};
    long fd = raw_syscall4(SYS_openat, AT_FDCWD, (long)"/proc/self/maps", O_RDONLY | O_CLOEXEC, 0);
    bool found = false;
    for (long got; fd >= 0 && !found && (got = raw_syscall3(SYS_read, fd, (long)text, sizeof text)) > 0;)
        for (long i = 0; i < got && !found; i++)
            found = take(&line, text[i], address);
    if (fd >= 0)
        raw_syscall1(SYS_close, fd);
}

// The kernel loaded no loader where it was told to run one. The loader then makes the rest of the auxiliary
// vector look as if the kernel had started the program.
void main_program_prepare(void) {
    long n = raw_syscall4(SYS_readlinkat, AT_FDCWD, (long)"/proc/self/exe", (long)path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    by_loader = getauxval(AT_BASE) == 0;
    if (by_loader)
        find_mapped(getauxval(AT_PHDR));
}

const char *main_program_path(void) {
    return path;
}

bool main_program_by_loader(void) {
    return by_loader;
}
