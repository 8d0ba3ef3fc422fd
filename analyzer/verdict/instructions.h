// Instructions that not every processor of the architecture has: a function marked WIDE may be called where
// instructions_are_wide() says so, and likewise WIDEST. What is scanned goes through a few loops that need
// them to be fast; each has a plain twin.
#pragma once

#include <stdbool.h>

#ifdef __x86_64__
#define WIDE     __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt")))
#define WIDEST   __attribute__((target("avx512f,avx2,bmi,bmi2,lzcnt,popcnt")))
#define HAS_WIDE 1
#else
#define WIDE
#define WIDEST
#define HAS_WIDE 0
#endif

bool instructions_are_wide(void);
bool instructions_are_widest(void); // then they are wide, too
