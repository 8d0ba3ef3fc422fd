// links: analyzer/symbols/go_symbols.c analyzer/symbols/go_image.c
// links: analyzer/arena.c analyzer/symbols/symbols.c analyzer/symbols/object.c
// links: analyzer/symbols/module_file.c analyzer/symbols/elf_file.c analyzer/symbols/debug_files.c
// links: analyzer/symbols/debuginfod.c analyzer/symbols/symbol_table.c analyzer/symbols/units.c
// links: analyzer/symbols/dies.c analyzer/symbols/scopes.c analyzer/symbols/qualified_name.c analyzer/symbols/inlines.c analyzer/symbols/lines.c
// links: analyzer/symbols/demangle.c analyzer/symbols/range_map.c
// links: analyzer/symbols/remarks.c analyzer/symbols/frame_cache.c
// links: analyzer/symbols/mini_debuginfo.c
// flags: -ldw -lelf -lz -l:libiberty.a

// Files that were cut short or damaged: any answer is good, a crash is not. Each damage is derived from a
// fixed seed, and the number of the damaged variant is printed by Check when one of them fails.
#include "tests/unit/symbols_fixture.h"

enum { VARIANTS_PER_TEST = 400, SEEDS = 12, CUTS = 4 };

static unsigned char *original;
static size_t original_bytes;
static uint64_t spot;

static const char *const builds[] = {"gcc -gdwarf-4", "gcc -gdwarf-5", "clang -gdwarf-5",
                                     "gcc -gdwarf-5 -gz=zlib"};
enum { BUILDS = sizeof builds / sizeof *builds };

static void load_original(int build) {
    write_file("inline.c", INLINE_SOURCE);
    shell("%s -O2 -o original inline.c", builds[build]);
    spot = address_of("original", "spot");
    FILE *file = fopen(path_of("original"), "rb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    original_bytes = (size_t)ftell(file);
    rewind(file);
    original = malloc(original_bytes);
    ck_assert_uint_eq(fread(original, 1, original_bytes, file), original_bytes);
    fclose(file);
}

// Resolves what is interesting and what is not; the number of frames is all that can be promised.
static void survive(const unsigned char *bytes, size_t count) {
    FILE *file = fopen(path_of("damaged"), "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, count, file), count);
    ck_assert_int_eq(fclose(file), 0);
    close_symbols();
    open_symbols();
    const uint64_t addresses[] = {spot, spot + 1, 0, spot & ~UINT64_C(0xfff), UINT64_MAX - 5};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        size_t found = resolve("damaged", addresses[i]);
        ck_assert(found >= 1 && found <= FRAMES);
    }
}

START_TEST(a_truncated_file_is_survived) {
    load_original(_i % BUILDS);
    survive(original, original_bytes);
    assert_inline_frames(
        resolve("damaged", spot)); // undamaged, it works: the other variants do exercise the readers
    for (size_t i = 0; i < VARIANTS_PER_TEST; i++)
        survive(original, original_bytes * i / VARIANTS_PER_TEST);
    free(original);
}
END_TEST

static uint64_t next_random(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

// Most of a small object is padding; the damage goes to the headers at the front and to the rear, where debug
// sections are.
static size_t place_of_damage(uint64_t *state) {
    size_t rear = original_bytes * 3 / 4;
    uint64_t random = next_random(state);
    if (random % 8 == 0)
        return (random >> 8) % 4096 % original_bytes;
    return rear - original_bytes / 4 * (random % 8 == 1) + (random >> 8) % (original_bytes - rear);
}

START_TEST(flipped_bytes_are_survived) {
    load_original(_i % BUILDS);
    uint64_t state = UINT64_C(0x9e3779b97f4a7c15) * (uint64_t)(_i + 1);
    unsigned char *damaged = malloc(original_bytes);
    for (int i = 0; i < VARIANTS_PER_TEST; i++) {
        memcpy(damaged, original, original_bytes);
        for (uint64_t left = 1 + next_random(&state) % 8; left > 0; left--)
            damaged[place_of_damage(&state)] = (unsigned char)next_random(&state);
        survive(damaged, original_bytes);
    }
    free(damaged);
    free(original);
}
END_TEST

int main(void) {
    TCase *tests = tcase_create("hostile");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, a_truncated_file_is_survived, 0, CUTS);
    tcase_add_loop_test(tests, flipped_bytes_are_survived, 0, SEEDS);
    return run_suite(tests);
}
