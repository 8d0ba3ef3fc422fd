// links: analyzer/options.c analyzer/options_table.c analyzer/options_values.c analyzer/options_words.c
//
// Any bytes as SEEP_OPTIONS, and, a word between each pair of newlines, as a command line: taken or refused
// in a message that fits, with values in their ranges.
#include "analyzer/options.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check(int rc, struct options *options, const char *message) {
    if (rc < 0) {
        if (!*message)
            abort();
        return;
    }
    if (options->depth < 2 || options->depth > 2048 || options->track == 0 ||
        options->track > (TRACK_HEAP | TRACK_FD | TRACK_MAP) || options->format_count < 1)
        abort();
    if (options->arguments[options->argument_count])
        abort();
    options_free(options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    char *text = malloc(bytes + 1);
    memcpy(text, data, bytes);
    text[bytes] = '\0';
    struct options options;
    char message[64] = "";
    check(options_parse_environment(text, &options, message, sizeof message), &options, message);

    char seep[] = "seep";
    char *argv[WORDS + 2] = {seep};
    int argc = 1;
    char *rest = text;
    for (char *word; argc <= WORDS && (word = strsep(&rest, "\n"));)
        argv[argc++] = word;
    message[0] = '\0';
    check(options_parse(argc, argv, &options, message, sizeof message), &options, message);
    free(text);
    return 0;
}
