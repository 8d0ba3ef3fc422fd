// See limit.h. Called by baseline_read.c and baseline_write.c.
#include "analyzer/gate/limit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char units[] = "BKMG";

// A number with a unit where allowed, at *at, which is moved behind it.
static int parse_amount(const char **at, bool with_unit, uint64_t *out) {
    size_t digits = strspn(*at, "0123456789");
    errno = 0;
    unsigned long long number = strtoull(*at, NULL, 10);
    if (digits == 0 || errno)
        return -EINVAL;
    *at += digits;
    const char *unit = with_unit && **at ? strchr(units, **at) : NULL;
    unsigned shift = unit ? 10 * (unsigned)(unit - units) : 0;
    if (number > UINT64_MAX >> shift)
        return -EINVAL;
    *at += unit != NULL;
    *out = (uint64_t)number << shift;
    return 0;
}

// One part, up to the comma or the end.
static int parse_part(const char **at, bool bytes, struct limit_part *out) {
    struct limit_part part = {0};
    if (**at == '*') {
        part.any = true;
        ++*at;
    } else if (parse_amount(at, bytes, &part.known) < 0) {
        return -EINVAL;
    } else if (**at == '+') {
        ++*at;
        if (parse_amount(at, bytes, &part.tolerance) < 0)
            return -EINVAL;
        if (**at == '%') {
            part.percent = true;
            ++*at;
        }
    }
    *out = part;
    return 0;
}

int limit_parse(const char *text, struct limit *out, char *why, size_t why_bytes) {
    struct limit limit = {.bytes = {.any = true}};
    const char *at = text;
    int rc = parse_part(&at, false, &limit.count);
    if (rc == 0 && *at == ',') {
        at++;
        rc = parse_part(&at, true, &limit.bytes);
    }
    if (rc < 0 || *at) {
        snprintf(why, why_bytes, "'%.32s' is no limit such as 3, 3+1, 3+20%%, * or 3,4K", text);
        return -EINVAL;
    }
    *out = limit;
    return 0;
}

static int print_part(const struct limit_part *part, char *out, size_t room) {
    if (part->any)
        return snprintf(out, room, "*");
    if (part->tolerance)
        return snprintf(out, room, "%" PRIu64 "+%" PRIu64 "%s", part->known, part->tolerance,
                        part->percent ? "%" : "");
    return snprintf(out, room, "%" PRIu64, part->known);
}

void limit_print(const struct limit *limit, char out[LIMIT_BYTES]) {
    int at = print_part(&limit->count, out, LIMIT_BYTES);
    if (limit->bytes.any)
        return;
    out[at++] = ',';
    print_part(&limit->bytes, out + at, LIMIT_BYTES - (size_t)at);
}

uint64_t limit_most(const struct limit_part *part) {
    if (part->any)
        return UINT64_MAX;
    uint64_t more = part->tolerance;
    if (part->percent) {
        long double share = (long double)part->known * (long double)part->tolerance / 100;
        more = share >= (long double)UINT64_MAX ? UINT64_MAX : (uint64_t)share;
        more += more < share;
    }
    return part->known > UINT64_MAX - more ? UINT64_MAX : part->known + more;
}

static void update_part(struct limit_part *part, uint64_t now) {
    if (part->any || (part->tolerance && now <= limit_most(part)))
        return;
    part->known = now;
}

struct limit limit_update(struct limit old, uint64_t count, uint64_t bytes) {
    update_part(&old.count, count);
    update_part(&old.bytes, bytes);
    return old;
}
