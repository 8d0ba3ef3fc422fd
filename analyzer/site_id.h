// Ids of sites: the same for the same leak across rebuilds, machines, address layouts, lines that moved,
// other build directories, inlining and compilers, as far as functions keep their names.
//
// An id is a hash over the kind, the call and the frames that say something (version 1 of the rules):
//   - calloc counts as malloc: compilers turn malloc and memset into it;
//   - frames of the C library, of the loader and of the compiler's run-time libraries are left out, and so
//   are
//     functions that site_name_is_runtime() knows, wherever they lie (templates are compiled into the
//     program);
//   - of consecutive frames in one other library of the system (below /lib or /usr/lib) the outermost takes
//   part: the
//     function that the program called; what that library does inside changes with its version and its
//     symbols;
//   - each other frame takes part by its object's name (without directories and what follows ".so") and its
//   function's
//     (site_name.h); inlined functions as if they had been called; the same function twice in a row counts
//     once;
//   - a frame without a name takes part by its object's name, build-id and offset: such an id lasts as long
//   as the
//     build. In a system library it takes part by the library's name alone;
//   - if no frame of the program is left, all frames take part.
// The verdict is no part of it: one leak may be definite in one run and possible in the next. So an id may
// occur several times in a process, once for each verdict.
//
// Different stacks with one hash (two calls in one function, recursion, overloads) are told apart by a number
// each: in the order of their lengths, then lines, then offsets, counted over the whole report and per build
// of the program. So a leak that is added to a function that has one already gives a new id; which of the two
// is the new one is not known.
#pragma once

#include "analyzer/report/report.h"

#include <stdint.h>

// Part of a baseline: ids made by other rules mean nothing to these.
enum { SITE_ID_VERSION = 1 };

// The frames that take part, innermost first. out has room for frame_count of them. Returns how many they
// are.
size_t site_frames(const struct report_site *site, const struct report_frame **out);

// The hash alone, before sites that share it are told apart.
uint64_t site_hash(const struct report_site *site);

// Gives every site of the report its id.
void site_ids_assign(struct report *report);
