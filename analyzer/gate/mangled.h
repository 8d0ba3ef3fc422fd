// Mangled C++ names in suppressions, which reports have demangled.
#pragma once

struct arena;

// The pattern as it is to be held against demangled names: a mangled name is demangled; one with wildcards is
// translated as far as it spells names out (_ZN3Foo3barE* is Foo::bar*), and stays as it is if it spells
// none. Anything else is copied. In the arena.
const char *unmangled_pattern(struct arena *arena, const char *pattern);
