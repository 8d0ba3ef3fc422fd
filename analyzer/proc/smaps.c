// See smaps.h. Reads line by line: a process with all the mappings that the kernel allows has 50 MB of this
// text.
#include "analyzer/proc/smaps.h"
#include "analyzer/arena.h"
#include "analyzer/vector.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// "Name:" and where its value goes. Sizes are in units of 1,024 bytes there.
static const struct figure {
    const char *name;
    size_t offset;
    bool adds; // two figures are one of ours
} figures[] = {
    {"Rss", offsetof(struct smaps_area, rss_bytes), false},
    {"Pss", offsetof(struct smaps_area, pss_bytes), false},
    {"Shared_Clean", offsetof(struct smaps_area, shared_clean_bytes), false},
    {"Shared_Dirty", offsetof(struct smaps_area, shared_dirty_bytes), false},
    {"Private_Clean", offsetof(struct smaps_area, private_clean_bytes), false},
    {"Private_Dirty", offsetof(struct smaps_area, private_dirty_bytes), false},
    {"Anonymous", offsetof(struct smaps_area, anonymous_bytes), false},
    {"Swap", offsetof(struct smaps_area, swap_bytes), false},
    {"SwapPss", offsetof(struct smaps_area, swap_pss_bytes), false},
    {"Shared_Hugetlb", offsetof(struct smaps_area, hugetlb_bytes), true},
    {"Private_Hugetlb", offsetof(struct smaps_area, hugetlb_bytes), true},
    {"Locked", offsetof(struct smaps_area, locked_bytes), false},
};

static const struct {
    char word[3];
    uint32_t flag;
} flag_words[] = {
    {"gd", SMAPS_GROWS_DOWN}, {"wf", SMAPS_WIPE_ON_FORK}, {"dd", SMAPS_DONT_DUMP}, {"io", SMAPS_DEVICE},
    {"pf", SMAPS_DEVICE},     {"ht", SMAPS_HUGETLB},      {"lo", SMAPS_LOCKED},
};

// A number and the character that must follow it; moves *at behind both.
static bool number(const char **at, int base, char then, uint64_t *out) {
    size_t digits = strspn(*at, base == 16 ? "0123456789abcdef" : "0123456789");
    char *end;
    errno = 0;
    uint64_t value = strtoull(*at, &end, base);
    if (digits == 0 || end != *at + digits || errno == ERANGE || *end != then)
        return false;
    *out = value;
    *at = end + 1;
    return true;
}

// The kernel writes a newline in a name as \012.
static char *name_of(struct smaps *smaps, const char *text, bool *deleted) {
    static const char suffix[] = " (deleted)";
    size_t length = strlen(text), gone = sizeof suffix - 1;
    *deleted = length > gone && strcmp(text + length - gone, suffix) == 0;
    char *name = arena_strndup(smaps->names, text, *deleted ? length - gone : length);
    for (char *at = name; (at = strstr(at, "\\012")); at++) {
        *at = '\n';
        memmove(at + 1, at + 4, strlen(at + 4) + 1);
    }
    return name;
}

// "7f00a000-7f00b000 rw-p 00001000 fe:00 1234    /path"
static bool read_header(struct smaps *smaps, const char *at) {
    struct smaps_area area = {.path = ""};
    uint64_t major, minor;
    if (!number(&at, 16, '-', &area.start) || !number(&at, 16, ' ', &area.end) || area.start >= area.end ||
        (smaps->count && area.start < smaps->areas[smaps->count - 1].end))
        return false;
    if (strlen(at) < 5 || at[4] != ' ')
        return false;
    area.protection =
        (at[0] == 'r' ? PROT_READ : 0) | (at[1] == 'w' ? PROT_WRITE : 0) | (at[2] == 'x' ? PROT_EXEC : 0);
    area.shared = at[3] == 's';
    at += 5;
    if (!number(&at, 16, ' ', &area.offset) || !number(&at, 16, ':', &major) || !number(&at, 16, ' ', &minor))
        return false;
    area.device_major = (uint32_t)major;
    area.device_minor = (uint32_t)minor;
    char then = at[strspn(at, "0123456789")] == ' ' ? ' ' : '\0'; // the kernel's is a space, name or not
    if (!number(&at, 10, then, &area.inode))
        return false;
    if (then == ' ' && at[strspn(at, " ")] != '\0')
        area.path = name_of(smaps, at + strspn(at, " "), &area.deleted);
    *VECTOR_PUSH(smaps->areas, smaps->count, smaps->room) = area;
    return true;
}

static void read_flags(struct smaps_area *area, const char *words) {
    for (size_t i = 0; i < sizeof flag_words / sizeof *flag_words; i++)
        for (const char *at = words; (at = strstr(at, flag_words[i].word)); at++)
            if (at[-1] == ' ' && (at[2] == ' ' || at[2] == '\0')) {
                area->flags |= flag_words[i].flag;
                break;
            }
}

// "Rss:      12 kB". Names that are not ours are newer kernels' or none of our business.
static void read_figure(struct smaps_area *area, const char *line, const char *colon) {
    uint64_t value;
    const char *at = colon + 1 + strspn(colon + 1, " ");
    size_t length = (size_t)(colon - line);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        const struct figure *figure = &figures[i];
        if (strncmp(line, figure->name, length) != 0 || figure->name[length] != '\0')
            continue;
        if (number(&at, 10, ' ', &value) && value <= UINT64_MAX >> 12) {
            uint64_t *field = (uint64_t *)((char *)area + figure->offset);
            *field = 1024 * value + (figure->adds ? *field : 0);
        }
        return;
    }
}

static bool read_line(struct smaps *smaps, const char *line) {
    const char *colon = line + strcspn(line, ": ");
    if (*colon != ':')
        return read_header(smaps, line);
    if (smaps->count == 0)
        return false;
    struct smaps_area *area = &smaps->areas[smaps->count - 1];
    if (strncmp(line, "VmFlags:", 8) == 0)
        read_flags(area, line + 8);
    else
        read_figure(area, line, colon);
    return true;
}

int smaps_parse(struct smaps *out, FILE *in) {
    struct smaps smaps = {.names = arena_new()};
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    int bad = 0;
    while (!bad && (errno = 0, length = getline(&line, &room, in)) >= 0) {
        if (length > 0 && line[length - 1] == '\n')
            line[length - 1] = '\0';
        if (!read_line(&smaps, line))
            bad = -EBADMSG;
    }
    if (!bad && ferror(in))
        bad = errno ? -errno : -EIO;
    free(line);
    if (bad)
        smaps_free(&smaps);
    *out = smaps;
    return bad;
}

static int read_path(struct smaps *out, const char *path) {
    *out = (struct smaps){0};
    FILE *in = fopen(path, "re");
    if (!in)
        return errno == ENOENT ? -ESRCH : -errno;
    int bad = smaps_parse(out, in);
    fclose(in);
    if (!bad && out->count == 0) { // whoever has no memory any more has an empty file
        smaps_free(out);
        bad = -ESRCH;
    }
    return bad;
}

int smaps_read(struct smaps *out, pid_t pid) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/smaps", (int)pid);
    int bad = read_path(out, path);
    if (bad != -ESRCH)
        return bad;
    // A main thread that has ended has given its memory up; the others still have it.
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    for (struct dirent *task; tasks && bad == -ESRCH && (task = readdir(tasks));) {
        if (task->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.16s/smaps", (int)pid, task->d_name);
        bad = read_path(out, path);
    }
    if (tasks)
        closedir(tasks);
    return bad;
}

void smaps_free(struct smaps *smaps) {
    free(smaps->areas);
    arena_free(smaps->names);
    *smaps = (struct smaps){0};
}

size_t smaps_first_above(const struct smaps *smaps, uint64_t address) {
    size_t low = 0, high = smaps->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (smaps->areas[middle].end > address)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

const struct smaps_area *smaps_find(const struct smaps *smaps, uint64_t address) {
    size_t at = smaps_first_above(smaps, address);
    return at < smaps->count && smaps->areas[at].start <= address ? &smaps->areas[at] : NULL;
}
