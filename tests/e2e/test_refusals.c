// What cannot run under seep is refused before it starts, with a status that says which and one clear line.
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static void write_file(const char *path, const void *content, size_t bytes, mode_t mode) {
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(content, 1, bytes, file), bytes);
    fclose(file);
    ck_assert_int_eq(chmod(path, mode), 0);
}

static const char *script(const char *name, const char *content) {
    const char *path = test_path(name);
    write_file(path, content, strlen(content), 0755);
    return path;
}

static char *leaf_image(size_t *bytes) {
    char *image = file_read(program_path("leaf"), bytes);
    ck_assert_ptr_nonnull(image);
    return image;
}

static struct outcome seep_run_of(const char *program) {
    return run(&(struct command){.argv = {seep_path(), "run", "--", program}});
}

static void assert_one_line(const struct outcome *outcome, const char *word) {
    const char *end = strchr(outcome->err, '\n');
    ck_assert_msg(end && end[1] == '\0', "not one line: %s", outcome->err);
    ck_assert_msg(strncmp(outcome->err, "seep", 4) == 0, "does not say who speaks: %s", outcome->err);
    ck_assert_msg(strstr(outcome->err, word) != NULL, "does not say \"%s\": %s", word, outcome->err);
    ck_assert_str_eq(outcome->out, "");
}

static void assert_refused(const char *program, int status, const char *word) {
    struct outcome outcome = seep_run_of(program);
    ck_assert_msg(exit_status(&outcome) == status, "%s: status %d: %s", program, exit_status(&outcome),
                  outcome.err);
    assert_one_line(&outcome, word);
}

START_TEST(a_static_program) {
    assert_refused(program_path("static_program"), 126, "static");
}
END_TEST

// A set-user-ID file of the caller's own raises nothing; one of another user does, wherever the mount honours
// it.
static const char *privileged(mode_t bits) {
    size_t bytes;
    char *image = leaf_image(&bytes);
    const char *path = test_path("privileged");
    struct statvfs mount;
    ck_assert_int_eq(statvfs(test_directory(), &mount), 0);
    if (geteuid() != 0 || (mount.f_flag & ST_NOSUID))
        return NULL;
    write_file(path, image, bytes, 0755);
    ck_assert_int_eq(chown(path, 65534, 65534), 0);
    ck_assert_int_eq(chmod(path, 0755 | bits), 0);
    return path;
}

START_TEST(a_setuid_program) {
    const char *path = privileged(S_ISUID);
    if (path)
        assert_refused(path, 126, "setuid");
}
END_TEST

START_TEST(a_setgid_program) {
    const char *path = privileged(S_ISGID);
    if (path)
        assert_refused(path, 126, "setgid");
}
END_TEST

START_TEST(a_program_of_another_class) {
    size_t bytes;
    char *image = leaf_image(&bytes);
    image[EI_CLASS] = ELFCLASS32;
    ((Elf64_Ehdr *)image)->e_machine = EM_386;
    const char *path = test_path("other_class");
    write_file(path, image, bytes, 0755);
    assert_refused(path, 126, "i386");
}
END_TEST

START_TEST(a_program_of_another_machine) {
    size_t bytes;
    char *image = leaf_image(&bytes);
    ((Elf64_Ehdr *)image)->e_machine = EM_PPC64;
    const char *path = test_path("other_machine");
    write_file(path, image, bytes, 0755);
    assert_refused(path, 126, "ppc64");
}
END_TEST

START_TEST(a_musl_program) {
    size_t bytes;
    char *image = leaf_image(&bytes);
    static const char glibc[] = "/lib64/ld-linux-x86-64.so.2", musl[] = "/lib/ld-musl-x86_64.so.1";
    char *interpreter = memmem(image, bytes, glibc, sizeof glibc);
    if (!interpreter)
        return; // another machine's loader
    memcpy(interpreter, musl, sizeof musl);
    const char *path = test_path("musl");
    write_file(path, image, bytes, 0755);
    assert_refused(path, 126, "musl");
}
END_TEST

START_TEST(a_program_that_does_not_exist) {
    assert_refused("/nonexistent/program", 127, "/nonexistent/program");
    assert_refused("no-program-has-this-name", 127, "no-program-has-this-name");
}
END_TEST

START_TEST(a_file_that_is_no_program) {
    const char *path = test_path("data");
    write_file(path, "some data", 9, 0644);
    assert_refused(path, 126, "data");
    assert_refused(test_directory(), 126, test_directory());
}
END_TEST

START_TEST(a_script_is_judged_by_its_interpreter) {
    const char *good = script("good", "#!/bin/sh\nexit 6\n");
    struct seep_job job = {.program = {.argv = {good}}};
    struct seep_run ran = seep_run_job(WAY_RUN, &job);
    ck_assert_int_eq(exit_status(&ran.outcome), 6);
    const char *by_static = script("by_static", text("#!%s\n", program_path("static_program")));
    assert_refused(by_static, 126, "static");
    const char *by_nothing = script("by_nothing", "#!/nonexistent/interpreter\n");
    assert_refused(by_nothing, 127, "/nonexistent/interpreter");
}
END_TEST

START_TEST(a_library_path_that_the_loader_would_split) {
    size_t bytes;
    char *library = file_read(libseep_path(), &bytes);
    const char *directory = test_path("with space");
    ck_assert_int_eq(mkdir(directory, 0755), 0);
    const char *path = text("%s/libseep.so", directory);
    write_file(path, library, bytes, 0755);
    struct outcome outcome = run(&(struct command){.argv = {seep_path(), "run", program_path("leaf")},
                                                   .env = {text("SEEP_LIB=%s", path)}});
    ck_assert_int_eq(exit_status(&outcome), 125);
    assert_one_line(&outcome, "space");
}
END_TEST

static const char *const bad_lines[][4] = {
    {"run", "--no-such-option", "true"},
    {"run", "--format", "no-such-format", "true"},
    {"run", "--depth", "none", "true"},
    {"run", "--children", "sometimes", "true"},
    {"run"},
    {"no-such-command"},
    {"report"},
    {"run", "--top", "-1", "true"},
};
enum { BAD_LINES = sizeof bad_lines / sizeof *bad_lines };

START_TEST(a_bad_command_line) {
    struct command command = {.argv = {seep_path()}};
    memcpy(&command.argv[1], bad_lines[_i], sizeof bad_lines[_i]);
    struct outcome outcome = run(&command);
    ck_assert_msg(exit_status(&outcome) == 125, "%s: %d", bad_lines[_i][0], exit_status(&outcome));
    assert_one_line(&outcome, "");
}
END_TEST

static void assert_directory_holds(int entries) {
    struct outcome listed = run(&(struct command){.argv = {"ls", "-A", test_path("out")}});
    int lines = 0;
    for (const char *c = listed.out; *c; c++)
        lines += *c == '\n';
    ck_assert_msg(lines == entries, "left behind:\n%s", listed.out);
}

START_TEST(an_output_that_cannot_be_written) {
    ck_assert_int_eq(mkdir(test_path("out"), 0755), 0);
    const char *bad[] = {text("json=%s/none/report.json", test_path("out")),
                         text("json=%s", test_path("out"))};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct outcome outcome = run(
            &(struct command){.argv = {seep_path(), "run", "--format", bad[i], program_path("leaf"), "2"}});
        ck_assert_msg(exit_status(&outcome) == 125, "%s: %d: %s", bad[i], exit_status(&outcome), outcome.err);
        assert_one_line(&outcome, test_path("out"));
    }
    struct outcome outcome =
        run(&(struct command){.argv = {seep_path(), "run", "-o", text("%s/none/report", test_path("out")),
                                       program_path("leaf"), "2"}});
    ck_assert_int_eq(exit_status(&outcome), 125);
    assert_one_line(&outcome, test_path("out"));
    assert_directory_holds(0);
}
END_TEST

START_TEST(a_full_device) {
    struct outcome outcome = run(&(struct command){
        .argv = {seep_path(), "run", "--format", "json=/dev/full", program_path("leaf"), "2"}});
    ck_assert_int_eq(exit_status(&outcome), 125);
    assert_one_line(&outcome, "/dev/full");
}
END_TEST

START_TEST(a_report_file_that_is_none) {
    struct seep_run good = SEEP(WAY_RUN, "leaf", "2");
    (void)good;
    size_t bytes;
    char *content = file_read(report_path(), &bytes);
    const char *path = test_path("bad.json");
    for (size_t cut = 0; cut < bytes - 2; cut += bytes / 8) {
        write_file(path, content, cut, 0644);
        struct outcome outcome = run(&(struct command){.argv = {seep_path(), "report", path}});
        ck_assert_msg(exit_status(&outcome) == 125, "cut to %zu: status %d", cut, exit_status(&outcome));
        assert_one_line(&outcome, path);
    }
    static const char *const others[] = {"[]", "{}", "{\"schema\": \"seep-report-2\"}", "\xff\xfe", "null"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        write_file(path, others[i], strlen(others[i]), 0644);
        struct outcome outcome = run(&(struct command){.argv = {seep_path(), "report", path}});
        ck_assert_msg(exit_status(&outcome) == 125, "%s: status %d", others[i], exit_status(&outcome));
        assert_one_line(&outcome, path);
    }
    struct outcome missing =
        run(&(struct command){.argv = {seep_path(), "report", "/nonexistent/report.json"}});
    ck_assert_int_eq(exit_status(&missing), 125);
    assert_one_line(&missing, "/nonexistent/report.json");
}
END_TEST

START_TEST(options_in_the_environment_that_are_wrong_leave_the_program_alone) {
    struct outcome outcome = run(
        &(struct command){.argv = {program_path("five_sites")},
                          .env = {text("LD_PRELOAD=%s", libseep_path()), "SEEP_OPTIONS=--no-such-option"}});
    ck_assert_int_eq(exit_status(&outcome), 3);
    ck_assert_str_eq(outcome.out, "output\n");
    ck_assert_msg(strstr(outcome.err, "--no-such-option") != NULL, "says nothing: %s", outcome.err);
    ck_assert_msg(strstr(outcome.err, "could not be started: it ended at once; ") != NULL, "%s", outcome.err);
}
END_TEST

START_TEST(a_preload_without_its_analyzer_leaves_the_program_alone) {
    size_t bytes;
    char *library = file_read(libseep_path(), &bytes);
    const char *path = test_path("libseep.so");
    write_file(path, library, bytes, 0755);
    struct outcome outcome = run(&(struct command){.argv = {program_path("five_sites")},
                                                   .env = {text("LD_PRELOAD=%s", path), "PATH=/"}});
    ck_assert_int_eq(exit_status(&outcome), 3);
    ck_assert_str_eq(outcome.out, "output\n");
    assert_one_line(&(struct outcome){.out = (char *)"", .err = outcome.err}, "seep");
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, a_static_program);
    tcase_add_test(tests, a_setuid_program);
    tcase_add_test(tests, a_setgid_program);
    tcase_add_test(tests, a_program_of_another_class);
    tcase_add_test(tests, a_program_of_another_machine);
    tcase_add_test(tests, a_musl_program);
    tcase_add_test(tests, a_program_that_does_not_exist);
    tcase_add_test(tests, a_file_that_is_no_program);
    tcase_add_test(tests, a_script_is_judged_by_its_interpreter);
    tcase_add_test(tests, a_library_path_that_the_loader_would_split);
    tcase_add_loop_test(tests, a_bad_command_line, 0, BAD_LINES);
    tcase_add_test(tests, an_output_that_cannot_be_written);
    tcase_add_test(tests, a_full_device);
    tcase_add_test(tests, a_report_file_that_is_none);
    tcase_add_test(tests, options_in_the_environment_that_are_wrong_leave_the_program_alone);
    tcase_add_test(tests, a_preload_without_its_analyzer_leaves_the_program_alone);
}
SEEP_TEST_MAIN("refusals")
