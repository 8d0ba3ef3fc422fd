// What every program, or every user of a library, has left at its end without having forgotten anything. Each
// entry's name is its reason. None suppresses what nothing points to any more: if one of these is definitely
// lost, something is wrong.
#include "analyzer/gate/suppressions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KINDS              "match-leak-kinds: possible,reachable,unclassified\n"
#define ENTRY(name, stack) "{\n" name "\nMemcheck:Leak\n" KINDS stack "}\n"
#define LIBSTDCXX          "obj:*/libstdc++.so*\n"
#define LOADER             "obj:*/ld-linux*\n"
#define EMERGENCY_POOL                                                                                       \
    "libstdc++: the pool that exceptions come from when memory has run out, kept for the whole run"
#define ONE_TIME(name, function) ENTRY(name, "...\nfun:" function "\n")

static const char *const entries[] = {
    // The pool is made by a static constructor, which has one to four frames in libstdc++ by its version and
    // symbols.
    ENTRY(EMERGENCY_POOL, "fun:malloc\n" LIBSTDCXX LOADER),
    ENTRY(EMERGENCY_POOL, "fun:malloc\n" LIBSTDCXX LIBSTDCXX LOADER),
    ENTRY(EMERGENCY_POOL, "fun:malloc\n" LIBSTDCXX LIBSTDCXX LIBSTDCXX LOADER),
    ENTRY(EMERGENCY_POOL, "fun:malloc\n" LIBSTDCXX LIBSTDCXX LIBSTDCXX LIBSTDCXX LOADER),
    ENTRY("loader: its books of loaded objects and of threads' storage, kept while they are loaded or run",
          "fun:*\n" LOADER),
    ENTRY("libc: the buffer of a standard stream, kept until the stream is closed",
          "fun:malloc\nfun:*_IO_file_doallocate\n"),
    ENTRY("libc: the buffer of a wide stream, kept until the stream is closed",
          "fun:malloc\nfun:*_IO_wfile_doallocate\n"),
    ENTRY("libc: the environment that setenv and putenv made", "fun:*\nfun:*add_to_environ\n"),
    ENTRY("libc: the list of functions that atexit registered", "fun:*\nfun:*new_exitfn\n"),
    ENTRY("libc: a thread's values of many keys, freed at the thread's end",
          "fun:calloc\nfun:*pthread_setspecific\n"),
    ONE_TIME("libc: the locale, loaded once", "*setlocale"),
    ONE_TIME("libc: the locale's conversions, loaded once", "*wcsmbs_load_conv"),
    ONE_TIME("libc: the time zone, loaded once", "*tzset*"),
    ONE_TIME("libc: the time zone, loaded once", "*tz_convert"),
    ONE_TIME("libc: the configuration of name services, loaded once", "*nss_database_get"),
    ONE_TIME("libc: the configuration of name services, loaded once", "*nss_module_*"),
    ONE_TIME("libc: the buffer of an account's entry, kept for the next call", "getpwnam"),
    ONE_TIME("libc: the buffer of an account's entry, kept for the next call", "getpwuid"),
    ONE_TIME("libc: the buffer of a group's entry, kept for the next call", "getgrnam"),
    ONE_TIME("libc: the buffer of a group's entry, kept for the next call", "getgrgid"),
    ONE_TIME("libc: the message that dlerror returns, kept per thread", "*dlerror_run"),
    ENTRY("libgomp: its pool of threads, kept for the whole run", "fun:*\nobj:*/libgomp.so*\n"),
    ONE_TIME("GLib: its table of types, kept for the whole run", "g_type_register_*"),
    ONE_TIME("GLib: its table of quarks, kept for the whole run", "g_quark_*"),
    ONE_TIME("GLib: its table of interned strings, kept for the whole run", "g_intern_*"),
    ONE_TIME("OpenSSL: what it sets up once", "OPENSSL_init_*"),
    ONE_TIME("fontconfig: the configuration, loaded once", "FcInit*"),
    ONE_TIME("libxml2: what it sets up once", "xmlInitParser"),
};

void suppressions_add_built_in(struct suppressions *all) {
    char message[256];
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        if (suppressions_parse(all, entries[i], strlen(entries[i]), NULL, message, sizeof message) != 0) {
            fprintf(stderr, "seep: a suppression that is built in cannot be read: %s\n", message);
            abort();
        }
}
