// links: analyzer/arena.c
// The arena: what it gives is zeroed, aligned, its own, and stays where it is until all is released.
#include "analyzer/arena.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 20000 };

static bool holds_only(const unsigned char *piece, size_t bytes, size_t value) {
    for (size_t i = 0; i < bytes; i++)
        if (piece[i] != value)
            return false;
    return true;
}

START_TEST(pieces_are_zeroed_aligned_and_do_not_overlap) {
    struct arena *arena = arena_new();
    static unsigned char *piece[MANY];
    static size_t bytes[MANY];
    for (size_t i = 0; i < MANY; i++) {
        bytes[i] = i % 997 == 0 ? 70000 : i % 61; // mixes empty, small and oversized requests
        piece[i] = arena_alloc(arena, bytes[i]);
        ck_assert_ptr_nonnull(piece[i]);
        ck_assert_uint_eq((uintptr_t)piece[i] % _Alignof(max_align_t), 0);
        ck_assert(holds_only(piece[i], bytes[i], 0));
        memset(piece[i], (int)(i % 251) + 1, bytes[i]);
    }
    // A piece that overlapped a later one, or had moved, would hold another's pattern now.
    for (size_t i = 0; i < MANY; i++)
        ck_assert(holds_only(piece[i], bytes[i], i % 251 + 1));
    arena_free(arena);
}
END_TEST

START_TEST(empty_pieces_have_addresses_of_their_own) {
    struct arena *arena = arena_new();
    void *first = arena_alloc(arena, 0);
    void *second = arena_alloc(arena, 0);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_ne(first, second);
    arena_free(arena);
}
END_TEST

START_TEST(an_oversized_first_piece_does_not_spoil_the_next) {
    struct arena *arena = arena_new();
    char *large = arena_alloc(arena, 1 << 22);
    char *small = arena_strdup(arena, "small");
    memset(large, 'x', 1 << 22);
    ck_assert_str_eq(small, "small");
    arena_free(arena);
}
END_TEST

START_TEST(strings_are_copies) {
    struct arena *arena = arena_new();
    char text[] = "heap";
    char *copy = arena_strdup(arena, text);
    text[0] = 'l';
    ck_assert_str_eq(copy, "heap");
    ck_assert_ptr_null(arena_strdup(arena, NULL));
    ck_assert_ptr_null(arena_strndup(arena, NULL, 3));
    ck_assert_str_eq(arena_strndup(arena, "truncate", 4), "trun");
    ck_assert_str_eq(arena_strndup(arena, "short", 400), "short");
    ck_assert_str_eq(arena_strdup(arena, ""), "");
    arena_free(arena);
}
END_TEST

START_TEST(strndup_reads_no_further_than_it_was_told) {
    struct arena *arena = arena_new();
    char *unterminated = malloc(3); // the address sanitizer sees a read past its end
    memcpy(unterminated, "abc", 3);
    ck_assert_str_eq(arena_strndup(arena, unterminated, 3), "abc");
    free(unterminated);
    arena_free(arena);
}
END_TEST

START_TEST(printf_makes_texts_of_any_length) {
    struct arena *arena = arena_new();
    ck_assert_str_eq(arena_printf(arena, "%s:%d", "a.c", 12), "a.c:12");
    char *wide = arena_printf(arena, "%0100000d", 7);
    ck_assert_uint_eq(strlen(wide), 100000);
    ck_assert_int_eq(wide[99999], '7');
    arena_free(arena);
}
END_TEST

START_TEST(freeing_no_arena_is_nothing) {
    arena_free(NULL);
}
END_TEST

START_TEST(an_impossible_request_aborts) {
    struct arena *arena = arena_new();
    arena_alloc(arena, SIZE_MAX - 1);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_test(tests, pieces_are_zeroed_aligned_and_do_not_overlap);
    tcase_add_test(tests, empty_pieces_have_addresses_of_their_own);
    tcase_add_test(tests, an_oversized_first_piece_does_not_spoil_the_next);
    tcase_add_test(tests, strings_are_copies);
    tcase_add_test(tests, strndup_reads_no_further_than_it_was_told);
    tcase_add_test(tests, printf_makes_texts_of_any_length);
    tcase_add_test(tests, freeing_no_arena_is_nothing);
    tcase_add_test_raise_signal(tests, an_impossible_request_aborts, SIGABRT);
}
SEEP_TEST_MAIN("arena")
