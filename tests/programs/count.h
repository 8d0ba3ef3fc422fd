// A second opinion on a program's heap calls: libs/count.so lies between seep and libc and counts what
// passes. A program includes this once and links -l:count.so; at its end standard error shows "counted:
// ALLOCATIONS FREES BYTES".
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

void count_from_here(int argc, char **argv, char **environment);

// Before every constructor but that of a library linked with -z initfirst: the counts hold neither more nor
// less than what the program and its libraries did.
__attribute__((section(".preinit_array"), used)) static void (*const counted)(int, char **,
                                                                              char **) = count_from_here;

#ifdef __cplusplus
}
#endif
