// seep help, seep COMMAND --help, seep --version: text on stdout.
#include "analyzer/commands.h"
#include "analyzer/complain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A full disk or a closed descriptor must not look like a success.
static int finish(void) {
    if (fflush(stdout) != 0 || ferror(stdout))
        return complain("cannot write to stdout: %s", strerror(errno));
    return 0;
}

int command_help(const struct options *options) {
    char *text = options_help(options->arguments[0]);
    if (!text)
        return complain("no memory left to print the help");
    fputs(text, stdout);
    free(text);
    return finish();
}

int command_version(const struct options *options) {
    (void)options;
    puts("seep " SEEP_VERSION);
    return finish();
}
