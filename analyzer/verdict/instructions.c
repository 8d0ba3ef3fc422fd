// See instructions.h.
#include "analyzer/verdict/instructions.h"

bool instructions_are_wide(void) {
#if HAS_WIDE
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
#else
    return false;
#endif
}

bool instructions_are_widest(void) {
#if HAS_WIDE
    return instructions_are_wide() && __builtin_cpu_supports("avx512f");
#else
    return false;
#endif
}
