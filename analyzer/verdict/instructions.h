// Instructions that not every processor of the architecture has: a function marked WIDE may be called where
// instructions_are_wide() says so. What is scanned goes through a few loops that need them to be fast; each
// has a plain twin.
#pragma once

#include <stdbool.h>

#ifdef __x86_64__
#define WIDE     __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt")))
#define HAS_WIDE 1
#else
#define WIDE
#define HAS_WIDE 0
#endif

bool instructions_are_wide(void);
