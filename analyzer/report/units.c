// Prints sizes, counts and shares; see units.h.
#include "analyzer/report/units.h"

#include <inttypes.h>

void print_number(FILE *out, uint64_t number) {
    char digits[21];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, number);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            fputc(',', out);
        fputc(digits[i], out);
    }
}

void print_count(FILE *out, uint64_t count, const char *noun) {
    print_number(out, count);
    fprintf(out, " %s%s", noun, count == 1 ? "" : "s");
}

void print_size(FILE *out, uint64_t bytes) {
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) {
        print_count(out, bytes, "byte");
        return;
    }
    double value = (double)bytes / 1024;
    size_t unit = 0;
    while (value >= 1023.95 && unit + 1 < sizeof units / sizeof units[0]) {
        value /= 1024;
        unit++;
    }
    fprintf(out, "%.1f %s", value, units[unit]);
}

void print_size_exact(FILE *out, uint64_t bytes) {
    print_size(out, bytes);
    if (bytes >= 1024) {
        fputs(" (", out);
        print_count(out, bytes, "byte");
        fputc(')', out);
    }
}

void print_share(FILE *out, uint64_t part, uint64_t whole) {
    double share = whole ? 100 * (double)part / (double)whole : 0;
    if (whole == 0)
        fputc('-', out);
    else if (part > 0 && share < 0.1)
        fputs("< 0.1 %", out);
    else
        fprintf(out, "%.1f %%", share);
}

uint64_t add_saturating(uint64_t a, uint64_t b) {
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}
