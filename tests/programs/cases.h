// Programs of several cases, of which the first argument names the one to run:
//   static const struct program_case cases[] = {CASE(returns), CASE(aborts)};
//   named_case(cases, COUNT_OF(cases), argv[1])->run();
#pragma once

#include <stddef.h>
#include <string.h>
#include <unistd.h>

struct program_case {
    const char *name;
    void (*run)(void);
};

#define CASE(function)                                                                                       \
    { #function, function }

// A name that none of them has ends the program with status 2.
static inline const struct program_case *named_case(const struct program_case *cases, size_t count,
                                                    const char *name) {
    for (size_t i = 0; name && i < count; i++)
        if (strcmp(cases[i].name, name) == 0)
            return &cases[i];
    _exit(2);
}
