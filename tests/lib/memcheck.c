// See memcheck.h. Called by the tests that compare with memcheck.
#include "tests/lib/memcheck.h"

#include "tests/lib/real.h"
#include "tests/lib/report.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Debian's valgrind is a script that sets variables of its own; the program behind it does not.
static const char *valgrind(void) {
    return access("/usr/bin/valgrind.bin", X_OK) == 0 ? "/usr/bin/valgrind.bin" : installed("valgrind");
}

// Where memcheck writes. A descriptor of a number that no program expects to get: --log-file would leave one
// open that shifts the program's own, and on stderr its lines would stand before the program's first, which
// programs notice that ask for their position there.
enum { LOG_FD = 200 };
static const char *log_path;

static void open_log(void) {
    int fd = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    if (fd < 0 || dup2(fd, LOG_FD) < 0)
        _exit(126);
    close(fd);
}

static void append(const char **list, size_t room, const char *item) {
    size_t used = 0;
    while (list[used])
        used++;
    ck_assert_uint_lt(used + 1, room);
    list[used] = item;
}

// Its value in what env printed.
static const char *variable(const char *printed, const char *name) {
    const char *line = strstr(printed, text("%s=", name));
    ck_assert_msg(line != NULL, "no %s in the program's environment:\n%s", name, printed);
    line += strlen(name) + 1;
    return text("%.*s", (int)strcspn(line, "\n"), line);
}

static const char *colons(size_t count) {
    char *result = calloc(1, count + 1);
    memset(result, ':', count);
    return result;
}

static const char *options(void) {
    return text("--format json=%s", report_path());
}

// LD_PRELOAD with as many colons at its end, which ld.so skips, as make it as long as valgrind's.
static const char *padded_preload(size_t length) {
    ck_assert_uint_le(strlen(libseep_path()), length);
    return text("LD_PRELOAD=%s%s", libseep_path(), colons(length - strlen(libseep_path())));
}

static struct command memcheck_command(const struct command *program) {
    struct command command = *program;
    const char *words[] = {valgrind(),          "--run-libc-freeres=no",    "--run-cxx-freeres=no",
                           "--leak-check=full", "--show-leak-kinds=all",    "--leak-resolution=high",
                           "--num-callers=200", text("--log-fd=%d", LOG_FD)};
    ck_assert_ptr_null(program->prepare);
    log_path = test_path("memcheck.log");
    command.prepare = open_log;
    memset(command.argv, 0, sizeof command.argv);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        append(command.argv, RUN_ARGUMENTS, words[i]);
    for (size_t i = 0; program->argv[i]; i++)
        append(command.argv, RUN_ARGUMENTS, program->argv[i]);
    return command;
}

// valgrind puts its own in front of what it finds: given a colon, it leaves the variable in its place.
static struct command with_memcheck(const struct command *program, const char *session) {
    struct command command = memcheck_command(program);
    append(command.env, RUN_VARIABLES, "LD_PRELOAD=:");
    append(command.env, RUN_VARIABLES, text("SEEP_OPTIONS=%s", options()));
    append(command.env, RUN_VARIABLES, text("SEEP_SESSION=%s", session));
    return command;
}

static struct command with_seep(const struct command *program, size_t preload_length) {
    struct command command = *program;
    append(command.env, RUN_VARIABLES, padded_preload(preload_length));
    append(command.env, RUN_VARIABLES, text("SEEP_OPTIONS=%s", options()));
    return command;
}

static long long number(const char **at) {
    long long value = 0;
    *at += strcspn(*at, "0123456789");
    for (; (**at >= '0' && **at <= '9') || **at == ','; (*at)++)
        if (**at != ',')
            value = 10 * value + (**at - '0');
    return value;
}

const char *const kind_names[KINDS] = {"definite", "indirect", "possible", "reachable"};
static const char *const memcheck_names[KINDS] = {"definitely lost", "indirectly lost", "possibly lost",
                                                  "still reachable"};

// A line of its summary, like "still reachable: 72,704 bytes in 1 blocks".
static void read_kind(const char *line, struct kind_figures *kinds) {
    for (int kind = 0; kind < KINDS; kind++) {
        const char *at = strstr(line, text("%s: ", memcheck_names[kind]));
        if (at) {
            kinds[kind].bytes = number(&at);
            kinds[kind].blocks = number(&at);
        }
    }
}

// The next line of the log that is of this process: children of the program write there as well.
static char *line_of(pid_t pid, char **rest) {
    const char *mark = text("==%d==", (int)pid);
    for (char *line; (line = strsep(rest, "\n"));)
        if (strncmp(line, mark, strlen(mark)) == 0)
            return line + strlen(mark);
    return NULL;
}

// "1,234 (32 direct, 1,202 indirect) bytes in 2 blocks are definitely lost in loss record 1 of 3"
static bool read_record(const char *line, int *kind, long long *blocks, long long *bytes) {
    const char *in = strstr(line, " bytes in "), *direct = strchr(line, '(');
    if (!in || !strstr(line, " in loss record "))
        return false;
    *bytes = number(direct ? &direct : &line);
    *blocks = number(&in);
    for (*kind = 0; *kind < KINDS && !strstr(in, memcheck_names[*kind]);)
        ++*kind;
    ck_assert_int_lt(*kind, KINDS);
    return true;
}

static void read_lost(struct lost_stacks *lost, const char *line) {
    int kind;
    long long blocks, bytes;
    bool is_lost = read_record(line, &kind, &blocks, &bytes) && kind <= KIND_INDIRECT;
    lost_stacks_read_line(lost, line, is_lost ? blocks : 0);
}

static struct heap_figures read_memcheck(pid_t pid, struct kind_figures *kinds, struct lost_stacks *lost) {
    struct heap_figures figures = {0};
    char *log = file_read(log_path, NULL), *rest = log;
    const char *at;
    ck_assert_ptr_nonnull(log);
    bool found = false;
    for (char *line; (line = line_of(pid, &rest));) {
        read_kind(line, kinds);
        read_lost(lost, line);
        if ((at = strstr(line, "in use at exit: "))) {
            figures.outstanding_bytes = number(&at);
            figures.outstanding_blocks = number(&at);
        } else if ((at = strstr(line, "total heap usage: "))) {
            found = true;
            figures.allocations = number(&at);
            figures.frees = number(&at);
            figures.allocated_bytes = number(&at);
        }
    }
    ck_assert_msg(found, "memcheck wrote no figures to %s", log_path);
    free(log);
    return figures;
}

static bool report_is_there(void *unused) {
    (void)unused;
    return access(report_path(), F_OK) == 0;
}

// Those that a suppression takes out of the totals are counted as well: memcheck suppresses others.
static void sum_sites(const json_t *process, struct kind_figures *kinds) {
    size_t index;
    const json_t *site;
    json_array_foreach(json_object_get(process, "sites"), index,
                       site) for (int kind = 0; kind < KINDS;
                                  kind++) if (!strcmp(json_string_value(json_object_get(site, "verdict")),
                                                      kind_names[kind])) {
        kinds[kind].blocks += json_integer_value(json_object_get(site, "count"));
        kinds[kind].bytes += json_integer_value(json_object_get(site, "bytes"));
    }
}

static struct heap_figures read_report(pid_t pid, struct kind_figures *kinds, struct lost_stacks *lost) {
    ck_assert_msg(wait_until(report_is_there, NULL), "no report came");
    json_t *report = report_load(report_path()), *process = process_with_pid(report, pid);
    assert_whole(report);
    ck_assert_ptr_nonnull(process);
    sum_sites(process, kinds);
    lost_stacks_of_report(lost, process);
    return (struct heap_figures){heap(process, "allocations"), heap(process, "frees"),
                                 heap(process, "allocated_bytes"), heap(process, "outstanding_blocks"),
                                 heap(process, "outstanding_bytes")};
}

// What each tool sets is of the same length each time.
static const char *session;
static size_t preload_length;

void memcheck_prepare(void) {
    struct command environment = {.argv = {installed("env")}}, under_seep = with_seep(&environment, 512);
    session = variable(run(&under_seep).out, "SEEP_SESSION");
    ck_assert_msg(wait_until(report_is_there, NULL), "no report came");
    struct command under_memcheck = with_memcheck(&environment, session);
    preload_length = strlen(variable(run(&under_memcheck).out, "LD_PRELOAD"));
}

struct both_figures measure_with_both(const struct command *program) {
    ck_assert_msg(session != NULL, "memcheck_prepare was not called");
    struct command common = *program;
    append(common.env, RUN_VARIABLES, "GLIBCPP_FORCE_NEW=1");
    append(common.env, RUN_VARIABLES, "GLIBCXX_FORCE_NEW=1");
    struct command under_seep = with_seep(&common, preload_length);
    struct outcome seep = run(&under_seep);
    struct both_figures figures = {0};
    figures.seep = read_report(seep.pid, figures.seep_kinds, &figures.seep_lost);
    struct command under_memcheck = with_memcheck(&common, session);
    struct outcome memcheck = run(&under_memcheck);
    figures.memcheck = read_memcheck(memcheck.pid, figures.memcheck_kinds, &figures.memcheck_lost);
    ck_assert_str_eq(seep.out, memcheck.out);
    ck_assert_str_eq(seep.err, memcheck.err);
    ck_assert_int_eq(exit_status(&seep), exit_status(&memcheck));
    return figures;
}

void memcheck_records(const struct command *program,
                      void (*visit)(void *context, int kind, long long blocks, long long bytes),
                      void *context) {
    struct command command = memcheck_command(program);
    struct outcome outcome = run(&command);
    char *log = file_read(log_path, NULL), *rest = log;
    bool found = false;
    for (char *line; (line = line_of(outcome.pid, &rest));) {
        found |= strstr(line, "HEAP SUMMARY") != NULL;
        int kind;
        long long blocks, bytes;
        if (read_record(line, &kind, &blocks, &bytes))
            visit(context, kind, blocks, bytes);
    }
    ck_assert_msg(found, "memcheck wrote no summary to %s", log_path);
    free(log);
}

static const char *figures_text(const struct heap_figures *figures) {
    return text("%lld allocations, %lld frees, %lld bytes; %lld blocks, %lld bytes outstanding",
                figures->allocations, figures->frees, figures->allocated_bytes, figures->outstanding_blocks,
                figures->outstanding_bytes);
}

void assert_same_figures(const char *name, const struct both_figures *figures) {
    const char *seep = figures_text(&figures->seep), *memcheck = figures_text(&figures->memcheck);
    ck_assert_msg(strcmp(seep, memcheck) == 0, "%s: seep counts\n%s, memcheck\n%s", name, seep, memcheck);
}

// What was left in memory that was allocated again may still hold a block for seep, and does not for
// memcheck: so the other direction alone, and of few blocks still one, as the loader's book that is known by
// pointers into it.
void assert_same_kinds(const char *name, const struct both_figures *figures) {
    const struct kind_figures *seep = figures->seep_kinds, *memcheck = figures->memcheck_kinds;
    const char *both = "";
    long long blocks = 0, most = 1 + figures->memcheck.outstanding_blocks / 50;
    for (int kind = 0; kind < KINDS; kind++) {
        both = text("%s  %s %lld, %lld", both, kind_names[kind], seep[kind].blocks, memcheck[kind].blocks);
        blocks += seep[kind].blocks;
    }
    ck_assert_msg(blocks == figures->memcheck.outstanding_blocks, "%s: not all are classified:%s", name,
                  both);
    for (int kind = 0; kind < KINDS; kind++)
        ck_assert_msg(llabs(seep[kind].blocks - memcheck[kind].blocks) <= most, "%s: seep, memcheck:%s", name,
                      both);
    ck_assert_msg(seep[KIND_DEFINITE].blocks + seep[KIND_INDIRECT].blocks <=
                      memcheck[KIND_DEFINITE].blocks + memcheck[KIND_INDIRECT].blocks,
                  "%s: more is lost by seep than by memcheck:%s", name, both);
    const char *exceed = lost_stacks_exceed(&figures->seep_lost, &figures->memcheck_lost);
    ck_assert_msg(!exceed, "%s: lost by seep, and not by memcheck: %s", name, exceed);
}
