// seep: reads the command line and hands it to a command.
#include "analyzer/commands.h"
#include "analyzer/complain.h"
#include "analyzer/options.h"
#include "analyzer/serve.h"

#include <string.h>

static int (*const commands[])(const struct options *) = {
#define COMMAND(id, name, ...) [COMMAND_##id] = command_##name,
#define COMMAND_LATER(...)     // the parser refuses them
#define OPTION(...)
#define OPTION_LATER(...)
#include "analyzer/options.def"
};

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "--serve") == 0)
        return serve(argv[2]);
    struct options options;
    char message[2048];
    if (options_parse(argc, argv, &options, message, sizeof message) < 0)
        return complain("%s", message);
    int status = commands[options.command](&options);
    options_free(&options);
    return status;
}
