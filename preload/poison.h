// What may not be called inside somebody else's program. The Makefile includes this before every source of
// the preload, so that a call does not compile: allocation would come back to us through our own hooks, stdio
// and locks may be held by whoever we interrupted, the environment may be changing under our eyes, and
// dl_iterate_phdr waits for the loader. The hooks define some of these functions; nobody calls them.
#pragma once

#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

#ifdef __clang__ // takes this attribute on a function's first declaration only: gcc's build is the guard
#define POISON(name)
#else
#define POISON(name)                                                                                         \
    extern __typeof__(name)(name)                                                                            \
        __attribute__((error(#name " may not be called in preload/: see preload/poison.h")));
#endif

// allocation
POISON(malloc)
POISON(calloc)
POISON(realloc)
POISON(reallocarray)
POISON(free)
POISON(memalign)
POISON(aligned_alloc)
POISON(posix_memalign)
POISON(valloc)
POISON(pvalloc)
POISON(strdup)
POISON(strndup)
POISON(asprintf)
POISON(vasprintf)
POISON(qsort)

// stdio
POISON(printf)
POISON(fprintf)
POISON(dprintf)
POISON(sprintf)
POISON(snprintf)
POISON(vprintf)
POISON(vfprintf)
POISON(vdprintf)
POISON(vsprintf)
POISON(vsnprintf)
POISON(puts)
POISON(fputs)
POISON(fputc)
POISON(putchar)
POISON(fwrite)
POISON(fread)
POISON(fgets)
POISON(fopen)
POISON(fdopen)
POISON(fclose)
POISON(fflush)
POISON(perror)

// locks, and what takes them
POISON(pthread_mutex_lock)
POISON(pthread_mutex_trylock)
POISON(pthread_mutex_unlock)
POISON(pthread_rwlock_rdlock)
POISON(pthread_rwlock_wrlock)
POISON(pthread_spin_lock)
POISON(pthread_cond_wait)
POISON(pthread_cond_timedwait)
POISON(pthread_once)
POISON(pthread_create)
POISON(pthread_key_create)
POISON(pthread_setspecific)
POISON(sem_wait)
POISON(sem_post)
POISON(mtx_lock)
POISON(call_once)
POISON(dl_iterate_phdr)

// the environment
POISON(getenv)
POISON(secure_getenv)
POISON(setenv)
POISON(unsetenv)
POISON(putenv)
POISON(clearenv)

// the program's end
POISON(exit)
POISON(abort)

#undef POISON
