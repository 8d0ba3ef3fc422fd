// links: analyzer/report/*.c analyzer/arena.c analyzer/table.c analyzer/whole_file.c
// flags: -ljansson -lz
//
// Any bytes as a saved report: refused in one line, or read; then it prints in every format, and writes what
// reads back the same. The golden reports under tests/golden are the seeds.
#include "analyzer/report/json.h"
#include "analyzer/report/text.h"
#include "analyzer/report/writers.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static char *rendered(const struct report *report,
                      int (*write)(const struct report *, const struct options *, FILE *), size_t *bytes) {
    struct options options = {.show = ~0u, .verbosity = 1};
    char *text = NULL;
    FILE *out = open_memstream(&text, bytes);
    if (!out || write(report, &options, out) != 0 || fclose(out) != 0)
        abort();
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    char message[200] = "";
    struct report *report, *back;
    if (report_parse_json((const char *)data, bytes, "input", &report, message, sizeof message) < 0) {
        if (!*message || strchr(message, '\n'))
            abort();
        return 0;
    }
    size_t text_bytes, once_bytes, twice_bytes;
    char *text = rendered(report, report_write_text, &text_bytes);
    if (strlen(text) != text_bytes || strchr(text, '\x1b'))
        abort();
    size_t other_bytes;
    free(rendered(report, report_write_junit, &other_bytes));
    free(rendered(report, report_write_github, &other_bytes));
    free(rendered(report, report_write_markdown, &other_bytes));
    free(rendered(report, report_write_folded, &other_bytes));
    free(rendered(report, report_write_sarif, &other_bytes));
    free(rendered(report, report_write_suppressions, &other_bytes));
    free(rendered(report, report_write_pprof, &other_bytes));
    char *once = rendered(report, report_write_json, &once_bytes);
    if (report_parse_json(once, once_bytes, "own", &back, message, sizeof message) < 0)
        abort();
    char *twice = rendered(back, report_write_json, &twice_bytes);
    if (once_bytes != twice_bytes || memcmp(once, twice, once_bytes) != 0)
        abort();
    free(text);
    free(once);
    free(twice);
    report_free(back);
    report_free(report);
    return 0;
}
