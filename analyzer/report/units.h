// Figures as people read them.
#pragma once

#include <stdint.h>
#include <stdio.h>

// 1234567 as "1,234,567".
void print_number(FILE *out, uint64_t number);
// A number and its noun: "1 block", "1,234 blocks"; the plural is the noun and an s.
void print_count(FILE *out, uint64_t count, const char *noun);
// A size, 4 significant digits at most: "24 bytes", "1.2 KiB", "3.4 MiB".
void print_size(FILE *out, uint64_t bytes);
// The size and, where it was rounded, what it is exactly: "24 bytes", "1.2 KiB (1,234 bytes)".
void print_size_exact(FILE *out, uint64_t bytes);
// part of whole: "94.1 %"; "< 0.1 %" for what would look like nothing; "-" when whole is 0.
void print_share(FILE *out, uint64_t part, uint64_t whole);

// Sums of figures from a file can be anything: UINT64_MAX stands for more than that.
uint64_t add_saturating(uint64_t a, uint64_t b);
