// What seep counts of a program's heap is what valgrind's memcheck counts: calls, bytes, and what is in use
// at exit, and which of it can still be reached. The few programs that do not do the same in both by
// themselves have tests of their own, which say what differs and why.
#include "tests/lib/memcheck.h"

#include "tests/lib/effort.h"
#include "tests/lib/real.h"
#include "tests/lib/suite.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct program {
    const char *name;
    const char *arguments[8]; // those that begin with @ are files of tests/real
    const char *variable;     // that makes it do the same each time; or NULL
};

static const struct program programs[] = {
    {.name = "ls", .arguments = {"-la", "/usr"}},
    {.name = "sort", .arguments = {"-r", "@rows.sql"}},
    {.name = "gzip", .arguments = {"-n", "-c", "@rows.sql"}},
    {.name = "tar", .arguments = {"-cf", "/dev/null", "-C", "/", "etc/passwd", "etc/group"}},
    {.name = "openssl", .arguments = {"dgst", "-sha256", "@rows.sql"}},
    {.name = "sqlite3", .arguments = {"-batch", ":memory:", ".read '@few_rows.sql'"}},
    {.name = "bash",
     .arguments = {"-c", "f() { local a=$1; echo $((a * 2)); }; for i in $(seq 5); do f $i; done | sort -r; "
                         "x=${BASH_VERSION%%.*}; declare -A m=([a]=1 [b]=$x); echo ${#m[@]}; exit 3"}},
    // Its hashes are seeded at random unless told otherwise, and grow accordingly.
    {.name = "perl",
     .arguments =
         {"-e",
          "my %h; $h{$_} = \"x$_\" for 1 .. 2000; open F, $ARGV[0]; while (<F>) { $c{$_}++ for split }"
          "print join(',', map { \"$_$c{$_}\" } sort keys %c), scalar(%h), `echo child`; exit 2",
          "@rows.sql"},
     .variable = "PERL_HASH_SEED=0"},
    // -I: not even site-packages, which differ between machines.
    {.name = "python3",
     .arguments = {"-I", "-c", "import json; print(json.dumps({str(i): [i] * 9 for i in range(2000)}))"},
     .variable = "PYTHONHASHSEED=0"},
    {.name = "curl", .arguments = {"-s", "file:///etc/passwd"}},
    {.name = "git", .arguments = {"log", "--stat", "--oneline"}, .variable = "GIT_CONFIG_GLOBAL=/dev/null"},
};
enum { PROGRAMS = sizeof programs / sizeof *programs };

// "@name", also inside of an argument, becomes the path of that file of tests/real.
static const char *expand(const char *argument) {
    const char *mark = strchr(argument, '@');
    if (!mark || (strncmp(mark + 1, "rows", 4) != 0 && strncmp(mark + 1, "few_", 4) != 0))
        return argument;
    size_t length = strcspn(mark + 1, "'");
    return text("%.*s%s%s", (int)(mark - argument), argument, real_input(text("%.*s", (int)length, mark + 1)),
                mark + 1 + length);
}

// A directory to work in that stays as it is: the test's own fills with the outputs of commands.
static const char *work_directory(const char *setup) {
    const char *directory = test_path("work");
    ck_assert_int_eq(mkdir(directory, 0700), 0);
    struct outcome made = run(&(struct command){.argv = {"sh", "-c", setup}, .cwd = directory});
    ck_assert_msg(exit_status(&made) == 0, "%s", made.err);
    return directory;
}

static const char make_repository[] =
    "git init -q && seq 100 >file && git add file && "
    "git -c user.name=A -c user.email=a@example.org commit -q -m First && seq 99 >file && "
    "git -c user.name=A -c user.email=a@example.org commit -q -a -m Second";

START_TEST(a_program_has_the_same_figures) {
    const struct program *program = &programs[_i];
    struct command command = {.argv = {installed(program->name)}, .env = {program->variable}};
    command.cwd = work_directory(!strcmp(program->name, "git") ? make_repository : "true");
    for (size_t i = 0; program->arguments[i]; i++)
        command.argv[i + 1] = expand(program->arguments[i]);
    struct both_figures figures = measure_with_both(&command);
    assert_same_figures(program->name, &figures);
    assert_same_kinds(program->name, &figures);
}
END_TEST

// A thread's vector of thread-local storage has 16 bytes for each module that has any: for libseep.so and for
// the libunwind that it loads, too. The loader allocates it, once here, since one stack serves all threads in
// turn. Everything else is the same, libstdc++'s pool for emergencies included.
START_TEST(exceptions_have_the_same_figures_but_for_a_vector) {
    struct both_figures figures =
        measure_with_both(&(struct command){.argv = {program_path("throws"), "500"}});
    long long more = figures.seep.allocated_bytes - figures.memcheck.allocated_bytes;
    ck_assert_msg(more >= 0 && more % 16 == 0 && more <= 4 * 16, "%lld bytes more under seep", more);
    figures.seep.allocated_bytes -= more;
    figures.seep.outstanding_bytes -= more;
    assert_same_figures("throws", &figures);
    assert_same_kinds("throws", &figures);
}
END_TEST

// Every object of python's a block of its own. A thread's ident, which imports note, is its address: a python
// integer of 32 bytes where threads live beyond 2^30, of 28 under valgrind, which puts everything low. So
// the bytes differ by fours, and nothing else does.
START_TEST(python_with_malloc_has_the_same_calls) {
    struct both_figures figures = measure_with_both(&(struct command){
        .argv = {installed("python3"), "-S", "-c", "print(sum(len(str(i)) for i in range(3000)))"},
        .env = {"PYTHONHASHSEED=0", "PYTHONMALLOC=malloc", "PYTHONDONTWRITEBYTECODE=1"},
        .cwd = work_directory("true")});
    long long more = figures.seep.allocated_bytes - figures.memcheck.allocated_bytes;
    ck_assert_msg(more >= 0 && more % 4 == 0 && more <= 4 * 200, "%lld bytes more under seep", more);
    figures.seep.allocated_bytes -= more;
    assert_same_figures("python3 with malloc", &figures);
    assert_same_kinds("python3 with malloc", &figures);
}
END_TEST

// Its stack for signal handlers is as large as the system says that one must be, and under valgrind the
// system says nothing of that: it has the size that was always enough before.
START_TEST(vim_has_the_same_figures_but_for_a_signal_stack) {
    enum { FORMER_BYTES = 8192 };
    struct both_figures figures =
        measure_with_both(&(struct command){.argv = {installed("vim"), "-u", "NONE", "-i", "NONE", "-es",
                                                     "-c", "%s/a/b/g", "-c", "q!", real_input("rows.sql")},
                                            .cwd = work_directory("true")});
    long long more = sysconf(_SC_SIGSTKSZ) - FORMER_BYTES;
    figures.seep.allocated_bytes -= more;
    figures.seep.outstanding_bytes -= more;
    assert_same_figures("vim", &figures);
    assert_same_kinds("vim", &figures);
}
END_TEST

// gcc's collector takes memory in chunks of 32 KiB, asks for one more when the last did not happen to be
// aligned, and has a table of 2,064 bytes for each 4 GiB of addresses that they lie in: under valgrind all
// lie low. None is ever freed. Two runs under seep differ by that as well.
// Its output must be there before: it resolves the path of a file that is.
START_TEST(cc1_has_the_same_figures_but_for_chunks) {
    enum { CHUNK_BYTES = 32768, TABLE_BYTES = 2064, MOST = 4 };
    struct outcome name = run(&(struct command){.argv = {installed("gcc"), "-print-prog-name=cc1"}});
    name.out[strcspn(name.out, "\n")] = '\0';
    struct both_figures figures = measure_with_both(&(struct command){
        .argv = {name.out, "-quiet", "-O0", "-frandom-seed=1", "small.c", "-o", "small.s"},
        .cwd = work_directory(text("sh '%s' && : >small.s", real_input("generated_c.sh")))});
    long long blocks = figures.seep.allocations - figures.memcheck.allocations;
    long long bytes = figures.seep.allocated_bytes - figures.memcheck.allocated_bytes;
    bool explained = false;
    for (int chunks = -MOST; chunks <= MOST; chunks++)
        for (int tables = -MOST; tables <= MOST; tables++)
            explained |= chunks + tables == blocks && chunks * CHUNK_BYTES + tables * TABLE_BYTES == bytes;
    ck_assert_msg(explained, "%lld blocks, %lld bytes more under seep", blocks, bytes);
    figures.seep.allocations -= blocks;
    figures.seep.outstanding_blocks -= blocks;
    figures.seep.allocated_bytes -= bytes;
    figures.seep.outstanding_bytes -= bytes;
    assert_same_figures("cc1", &figures);
    figures.memcheck.outstanding_blocks += blocks;
    figures.memcheck_kinds[KIND_REACHABLE].blocks += blocks;
    assert_same_kinds("cc1", &figures);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_unchecked_fixture(tests, clean_environment, NULL);
    tcase_add_unchecked_fixture(tests, memcheck_prepare, NULL);
    tcase_add_loop_test(tests, a_program_has_the_same_figures, 0, effort_is_small() ? 3 : PROGRAMS);
    tcase_add_test(tests, exceptions_have_the_same_figures_but_for_a_vector);
    tcase_add_test(tests, python_with_malloc_has_the_same_calls);
    if (!effort_is_small())
        tcase_add_test(tests, vim_has_the_same_figures_but_for_a_signal_stack);
    tcase_add_test(tests, cc1_has_the_same_figures_but_for_chunks);
}
SEEP_TEST_MAIN("memcheck")
