// Judges a program before it starts: will the loader honour LD_PRELOAD in the file that execvp would load?
// Must execute nothing and must never answer "ok" where the shim would not be loaded. Called by command_run.c
// and command_doctor.c. Which file that is, target_find.c says; what is in it, target_elf.c; whether it
// raises privileges, target_privilege.c.
#include "analyzer/target.h"

#include "analyzer/target_elf.h"
#include "analyzer/target_find.h"
#include "analyzer/target_privilege.h"
#include "analyzer/text.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OWN_MACHINE "x86-64"
#elif defined(__aarch64__)
#define OWN_MACHINE "AArch64"
#endif

enum {
    max_env_levels = 8, // ours: env runs a script that is run by env ...
    message_path = 300, // of a long path this much is shown, its end
};

struct search {
    struct target_verdict *out;
    const char *program; // as the user wrote it
    int env_levels;
};

// A path for a message: printable, and not so long that the advice behind it would be cut.
static const char *shown(const char *path, char *buffer) {
    size_t length = strlen(path);
    bool cut = length > message_path;
    snprintf(buffer, message_path + 4, "%s%s", cut ? "..." : "", cut ? path + length - message_path : path);
    for (char *c = buffer; *c != '\0'; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    return buffer;
}

__attribute__((format(printf, 3, 4))) static void refuse(struct search *search, enum target_answer answer,
                                                         const char *format, ...) {
    struct target_verdict *out = search->out;
    char name[message_path + 4];
    out->answer = answer;
    int used =
        snprintf(out->message, sizeof out->message,
                 "cannot run %s under seep: ", search->program[0] ? shown(search->program, name) : "''");
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out->message + used, sizeof out->message - (size_t)used, format, arguments);
    va_end(arguments);
}

static void explain_not_started(struct search *search, const char *name, const struct image_file *file,
                                int status) {
    char path[message_path + 4], asked[message_path + 4];
    const char *what = file->by_script ? "its interpreter " : "";
    struct stat found;
    shown(file->path[0] ? file->path : name, path);
    if (status == -ENOENT && file->by_script) {
        bool carriage_return = file->path[strlen(file->path) - 1] == '\r';
        refuse(search, TARGET_NOT_FOUND, "its interpreter %s does not exist; %s", path,
               carriage_return ? "its #! line ends in a carriage return: convert it to Unix line ends"
                               : "install it, or correct the #! line");
    } else if (status == -ENOENT || status == -ENOTDIR) {
        if (search->env_levels > 0)
            refuse(search, TARGET_NOT_FOUND,
                   "its #! line has env run '%s', which is not found in PATH; install it%s",
                   shown(name, asked), strchr(name, ' ') ? ", or use env -S if arguments were meant" : "");
        else if (strchr(name, '/') != NULL || name[0] == '\0')
            refuse(search, TARGET_NOT_FOUND, "there is no such file; check the path");
        else
            refuse(search, TARGET_NOT_FOUND, "it is not found in PATH; check the spelling, or give its path");
    } else if (status == -EACCES && stat(file->path, &found) == 0 && S_ISDIR(found.st_mode)) {
        refuse(search, TARGET_REFUSED, "%s%s is a directory; name a program in it", what, path);
    } else if (status == -EACCES) {
        refuse(search, TARGET_REFUSED,
               "%s%s is not executable; chmod +x it, or name the program that runs it", what, path);
    } else if (status == -EPERM) {
        refuse(
            search, TARGET_REFUSED,
            "%s%s may be executed but not read, so it can't be judged; chmod +r it, or run seep as its owner",
            what, path);
    } else if (status == -ENOEXEC) {
        refuse(search, TARGET_REFUSED,
               "%s is not a program: neither ELF nor a script; name the program that runs it", path);
    } else if (status == -ELOOP && file->by_script) {
        refuse(search, TARGET_REFUSED, "too many scripts run each other; name the last interpreter directly");
    } else {
        refuse(search, TARGET_REFUSED, "%s%s: %s; check the path", what, path, strerror(-status));
    }
}

static void explain_no_loader(struct search *search, const char *it, const struct elf_facts *facts) {
    if (facts->type == ET_DYN && !facts->pie)
        refuse(search, TARGET_REFUSED, "%s is a shared library, not a program; name a program that uses it",
               it);
    else if (facts->go)
        refuse(search, TARGET_REFUSED,
               "%s is a static Go program, into which nothing can be preloaded; build it against libc: "
               "CGO_ENABLED=1 go build -ldflags=all=-linkmode=external",
               it);
    else
        refuse(search, TARGET_REFUSED,
               "%s is statically linked, and into a static program nothing can be preloaded; link it "
               "dynamically "
               "(without -static%s)",
               it, facts->type == ET_DYN ? "-pie" : "");
}

// true: this kind of file can have a loader at all.
static bool judge_format(struct search *search, const char *it, const struct elf_facts *facts) {
    char machine[24];
    if (facts->damage != NULL)
        refuse(search, TARGET_REFUSED, "%s is a damaged ELF file: %s; build or install it anew", it,
               facts->damage);
    else if (!facts->native)
        refuse(search, TARGET_REFUSED,
               "%s is a %s-bit %s program, and this seep is for 64-bit %s; build it for that", it,
               facts->class_ == ELFCLASS64 ? "64" : "32",
               elf_machine_name(facts->machine, machine, sizeof machine), OWN_MACHINE);
    else if (facts->type != ET_EXEC && facts->type != ET_DYN)
        refuse(search, TARGET_REFUSED, "%s is %s, not a program; name the program built from it", it,
               facts->type == ET_REL    ? "an object file"
               : facts->type == ET_CORE ? "a core dump"
                                        : "an ELF file");
    else
        return true;
    return false;
}

// true: the loader is a glibc of at least the version libseep.so needs.
static bool judge_loader(struct search *search, const char *it, const struct elf_facts *facts) {
    char loader[message_path + 4];
    shown(facts->interpreter, loader);
    if (begins(base_name(facts->interpreter), "ld-musl")) {
        refuse(search, TARGET_REFUSED,
               "%s is linked with musl (%s), and seep works with glibc; build it with glibc", it, loader);
        return false;
    }
    int fd = open(facts->interpreter, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        refuse(search, TARGET_NOT_FOUND,
               "the loader %s that %s asks for does not exist; install the libc it is of", loader, it);
        return false;
    }
    int glibc = fd < 0 ? -errno : elf_glibc_loader(fd);
    if (fd >= 0)
        close(fd);
    if (glibc == 0)
        refuse(search, TARGET_REFUSED, "%s uses a glibc older than 2.35 (%s); run it on a newer system", it,
               loader);
    else if (glibc == -ENOEXEC)
        refuse(search, TARGET_REFUSED, "%s is linked with another libc than glibc (%s); build it with glibc",
               it, loader);
    else if (glibc < 0)
        refuse(search, TARGET_REFUSED,
               "the loader %s that %s asks for can't be read: %s; check its permissions", loader, it,
               strerror(-glibc));
    return glibc == 1;
}

static bool judge_privilege(struct search *search, const char *it, int fd) {
    switch (privilege_raised(fd)) {
    case PRIVILEGE_NONE:
        return true;
    case PRIVILEGE_SETUID:
        refuse(search, TARGET_REFUSED,
               "%s is setuid, and the loader then ignores LD_PRELOAD; run seep as its owner, or run a copy "
               "of it "
               "(cp drops the bit)",
               it);
        return false;
    case PRIVILEGE_SETGID:
        refuse(search, TARGET_REFUSED,
               "%s is setgid, and the loader then ignores LD_PRELOAD; run seep with its group, or run a copy "
               "of it "
               "(cp drops the bit)",
               it);
        return false;
    case PRIVILEGE_CAPABILITIES:
        refuse(search, TARGET_REFUSED,
               "%s has file capabilities, and the loader then ignores LD_PRELOAD; run seep as root, or run a "
               "copy of "
               "it (cp drops them)",
               it);
        return false;
    default:
        refuse(search, TARGET_REFUSED, "the permissions of %s can't be read; check that it still exists", it);
        return false;
    }
}

// glibc's loader itself may be the program (`ld.so PROGRAM`): it has no loader of its own, yet heeds
// LD_PRELOAD.
static bool is_glibc_loader(const struct image_file *file, const struct elf_facts *facts) {
    return facts->type == ET_DYN && strncmp(facts->soname, "ld-linux", 8) == 0 &&
           elf_glibc_loader(file->fd) == 1;
}

static bool judge_image(struct search *search, const struct image_file *file) {
    char path[message_path + 4], it[message_path + 32];
    struct elf_facts facts;
    if (file->by_script || search->env_levels > 0)
        snprintf(it, sizeof it, "its interpreter %s", shown(file->path, path));
    else
        snprintf(it, sizeof it, "it");
    int status = elf_facts_read(file->fd, &facts);
    if (status != 0) {
        refuse(search, TARGET_REFUSED, "%s can't be read: %s; check the file", it, strerror(-status));
        return false;
    }
    if (!judge_format(search, it, &facts))
        return false;
    search->out->go = facts.go;
    if (facts.interpreter[0] == '\0') {
        if (is_glibc_loader(file, &facts))
            return judge_privilege(search, it, file->fd);
        explain_no_loader(search, it, &facts);
        return false;
    }
    if (!judge_loader(search, it, &facts) || !judge_privilege(search, it, file->fd))
        return false;
    if (facts.wants_asan)
        refuse(search, TARGET_REFUSED,
               "%s is built with AddressSanitizer, which tolerates no preloaded library before its own; use "
               "a build "
               "without -fsanitize",
               it);
    return !facts.wants_asan;
}

// One program as execvp starts it; *file says what env would run next.
static bool judge_program(struct search *search, const char *name, struct image_file *file) {
    int status = target_find(name, file);
    if (status != 0) {
        explain_not_started(search, name, file, status);
        return false;
    }
    bool good = judge_image(search, file);
    close(file->fd);
    file->fd = -1;
    return good;
}

void target_judge(const char *program, struct target_verdict *out) {
    struct search search = {.out = out, .program = program};
    struct image_file file;
    char name[sizeof file.env_program];
    out->answer = TARGET_OK;
    out->go = false;
    out->path[0] = '\0';
    out->message[0] = '\0';
    const char *next = program;
    while (judge_program(&search, next, &file)) {
        snprintf(out->path, sizeof out->path, "%s", file.path);
        if (file.env_program[0] == '\0')
            return;
        if (++search.env_levels > max_env_levels) {
            refuse(&search, TARGET_REFUSED, "its #! lines have env run each other without end; correct them");
            return;
        }
        snprintf(name, sizeof name, "%s", file.env_program);
        next = name;
    }
    snprintf(out->path, sizeof out->path, "%s", file.path[0] ? file.path : next);
}

int target_judge_library(const char *library, char *message, size_t message_bytes) {
    const char *bad = strpbrk(library, " :");
    if (bad == NULL)
        return 0;
    char path[message_path + 4];
    snprintf(message, message_bytes,
             "cannot preload %s: the loader splits LD_PRELOAD at the %s in that path; install seep "
             "elsewhere, or point "
             "SEEP_LIB to a link without one",
             shown(library, path), *bad == ' ' ? "space" : "colon");
    return -EINVAL;
}
