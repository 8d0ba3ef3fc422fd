// links: analyzer/report/*.c analyzer/arena.c analyzer/table.c analyzer/whole_file.c
// flags: -ljansson -lz
//
// Where outputs go, and that a file is whole or as it was.
#include "analyzer/report/formats.h"
#include "analyzer/report/json.h"
#include "analyzer/report/outfile.h"
#include "tests/lib/suite.h"
#include "tests/unit/golden_reports.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "test-formats-XXXXXX";
static char *top;
static struct report *report;

// Each test runs in a folder of its own, as an ordinary user, since nothing is forbidden to root.
static void set_up(void) {
    char message[256];
    ck_assert_msg(report_read_json("tests/golden/one.json", &report, message, sizeof message) == 0, "%s",
                  message);
    const char *base = getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir;
    ck_assert_int_eq(chdir(base), 0);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    if (geteuid() == 0) {
        ck_assert_int_eq(chown(folder, 65534, 65534), 0);
        ck_assert_int_eq(seteuid(65534), 0);
    }
    ck_assert_int_eq(chdir(folder), 0);
    top = getcwd(NULL, 0);
}

static void remove_all(const char *path) {
    DIR *dir = opendir(path);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        char name[600];
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && unlink(name) != 0) {
            chmod(name, 0700);
            remove_all(name);
        }
    }
    if (dir)
        closedir(dir);
    rmdir(path);
}

static void tear_down(void) {
    remove_all(top);
    if (geteuid() != getuid())
        ck_assert_int_eq(seteuid(getuid()), 0);
    rmdir(top);
    free(top);
    report_free(report);
}

static void put_file(const char *path, const char *text) {
    FILE *out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    fputs(text, out);
    ck_assert_int_eq(fclose(out), 0);
}

static void expect_file(const char *path, const char *words) {
    char *text = slurp(path);
    ck_assert_msg(strstr(text, words) != NULL, "%s has no '%s' but: %.200s", path, words, text);
    free(text);
}

static size_t files_here(void) {
    size_t count = 0;
    DIR *dir = opendir(".");
    while (readdir(dir))
        count++;
    closedir(dir);
    return count - 2;
}

static struct options options_for(enum command command, const char *output, struct output *formats,
                                  size_t count) {
    return (struct options){.command = command,
                            .output = output,
                            .formats = formats,
                            .format_count = count,
                            .show = (1u << VERDICTS) - 1,
                            .top = 20};
}

static int write_all(struct options options, char message[256]) {
    message[0] = '\0';
    return report_write_all(report, &options, 4711, message, 256);
}

// Runs what with descriptors 1 and 2 going to the files "stdout" and "stderr".
static int write_redirected(struct options options, char message[256]) {
    fflush(NULL);
    int saved[] = {dup(1), dup(2)};
    int out = open("stdout", O_WRONLY | O_CREAT | O_APPEND, 0600),
        err = open("stderr", O_WRONLY | O_CREAT, 0600);
    dup2(out, 1);
    dup2(err, 2);
    int rc = write_all(options, message);
    dup2(saved[0], 1);
    dup2(saved[1], 2);
    close(out);
    close(err);
    close(saved[0]);
    close(saved[1]);
    return rc;
}

#define TEXT_BEGIN "seep 0.1.0: ./leaky"
#define JSON_BEGIN "{\"schema\": \"seep-report-1\""

START_TEST(text_goes_to_stderr_and_the_rest_to_stdout) {
    char message[256];
    struct output both[] = {{"text", NULL}, {"json", NULL}};
    put_file("stdout", "before\n"); // as with >>: what stood there stays
    ck_assert_int_eq(write_redirected(options_for(COMMAND_RUN, NULL, both, 2), message), 0);
    expect_file("stderr", TEXT_BEGIN);
    expect_file("stdout", "before\n" JSON_BEGIN);
}
END_TEST

START_TEST(the_report_command_prints_text_to_stdout) {
    char message[256];
    struct output text = {"text", NULL};
    ck_assert_int_eq(write_redirected(options_for(COMMAND_REPORT, NULL, &text, 1), message), 0);
    expect_file("stdout", TEXT_BEGIN);
}
END_TEST

START_TEST(o_is_where_the_text_goes_or_the_only_format) {
    char message[256];
    struct output both[] = {{"json", NULL}, {"text", NULL}};
    ck_assert_int_eq(write_redirected(options_for(COMMAND_RUN, "out.%p%%", both, 2), message), 0);
    expect_file("out.4711%", TEXT_BEGIN);
    expect_file("stdout", JSON_BEGIN);
    struct output json = {"json", NULL};
    ck_assert_int_eq(write_all(options_for(COMMAND_RUN, "only", &json, 1), message), 0);
    expect_file("only", JSON_BEGIN);
    struct output filed[] = {{"json", "%p.json"}, {"text", NULL}};
    ck_assert_int_eq(write_all(options_for(COMMAND_RUN, "t", filed, 2), message), 0);
    expect_file("4711.json", JSON_BEGIN);
    expect_file("t", TEXT_BEGIN);
}
END_TEST

START_TEST(devices_and_descriptors_are_written_directly) {
    char message[256];
    int pipes[2];
    ck_assert_int_eq(pipe(pipes), 0);
    char name[32];
    snprintf(name, sizeof name, "/dev/fd/%d", pipes[1]);
    struct output outputs[] = {{"text", name}, {"json", "/dev/null"}};
    ck_assert_int_eq(write_all(options_for(COMMAND_RUN, NULL, outputs, 2), message), 0);
    char start[sizeof TEXT_BEGIN] = "";
    ck_assert_int_gt(read(pipes[0], start, sizeof TEXT_BEGIN - 1), 0);
    ck_assert_str_eq(start, TEXT_BEGIN);
    ck_assert_uint_eq(files_here(), 0);
    struct stat status;
    ck_assert(stat("/dev/null", &status) == 0 && S_ISCHR(status.st_mode));
}
END_TEST

static void *read_slowly(void *arg) {
    int fd = *(int *)arg;
    char buffer[512];
    size_t total = 0;
    for (ssize_t got; (got = read(fd, buffer, sizeof buffer)) > 0;)
        total += (size_t)got;
    return (void *)total;
}

START_TEST(a_pipe_that_does_not_block_gets_everything) {
    int pipes[2];
    ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
    ck_assert_int_eq(fcntl(pipes[1], F_SETFL, O_NONBLOCK), 0);
    size_t bytes = 1 << 20; // more than a pipe holds
    char *data = calloc(1, bytes);
    pthread_t reader;
    ck_assert_int_eq(pthread_create(&reader, NULL, read_slowly, &pipes[0]), 0);
    char name[32];
    snprintf(name, sizeof name, "/dev/fd/%d", pipes[1]);
    ck_assert_int_eq(outfile_write(name, data, bytes), 0);
    close(pipes[1]);
    void *total;
    pthread_join(reader, &total);
    ck_assert_uint_eq((size_t)total, bytes);
    free(data);
}
END_TEST

START_TEST(a_full_device_is_reported) {
    char message[256];
    struct output outputs[] = {{"json", "/dev/full"}, {"text", "whole"}};
    ck_assert_int_eq(write_all(options_for(COMMAND_RUN, NULL, outputs, 2), message), -ENOSPC);
    ck_assert_str_eq(message, "cannot write the json report to '/dev/full': No space left on device");
    expect_file("whole", "still allocated at the end, from 3 sites."); // the others are written all the same
}
END_TEST

START_TEST(an_existing_file_is_replaced_with_its_permissions) {
    put_file("out", "old");
    ck_assert_int_eq(chmod("out", 0640), 0);
    ck_assert_int_eq(symlink("out", "link"), 0);
    ck_assert_int_eq(outfile_write("link", "new", 3), 0);
    expect_file("out", "new");
    struct stat status;
    ck_assert_int_eq(lstat("link", &status), 0);
    ck_assert(S_ISLNK(status.st_mode));
    ck_assert_int_eq(stat("out", &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0640);
    ck_assert_uint_eq(files_here(), 2);
}
END_TEST

START_TEST(an_existing_file_stays_as_it_was_when_writing_fails) {
    put_file("out", "old");
    // The disk's end is played by a limit on the size of files.
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit, small;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = 100;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    char message[256];
    struct output json = {"json", "out"};
    int rc = write_all(options_for(COMMAND_RUN, NULL, &json, 1), message);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(rc, -EFBIG);
    ck_assert_str_eq(message, "cannot write the json report to 'out': File too large");
    char *text = slurp("out");
    ck_assert_str_eq(text, "old");
    free(text);
    ck_assert_uint_eq(files_here(), 1); // and nothing is left lying about
}
END_TEST

START_TEST(a_folder_that_cannot_be_written_keeps_the_old_file) {
    ck_assert_int_eq(mkdir("shut", 0755), 0);
    put_file("shut/out", "old");
    ck_assert_int_eq(chmod("shut", 0555), 0);
    ck_assert_int_eq(outfile_check("shut/out"), -EACCES);
    ck_assert_int_eq(outfile_check("shut/new"), -EACCES);
    ck_assert_int_eq(outfile_write("shut/out", "new", 3), -EACCES);
    char *text = slurp("shut/out");
    ck_assert_str_eq(text, "old");
    free(text);
}
END_TEST

static void expect_check(struct options options, int expected, const char *words) {
    char message[256] = "";
    ck_assert_int_eq(report_outputs_check(&options, message, sizeof message), expected);
    ck_assert_msg(strstr(message, words) != NULL, "%s\nhas no: %s", message, words);
}

START_TEST(outputs_are_checked_before_the_run) {
    struct output text = {"text", NULL}, json = {"json", "no/such/x.json"};
    ck_assert_int_eq(mkdir("directory", 0755), 0);
    put_file("file", "");
    expect_check(options_for(COMMAND_RUN, "/nonexistent/x", &text, 1), -ENOENT,
                 "cannot write to '/nonexistent/x': its directory does not exist");
    expect_check(options_for(COMMAND_RUN, NULL, &json, 1), -ENOENT, "'no/such/x.json'");
    expect_check(options_for(COMMAND_RUN, "directory", &text, 1), -EISDIR, "'directory': Is a directory");
    expect_check(options_for(COMMAND_RUN, "new/", &text, 1), -EISDIR, "'new/'");
    expect_check(options_for(COMMAND_RUN, "file/x", &text, 1), -ENOTDIR, "'file/x'");
    expect_check(options_for(COMMAND_RUN, "/dev/fd/999", &text, 1), -EBADF, "Bad file descriptor");
    expect_check(options_for(COMMAND_RUN, NULL, &text, 1), 0, "");
    expect_check(options_for(COMMAND_RUN, "directory/new.%p", &text, 1), 0, "");
    expect_check(options_for(COMMAND_RUN, "runs/%p/new", &text, 1), 0, ""); // only the run will tell
    expect_check(options_for(COMMAND_RUN, "/dev/null", &text, 1), 0, "");
    ck_assert_uint_eq(files_here(), 2); // checking leaves no trace
}
END_TEST

START_TEST(two_outputs_in_one_place_are_refused) {
    struct output outputs[] = {{"text", NULL}, {"json", "x"}};
    expect_check(options_for(COMMAND_RUN, "x", outputs, 2), -EEXIST,
                 "the text and the json report both go to 'x'");
    struct output plain[] = {{"text", NULL}, {"json", NULL}};
    expect_check(options_for(COMMAND_RUN, NULL, plain, 2), 0, "");
    expect_check(options_for(COMMAND_REPORT, NULL, plain, 2), -EEXIST, "--format json=FILE");
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, text_goes_to_stderr_and_the_rest_to_stdout);
    tcase_add_test(tests, the_report_command_prints_text_to_stdout);
    tcase_add_test(tests, o_is_where_the_text_goes_or_the_only_format);
    tcase_add_test(tests, devices_and_descriptors_are_written_directly);
    tcase_add_test(tests, a_pipe_that_does_not_block_gets_everything);
    tcase_add_test(tests, a_full_device_is_reported);
    tcase_add_test(tests, an_existing_file_is_replaced_with_its_permissions);
    tcase_add_test(tests, an_existing_file_stays_as_it_was_when_writing_fails);
    tcase_add_test(tests, a_folder_that_cannot_be_written_keeps_the_old_file);
    tcase_add_test(tests, outputs_are_checked_before_the_run);
    tcase_add_test(tests, two_outputs_in_one_place_are_refused);
}
SEEP_TEST_MAIN("report_formats")
