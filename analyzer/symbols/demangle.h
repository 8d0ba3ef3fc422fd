// C++, Rust and D names as people write them.
#pragma once

struct arena;

// The demangled form of a linkage name, or a copy of it if it is none that can be demangled. Owned by arena.
const char *demangle(struct arena *arena, const char *name);
