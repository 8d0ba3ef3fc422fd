// links: analyzer/whole_file.c
// Files of every length around the sizes of buffers, whole or cut, and what can't be read.
#include "analyzer/whole_file.h"
#include "tests/lib/suite.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int file_of(size_t bytes) {
    int fd = memfd_create("whole", MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    for (size_t i = 0; i < bytes; i++)
        ck_assert_int_eq(write(fd, &"abcdefg"[i % 7], 1), 1);
    ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static void assert_read(size_t bytes, size_t most) {
    int fd = file_of(bytes);
    char *text = NULL;
    size_t got, expected = bytes < most ? bytes : most;
    ck_assert_int_eq(whole_file_read(fd, most, &text, &got), 0);
    ck_assert_uint_eq(got, expected);
    ck_assert_uint_eq(strlen(text), expected);
    for (size_t i = 0; i < got; i++)
        ck_assert_int_eq(text[i], "abcdefg"[i % 7]);
    free(text);
    close(fd);
}

START_TEST(all_of_it_is_read_or_as_much_as_was_asked_for) {
    static const size_t sizes[] = {0, 1, 14335, 14336, 14337, 16383, 16384, 16385, 40000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_read(sizes[i], SIZE_MAX);
        assert_read(sizes[i], sizes[i] + 1);
        assert_read(sizes[i], sizes[i]);
        assert_read(sizes[i], sizes[i] / 2);
    }
}
END_TEST

START_TEST(what_comes_through_a_pipe_is_read) {
    int ends[2];
    char *text;
    size_t bytes;
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], "text", 4), 4);
    close(ends[1]);
    ck_assert_int_eq(whole_file_read(ends[0], 100, &text, &bytes), 0);
    ck_assert_str_eq(text, "text");
    free(text);
    close(ends[0]);
}
END_TEST

START_TEST(what_cannot_be_read_says_why) {
    char *text;
    size_t bytes;
    ck_assert_int_eq(whole_file_get("/", 100, &text, &bytes), -EISDIR);
    ck_assert_int_eq(whole_file_get("/proc/self/status", 100, &text, &bytes), -EFBIG);
    ck_assert_int_eq(whole_file_get("/nonexistent", 100, &text, &bytes), -ENOENT);
    ck_assert_ptr_null(whole_file("/nonexistent"));
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, all_of_it_is_read_or_as_much_as_was_asked_for);
    tcase_add_test(tests, what_comes_through_a_pipe_is_read);
    tcase_add_test(tests, what_cannot_be_read_says_why);
}
SEEP_TEST_MAIN("whole file")
