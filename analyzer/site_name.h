// A function's name without what compilers, standard libraries and debug formats put into it: the part of it
// that stays the same when the program is built anew, elsewhere, optimised otherwise or by another compiler.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { SITE_NAME_BYTES = 512 };

// Writes the normal form of a demangled name, cut to what fits; out_bytes is SITE_NAME_BYTES or more.
//   Go's methods lose their brackets: main.(*Cache).Put is main.Cache.Put
//   parameters, template arguments, return types, const and ABI tags go:   void ns::f<int>(char) const ->
//   ns::f clones of a function are the function:              f.isra.0, f.part.1.cold, f(int) [clone
//   .constprop.0] -> f Rust's hash suffixes and crate hashes go: krate[9f3c]::f::h0123456789abcdef ->
//   krate::f unnamed namespaces go, unnamed functions all look alike:   (anonymous namespace)::f -> f; f::$_0
//   -> f::{lambda}
void site_name_normalize(const char *function, char *out, size_t out_bytes);

// Is a function of this normal name part of a language's run time, whose frames come and go with its version
// and with the optimiser: containers and allocators of C++ and Rust, Go's scheduler, what starts a program?
// rust: the stack goes through Rust code, so that core:: and alloc:: are Rust's and not a program's own
// namespaces.
bool site_name_is_runtime(const char *normal, bool rust);
