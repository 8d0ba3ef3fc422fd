// links: analyzer/gate/suppressions_read.c analyzer/gate/suppressions_valgrind.c analyzer/gate/suppressions_match.c
// links: analyzer/gate/suppressions_built_in.c analyzer/gate/mangled.c analyzer/gate/glob.c
// links: analyzer/gate/text_file.c analyzer/symbols/demangle.c analyzer/site_name.c analyzer/arena.c
// links: analyzer/gate/baseline_read.c analyzer/gate/baseline_mark.c analyzer/gate/limit.c
// links: analyzer/report/report.c analyzer/report/units.c analyzer/whole_file.c analyzer/table.c
// links: analyzer/gate/suppressions_sieve.c analyzer/gate/function_match.c
// flags: -l:libiberty.a
//
// Any bytes as a baseline and as suppressions: refused in one line that names the file, or read and used.
#include "analyzer/gate/baseline.h"
#include "analyzer/gate/suppressions.h"

#include <stdlib.h>
#include <string.h>

static struct report_frame frames[] = {
    {.function = "operator new(unsigned long)", .module = "/usr/lib/libstdc++.so.6"},
    {.function = "ns::Box<int>::grow(int)", .file = "/src/box.cc", .line = 12, .module = "/opt/app"},
    {.function = "main", .file = "main.c", .line = 3, .module = "/opt/app"}};

static void must_name_the_file(const char *message) {
    if (strncmp(message, "fuzz:", 5) != 0 || strchr(message, '\n'))
        abort();
}

static void use(struct baseline *baseline, struct suppressions *suppressions) {
    struct report_site site = {
        .id = "0123456789abcdef", .call = "malloc", .count = 3, .frames = frames, .frame_count = 3};
    struct report_process process = {.sites = &site, .site_count = 1};
    struct report *report = report_new();
    report->processes = &process;
    report->process_count = 1;
    if (baseline)
        baseline_mark(baseline, report);
    if (suppressions)
        suppressions_apply(suppressions, report);
    report_free(report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    char message[1024] = "";
    struct baseline *baseline = NULL;
    struct suppressions *suppressions = suppressions_new();
    if (baseline_parse((const char *)data, bytes, "fuzz", false, &baseline, message, sizeof message) < 0)
        must_name_the_file(message);
    if (suppressions_parse(suppressions, (const char *)data, bytes, "fuzz", message, sizeof message) < 0)
        must_name_the_file(message);
    use(baseline, suppressions);
    baseline_free(baseline);
    suppressions_free(suppressions);
    return 0;
}
