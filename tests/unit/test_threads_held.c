// links: analyzer/ledger/threads.c analyzer/table.c
// The book of threads: which are held, also when one is joined or detached before its making is recorded.
#include "analyzer/ledger/threads.h"
#include "tests/lib/suite.h"

#include <stdio.h>

static struct threads *book;
static uint64_t number;

static uint64_t apply(uint8_t kind, uint8_t call, uint64_t address, uint64_t bytes, uint32_t stack) {
    threads_apply(book, &(struct wire_record){.kind = kind,
                                              .call = call,
                                              .address = address,
                                              .bytes = bytes,
                                              .stack = stack,
                                              .epoch = ++number});
    return number;
}

static void make(uint64_t thread, uint64_t begun, uint32_t stack) {
    apply(RECORD_THREAD_MADE, CALL_thrd_create, thread, begun, stack);
}

static uint64_t give(uint64_t thread) {
    return apply(RECORD_THREAD_GIVEN, CALL_pthread_join, thread, 0, 0);
}

static void take_back(uint64_t which, uint64_t thread) {
    apply(RECORD_TAKEN_BACK, CALL_pthread_join, which, thread, 0);
}

static void begin(void) {
    book = threads_new();
    number = 0;
}

static void end(void) {
    threads_free(book);
}

static void print(void *context, const struct thread_held *held) {
    fprintf(context, "%lx:%u ", (unsigned long)held->thread, held->stack);
}

// "40:1 " for each thread that is held, with the stack of its making.
static const char *state(void) {
    static char text[256];
    FILE *out = fmemopen(text, sizeof text, "w");
    threads_each_held(book, print, out);
    fputc('.', out);
    fclose(out);
    return text;
}

START_TEST(a_thread_is_held_until_it_is_given) {
    make(0x40, number, 1);
    make(0x80, number, 2);
    ck_assert_str_eq(state(), "40:1 80:2 .");
    give(0x40);
    ck_assert_str_eq(state(), "80:2 .");
    make(0x40, number, 3); // its pthread_t serves again
    ck_assert_str_eq(state(), "40:3 80:2 .");
}
END_TEST

START_TEST(what_failed_is_taken_back) {
    make(0x40, number, 1);
    uint64_t given = give(0x40);
    take_back(given, 0x40);
    ck_assert_str_eq(state(), "40:1 .");
    given = give(0x40);
    uint64_t again = give(0x40); // by another thread, and refused
    take_back(again, 0x40);
    ck_assert_str_eq(state(), ".");
    make(0x40, number, 2);
    take_back(given, 0x40); // of an earlier thread: says nothing of this one
    ck_assert_str_eq(state(), "40:2 .");
    threads_apply(book, &(struct wire_record){.kind = RECORD_TAKEN_BACK, // another book's
                                              .call = CALL_munmap,
                                              .address = give(0x40),
                                              .bytes = 0x40});
    ck_assert_str_eq(state(), ".");
}
END_TEST

START_TEST(of_two_that_give_at_once_the_other_one_counts) {
    make(0x40, number, 1);
    uint64_t timed = give(0x40);
    give(0x40);
    take_back(timed, 0x40);
    ck_assert_str_eq(state(), ".");
}
END_TEST

START_TEST(given_before_it_was_made) {
    uint64_t begun = number;
    give(0x40);
    make(0x40, begun, 1);
    ck_assert_str_eq(state(), ".");
    make(0x40, number, 2);
    ck_assert_str_eq(state(), "40:2 .");
    give(0x40);
    begun = number;
    uint64_t given = give(0x40);
    make(0x40, begun, 3);
    ck_assert_str_eq(state(), ".");
    take_back(given, 0x40); // it failed after all
    ck_assert_str_eq(state(), "40:3 .");
}
END_TEST

START_TEST(a_thread_that_was_never_seen_made_gives_nothing_away) {
    give(0x40);
    make(0x40, number, 1);
    ck_assert_str_eq(state(), "40:1 .");
}
END_TEST

START_TEST(one_pthread_t_twice_while_both_are_made) {
    uint64_t first = number;
    give(0x40);
    uint64_t second = number;
    make(0x40, second, 2);
    ck_assert_str_eq(state(), "40:2 .");
    give(0x40);
    make(0x40, first, 1);
    ck_assert_str_eq(state(), ".");
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, a_thread_is_held_until_it_is_given);
    tcase_add_test(tests, what_failed_is_taken_back);
    tcase_add_test(tests, of_two_that_give_at_once_the_other_one_counts);
    tcase_add_test(tests, given_before_it_was_made);
    tcase_add_test(tests, a_thread_that_was_never_seen_made_gives_nothing_away);
    tcase_add_test(tests, one_pthread_t_twice_while_both_are_made);
}

SEEP_TEST_MAIN("threads held")
