// What Go opens and maps by system calls of its own, past libc: it is shown as unattributed, of which sort
// and how much of it, and nobody is blamed for it. What one language opened and the other closed is gone.
#include "tests/lib/real.h"
#include "tests/lib/report.h"
#include "tests/lib/suite.h"
#include "tests/lib/under_seep.h"

#include <stdio.h>
#include <string.h>

enum { OWN_STATUS = 3, TIMES = 40, FILE_BYTES = 8192 };

// A file that nothing else opens or maps.
static const char *a_file(void) {
    const char *path = test_path("data");
    FILE *out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    fprintf(out, "%*s", FILE_BYTES, "");
    ck_assert_int_eq(fclose(out), 0);
    return path;
}

static struct seep_run past_libc(enum way way, const char *what, const char *file) {
    struct seep_job job = {.program = {.argv = {program_path("go/past_libc"), what, text("%d", TIMES), file}},
                           .text_too = true};
    struct seep_run ran = seep_run_job(way, &job);
    ck_assert_msg(exit_status(&ran.outcome) == OWN_STATUS, "%s: %d %s", what, exit_status(&ran.outcome),
                  ran.outcome.err);
    ck_assert(is_exact(ran.report));
    return ran;
}

// What is listed: the runtime's own is suppressed.
static void assert_no_sites(const json_t *process) {
    size_t index;
    json_t *site;
    json_array_foreach(json_object_get(process, "sites"), index, site) {
        ck_assert_msg(!json_is_null(json_object_get(site, "suppressed_by")), "blamed:\n%s", stack_text(site));
    }
}

static bool is_text(const json_t *object, const char *member, const char *expected) {
    const char *value = json_string_value(json_object_get(object, member));
    return value && expected ? strcmp(value, expected) == 0 : value == expected;
}

static const json_t *group(const json_t *process, const char *kind, const char *type, const char *target) {
    size_t index;
    json_t *found;
    json_array_foreach(json_object_get(process, "unattributed_groups"), index, found) {
        if (is_text(found, "kind", kind) && is_text(found, "type", type) && is_text(found, "target", target))
            return found;
    }
    return NULL;
}

static long long figure(const json_t *object, const char *member) {
    return json_integer_value(json_object_get(object, member));
}

static void assert_says(const struct seep_run *ran, const char *words) {
    ck_assert_msg(strstr(ran->outcome.err, words) != NULL, "no '%s' in\n%s", words, ran->outcome.err);
}

static void assert_count(const json_t *process, const char *kind, const char *type, const char *target,
                         long long count) {
    const json_t *found = group(process, kind, type, target);
    ck_assert_msg(found != NULL, "no %s %s in %s", type, target ? target : "",
                  json_dumps(json_object_get(process, "unattributed_groups"), 0));
    ck_assert_int_eq(figure(found, "count"), count);
}

START_TEST(opened_files_are_grouped_by_path) {
    const char *file = a_file();
    struct seep_run ran = past_libc(_i, "files", file);
    assert_no_sites(ran.process);
    assert_count(ran.process, "fd", "file", file, TIMES);
    ck_assert_int_eq(fds(ran.process, "opened"), 0);
    ck_assert_int_ge(fds(ran.process, "unattributed"), TIMES);
    assert_says(&ran, "Open, but not opened by a call that seep sees: raw system calls open past libc (Go's");
    assert_says(&ran, text("\n        %d files, %s\n", TIMES, file));
    assert_says(&ran, text("Open besides, by calls that seep does not see: %d files, %s.\n", TIMES, file));
}
END_TEST

// A server's by its own address, a client's by the server's.
START_TEST(connections_are_grouped_by_the_address_that_they_share) {
    struct seep_run ran = past_libc(_i, "sockets", "");
    int port = 0;
    ck_assert_int_eq(sscanf(ran.outcome.out, "serves %d", &port), 1);
    assert_no_sites(ran.process);
    const char *server = text("tcp 127.0.0.1:%d", port), *clients = text("tcp -> 127.0.0.1:%d", port);
    assert_count(ran.process, "fd", "socket", clients, TIMES);
    assert_count(ran.process, "fd", "socket", text("%s -> several", server), TIMES);
    assert_count(ran.process, "fd", "socket", server, 1);
    ck_assert(is_text(group(ran.process, "fd", "socket", clients), "state", "ESTABLISHED"));
    assert_says(&ran, text("%d sockets in ESTABLISHED, %s\n", TIMES, clients));
}
END_TEST

START_TEST(mapped_files_are_grouped_by_path) {
    const char *file = a_file();
    struct seep_run ran = past_libc(_i, "mapped_files", file);
    assert_no_sites(ran.process);
    assert_count(ran.process, "map", "file", file, TIMES);
    ck_assert_int_eq(figure(group(ran.process, "map", "file", file), "bytes"), TIMES * FILE_BYTES);
    assert_says(&ran, "Mapped, but not by a call that seep sees: raw system calls map past libc (Go's");
    assert_says(&ran, text("in %d mappings, %s\n", TIMES, file));
}
END_TEST

// The kernel joins what lies side by side, so the bytes count.
START_TEST(mapped_memory_is_counted_in_bytes) {
    struct seep_run ran = past_libc(_i, "mapped_memory", "");
    assert_no_sites(ran.process);
    const json_t *found = group(ran.process, "map", "anonymous", NULL);
    ck_assert_ptr_nonnull(found);
    ck_assert_int_ge(figure(found, "bytes"), TIMES << 20);
    ck_assert_int_lt(figure(found, "bytes"), (TIMES + 1) << 20);
    assert_says(&ran, "of anonymous memory\n");
}
END_TEST

START_TEST(watches_are_one_group) {
    struct seep_run ran = past_libc(_i, "watches", "");
    assert_no_sites(ran.process);
    assert_count(ran.process, "fd", "inotify", NULL, TIMES);
    assert_says(&ran, "\nNothing is still allocated at the end but ");
    assert_says(&ran, text("\n        %d inotify descriptors\n", TIMES));
}
END_TEST

START_TEST(opened_in_c_and_closed_in_go_is_no_leak) {
    struct seep_run ran = past_libc(_i, "closed_in_go", "");
    assert_no_sites(ran.process);
    ck_assert_int_eq(fds(ran.process, "opened"), TIMES);
    ck_assert_int_eq(fds(ran.process, "closed_unseen"), TIMES);
    ck_assert_int_eq(fds(ran.process, "outstanding"), 0);
    ck_assert_ptr_null(group(ran.process, "fd", "device", "/dev/null"));
}
END_TEST

START_TEST(a_number_that_go_gave_to_a_socket_is_not_cs_any_more) {
    struct seep_run ran = past_libc(_i, "reused", "");
    assert_no_sites(ran.process);
    ck_assert_int_eq(fds(ran.process, "outstanding"), 0);
    ck_assert_int_eq(fds(ran.process, "closed_unseen"), TIMES);
    ck_assert_int_ge(fds(ran.process, "unattributed"), TIMES);
}
END_TEST

START_TEST(opened_in_go_and_closed_in_c_is_no_leak_and_no_misuse) {
    struct seep_run ran = past_libc(_i, "closed_in_c", "");
    assert_no_sites(ran.process);
    ck_assert_int_eq(fds(ran.process, "outstanding"), 0);
    ck_assert_int_eq(fds(ran.process, "closes_of_unopened"), 0);
    ck_assert_int_eq(fds(ran.process, "double_closes"), 0);
    ck_assert_ptr_null(group(ran.process, "fd", "device", "/dev/null"));
}
END_TEST

START_TEST(a_program_without_libc_is_refused_with_the_remedy) {
    struct outcome outcome = run(&(struct command){.argv = {seep_path(), "run", program_path("go/plain")}});
    ck_assert_int_eq(exit_status(&outcome), 126);
    ck_assert_str_eq(outcome.out, "");
    ck_assert_msg(strstr(outcome.err, "CGO_ENABLED=1 go build -ldflags=all=-linkmode=external") != NULL, "%s",
                  outcome.err);
}
END_TEST

START_TEST(linked_against_libc_it_runs) {
    struct seep_run ran = SEEP(_i, "go/plain-external", "");
    ck_assert_int_eq(exit_status(&ran.outcome), OWN_STATUS);
    ck_assert_str_eq(ran.outcome.out, "done\n");
    assert_end(ran.process, "exit", OWN_STATUS);
    assert_no_sites(ran.process);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, clean_environment, NULL);
    tcase_add_loop_test(tests, opened_files_are_grouped_by_path, 0, WAYS);
    tcase_add_loop_test(tests, connections_are_grouped_by_the_address_that_they_share, 0, WAYS);
    tcase_add_loop_test(tests, mapped_files_are_grouped_by_path, 0, WAYS);
    tcase_add_loop_test(tests, mapped_memory_is_counted_in_bytes, 0, WAYS);
    tcase_add_loop_test(tests, watches_are_one_group, 0, WAYS);
    tcase_add_loop_test(tests, opened_in_c_and_closed_in_go_is_no_leak, 0, WAYS);
    tcase_add_loop_test(tests, a_number_that_go_gave_to_a_socket_is_not_cs_any_more, 0, WAYS);
    tcase_add_loop_test(tests, opened_in_go_and_closed_in_c_is_no_leak_and_no_misuse, 0, WAYS);
    tcase_add_test(tests, a_program_without_libc_is_refused_with_the_remedy);
    tcase_add_loop_test(tests, linked_against_libc_it_runs, 0, WAYS);
}
SEEP_TEST_MAIN("go past libc")
