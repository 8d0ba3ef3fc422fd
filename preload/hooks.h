// Declarations of everything that libseep.so exports, from the one table.
#pragma once

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <threads.h>

struct __dirstream;
struct file_handle;

#define HOOKED __attribute__((visibility("default")))

#define HOOK(name, type, parameters) type name parameters;
#include "preload/hooks.def"
#undef HOOK
