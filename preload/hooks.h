// Declarations of everything that libseep.so exports, from the one table.
#pragma once

#include <stddef.h>

#define HOOKED __attribute__((visibility("default")))

#define HOOK(name, type, parameters) type name parameters;
#include "preload/hooks.def"
#undef HOOK
