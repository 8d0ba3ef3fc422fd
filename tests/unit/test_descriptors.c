// links: analyzer/ledger/descriptors.c analyzer/descriptor_type.c analyzer/table.c
// The book of descriptors: lives of a number, closes that were one too many, what raw system calls did; and
// against a model of a process over random events.
#include "analyzer/descriptor_type.h"
#include "analyzer/ledger/descriptors.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct descriptors *book;
static uint64_t number;
static struct descriptor_counts counts;

static void setup(void) {
    book = descriptors_new();
    number = 0;
}

static void teardown(void) {
    descriptors_free(book);
}

static void opens(int fd, uint32_t stack, uint16_t flags) {
    descriptors_apply(book, &(struct wire_record){.kind = RECORD_OPENED,
                                                  .address = (uint32_t)fd,
                                                  .bytes = 1,
                                                  .epoch = ++number,
                                                  .stack = stack,
                                                  .call = CALL_open,
                                                  .flags = flags});
}

static uint64_t closes(int fd, uint64_t how_many, uint32_t stack) {
    descriptors_apply(book, &(struct wire_record){.kind = RECORD_CLOSED,
                                                  .address = (uint32_t)fd,
                                                  .bytes = how_many,
                                                  .epoch = ++number,
                                                  .stack = stack,
                                                  .call = CALL_close});
    return number;
}

static void taken_back(uint64_t what, int fd, uint16_t flags) {
    descriptors_apply(book, &(struct wire_record){.kind = RECORD_TAKEN_BACK,
                                                  .address = what,
                                                  .bytes = (uint32_t)fd,
                                                  .epoch = ++number,
                                                  .flags = flags});
}

static void fails(int fd, uint32_t stack) {
    taken_back(closes(fd, 1, stack), fd, RECORD_ERRNO_BADF);
}

static void count(void) {
    descriptors_settle(book);
    descriptors_count(book, &counts);
}

static const struct descriptor *find(int fd) {
    size_t all;
    const struct descriptor *it = descriptors_all(book, &all);
    for (size_t i = 0; i < all; i++)
        if (it[i].fd == fd)
            return &it[i];
    return NULL;
}

START_TEST(a_number_serves_again) {
    opens(3, 10, 0);
    closes(3, 1, 11);
    opens(3, 12, 0);
    count();
    ck_assert_uint_eq(counts.opened, 2);
    ck_assert_uint_eq(counts.closed, 1);
    ck_assert_uint_eq(counts.outstanding, 1);
    ck_assert_uint_eq(find(3)->stack, 12);
}
END_TEST

START_TEST(dup2_closes_what_was_there) {
    opens(3, 10, 0);
    opens(3, 11, RECORD_REPLACES);
    opens(4, 12, RECORD_REPLACES); // nothing was there
    count();
    ck_assert_uint_eq(counts.closed, 1);
    ck_assert_uint_eq(counts.closed_unseen, 0);
    ck_assert_uint_eq(counts.outstanding, 2);
}
END_TEST

START_TEST(a_number_that_is_opened_twice_was_closed_unseen) {
    opens(3, 10, 0);
    opens(3, 11, 0);
    count();
    ck_assert_uint_eq(counts.closed_unseen, 1);
    ck_assert_uint_eq(counts.outstanding, 1);
    ck_assert_uint_eq(find(3)->stack, 11);
}
END_TEST

START_TEST(a_range_is_closed_and_taken_back_whole) {
    descriptors_inherit(book, 2);
    for (int fd = 3; fd < 8; fd++)
        opens(fd, (uint32_t)fd, 0);
    uint64_t what = closes(2, UINT32_MAX, 20);
    count();
    ck_assert_uint_eq(counts.outstanding, 0);
    ck_assert_uint_eq(counts.inherited, 0);
    taken_back(what, 2, 0);
    count();
    ck_assert_uint_eq(counts.outstanding, 5);
    ck_assert_uint_eq(counts.inherited, 1);
    ck_assert_uint_eq(counts.closed, 0);
    closes(4, 2, 21);
    count();
    ck_assert_uint_eq(counts.outstanding, 3);
    ck_assert_uint_eq(counts.closed, 2);
}
END_TEST

START_TEST(closes_that_fail_are_told_apart) {
    opens(3, 10, 0);
    closes(3, 1, 11);
    fails(3, 12);
    fails(3, 12);
    fails(99, 13);
    closes(50, 1, 14); // succeeds: a raw system call had opened it
    opens(4, 10, 0);
    fails(4, 15); // a raw system call had closed it
    count();
    ck_assert_uint_eq(counts.double_closes, 2);
    ck_assert_uint_eq(counts.closes_of_unopened, 1);
    ck_assert_uint_eq(counts.outstanding, 0);
    size_t all;
    const struct descriptor_misuse *misuse = descriptors_misuse(book, &all);
    ck_assert_uint_eq(all, 2);
    ck_assert(misuse[0].twice && misuse[0].count == 2);
    ck_assert_uint_eq(misuse[0].open_stack, 10);
    ck_assert_uint_eq(misuse[0].first_stack, 11);
    ck_assert_uint_eq(misuse[0].stack, 12);
    ck_assert(!misuse[1].twice && misuse[1].fd == 99);
}
END_TEST

START_TEST(two_in_a_row_are_misuse_three_are_a_sweep) {
    fails(5, 10);
    fails(6, 10);
    fails(20, 10);
    for (int fd = 100; fd > 90; fd--)
        fails(fd, 11);
    opens(7, 1, 0);
    count();
    ck_assert_uint_eq(counts.closes_of_unopened, 3);
    ck_assert_uint_eq(counts.swept, 10);
}
END_TEST

START_TEST(what_raw_calls_did_is_seen_at_the_end) {
    descriptors_inherit(book, 0);
    descriptors_inherit(book, 1);
    opens(3, 10, 0);
    opens(4, 11, 0);
    closes(1, 1, 12);
    descriptors_compare(book, (const int[]){0, 4, 9}, 3, UINT64_MAX);
    count();
    ck_assert_uint_eq(counts.closed_unseen, 1);
    ck_assert_uint_eq(counts.unattributed, 1);
    ck_assert_uint_eq(counts.outstanding, 1);
    ck_assert_uint_eq(counts.inherited, 1);
    ck_assert_uint_eq(counts.closed, 0); // of those that were opened here
    ck_assert_int_eq(find(9)->state, DESCRIPTOR_UNATTRIBUTED);
}
END_TEST

START_TEST(a_number_that_is_anothers_now_is_nobodys) {
    opens(3, 10, 0);
    opens(4, 10, 0);
    descriptors_compare(book, (const int[]){3, 4}, 2, UINT64_MAX);
    descriptors_disown(book, 4);
    descriptors_disown(book, 5); // was never seen
    count();
    ck_assert_uint_eq(counts.closed_unseen, 1);
    ck_assert_uint_eq(counts.unattributed, 1);
    ck_assert_uint_eq(counts.outstanding, 1);
}
END_TEST

START_TEST(a_call_can_be_told_from_what_is_open) {
    ck_assert(descriptor_type_fits(CALL_open, "file"));
    ck_assert(descriptor_type_fits(CALL_open, "pipe")); // of /proc/self/fd
    ck_assert(!descriptor_type_fits(CALL_open, "socket"));
    ck_assert(!descriptor_type_fits(CALL_fopen, "epoll"));
    ck_assert(descriptor_type_fits(CALL_socket, "socket"));
    ck_assert(!descriptor_type_fits(CALL_socket, "file"));
    ck_assert(!descriptor_type_fits(CALL_inotify_init1, "socket"));
    ck_assert(!descriptor_type_fits(CALL_pipe2, "eventfd"));
    ck_assert(descriptor_type_fits(CALL_dup, "socket"));
    ck_assert(descriptor_type_fits(CALL_recvmsg, "epoll"));
    ck_assert(descriptor_type_fits(CALL_eventfd, "anonymous")); // a kernel that uses another word
    ck_assert(descriptor_type_fits(CALL_open, NULL));
}
END_TEST

// Its threads ran on: what happened after the look is not to be judged by it.
START_TEST(events_after_the_look_are_left_alone) {
    opens(3, 10, 0);
    opens(4, 10, 0);
    uint64_t since = number;
    closes(3, 1, 11); // it was still open then
    opens(5, 10, 0);  // it was not open yet
    descriptors_compare(book, (const int[]){3, 4}, 2, since);
    count();
    ck_assert_uint_eq(counts.unattributed, 0);
    ck_assert_uint_eq(counts.closed_unseen, 0);
    ck_assert_uint_eq(counts.outstanding, 2);
}
END_TEST

START_TEST(a_child_inherits_what_its_parent_holds) {
    descriptors_inherit(book, 0);
    opens(3, 10, 0);
    opens(4, 10, 0);
    closes(4, 1, 11);
    struct descriptors *child = descriptors_new();
    descriptors_inherit_from(child, book);
    descriptors_count(child, &counts);
    ck_assert_uint_eq(counts.inherited, 2);
    ck_assert_uint_eq(counts.opened, 0);
    descriptors_free(child);
    descriptors_pass_on(book);
    count();
    ck_assert_uint_eq(counts.outstanding, 0);
    ck_assert_uint_eq(counts.closed_unseen, 1);
}
END_TEST

START_TEST(numbers_that_make_no_sense_are_survived) {
    for (uint64_t address = 1; address; address <<= 1) {
        struct wire_record record = {
            .address = address - 1, .bytes = ~address, .kind = (uint8_t)(address % 9)};
        descriptors_apply(book, &record);
        record.kind = RECORD_CLOSED;
        descriptors_apply(book, &record);
        record.kind = RECORD_TAKEN_BACK;
        descriptors_apply(book, &record);
        record.flags = RECORD_ERRNO_BADF;
        descriptors_apply(book, &record);
    }
    count();
}
END_TEST

// --- against a process that knows the truth

enum { NUMBERS = 64, EVENTS = 5000 };

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

// What a number is in truth: 0 closed, else the stack that opened it; RAW: by a raw system call; OLD:
// inherited.
enum { RAW = 1, OLD = 2, FIRST_STACK = 3 };

static void step(uint32_t *truth, uint64_t random) {
    int fd = (int)(random >> 8 & (NUMBERS - 1));
    uint32_t stack = FIRST_STACK + (uint32_t)(random >> 20 & 0xffff);
    switch (random & 7) {
    case 0:
    case 1:
    case 2: // open gives numbers that are free
        if (truth[fd])
            break;
        opens(fd, stack, 0);
        truth[fd] = stack;
        break;
    case 3:
        opens(fd, stack, RECORD_REPLACES);
        truth[fd] = stack;
        break;
    case 4:
    case 5:
        if (truth[fd])
            closes(fd, 1, stack);
        else
            fails(fd, stack);
        truth[fd] = 0;
        break;
    case 6: { // a range, which now and then fails
        uint64_t many = random >> 40 & 7;
        uint64_t what = closes(fd, many + 2, stack);
        if (random >> 50 & 1)
            taken_back(what, fd, 0);
        else
            for (uint64_t i = 0; i < many + 2 && fd + (int)i < NUMBERS; i++)
                truth[fd + (int)i] = 0;
        break;
    }
    case 7: // behind the hooks' back
        if (random >> 50 & 7)
            break;
        truth[fd] = truth[fd] ? 0 : RAW;
        break;
    }
}

START_TEST(the_book_is_the_truth_once_it_was_compared) {
    uint64_t random = (uint64_t)_i * 0x9e3779b97f4a7c15ull + 1;
    uint32_t truth[NUMBERS] = {0};
    for (int fd = 0; fd < 3; fd++) {
        descriptors_inherit(book, fd);
        truth[fd] = OLD;
    }
    int open[NUMBERS];
    size_t how_many = 0;
    for (int i = 0; i < EVENTS; i++)
        step(truth, next_random(&random));
    for (int fd = 0; fd < NUMBERS; fd++)
        if (truth[fd])
            open[how_many++] = fd;
    descriptors_compare(book, open, how_many, UINT64_MAX);
    count();
    ck_assert_uint_eq(counts.opened,
                      counts.closed + counts.closed_unseen + counts.outstanding + counts.standard);
    ck_assert_uint_eq(counts.outstanding + counts.standard + counts.inherited + counts.unattributed,
                      how_many);
    for (int fd = 0; fd < NUMBERS; fd++) {
        const struct descriptor *it = find(fd);
        if (truth[fd] >= FIRST_STACK) {
            ck_assert_int_eq(it->state, DESCRIPTOR_OPEN);
            ck_assert_uint_eq(it->stack, truth[fd]);
        } else if (!truth[fd]) {
            ck_assert(!it || it->state == DESCRIPTOR_CLOSED || it->state == DESCRIPTOR_UNKNOWN);
        }
    }
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, a_number_serves_again);
    tcase_add_test(tests, dup2_closes_what_was_there);
    tcase_add_test(tests, a_number_that_is_opened_twice_was_closed_unseen);
    tcase_add_test(tests, a_range_is_closed_and_taken_back_whole);
    tcase_add_test(tests, closes_that_fail_are_told_apart);
    tcase_add_test(tests, two_in_a_row_are_misuse_three_are_a_sweep);
    tcase_add_test(tests, what_raw_calls_did_is_seen_at_the_end);
    tcase_add_test(tests, a_number_that_is_anothers_now_is_nobodys);
    tcase_add_test(tests, a_call_can_be_told_from_what_is_open);
    tcase_add_test(tests, events_after_the_look_are_left_alone);
    tcase_add_test(tests, a_child_inherits_what_its_parent_holds);
    tcase_add_test(tests, numbers_that_make_no_sense_are_survived);
    tcase_add_loop_test(tests, the_book_is_the_truth_once_it_was_compared, 0, 20);
}
SEEP_TEST_MAIN("descriptors")
