// links: analyzer/family.c
// The memory fits the limits it is given, its parts do not overlap, what is read from it is checked, and the
// kernel tells when nobody else has it any more.
#include "analyzer/family.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct family *make(uint64_t address_space) {
    return family_new(&(struct family_options){.ring_slots = 64,
                                               .depth = 128,
                                               .follow = true,
                                               .track = WIRE_TRACK_HEAP,
                                               .address_space = address_space});
}

static const uint64_t limits[] = {UINT64_MAX, (uint64_t)64 << 30, (uint64_t)4 << 30, (uint64_t)1 << 30,
                                  (uint64_t)256 << 20};
enum { LIMITS = sizeof limits / sizeof *limits };

START_TEST(its_parts_are_disjoint_and_inside) {
    struct family *family = make(limits[_i]);
    ck_assert_ptr_nonnull(family);
    const struct wire_memory *memory = family->memory;
    uint64_t ends[16], starts[16];
    size_t count = 0;
#define PART(at, bytes) (starts[count] = (at), ends[count] = (at) + (bytes), count++)
    PART(0, sizeof *memory);
    PART(memory->processes_at, WIRE_PROCESSES * sizeof(struct wire_process));
    PART(memory->extent_states_at, memory->extent_count * sizeof(uint32_t));
    PART(memory->modules_at, WIRE_MAX_MODULES * sizeof(struct wire_module));
    PART(memory->strings_at, memory->string_limit);
    uint64_t all_cells = 0;
    for (uint32_t level = 0; level < STACK_INDEX_LEVELS && memory->index_at[level]; level++) {
        uint64_t cells = (uint64_t)STACK_INDEX_FIRST_CELLS << (2 * level);
        PART(memory->index_at[level], cells * sizeof(struct wire_stack_cell));
        all_cells += cells;
    }
    PART(memory->nodes_at, memory->node_limit * sizeof(struct wire_stack_node));
    PART(memory->extents_at, (uint64_t)memory->extent_count * WIRE_EXTENT_BYTES);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(starts[i] % 4096, 0);
        ck_assert_uint_le(ends[i], i + 1 < count ? starts[i + 1] : memory->bytes);
    }
    ck_assert_uint_ge(memory->extent_count, 1);
    ck_assert_uint_ge(memory->node_limit, 1024);
    ck_assert_uint_lt(memory->node_limit, all_cells); // or a full index makes each look-up a search
    if (limits[_i] != UINT64_MAX)
        ck_assert_uint_le(memory->bytes, limits[_i] / 8);
    family_free(family);
}
END_TEST

START_TEST(a_limit_that_leaves_no_room_is_an_error) {
    errno = 0;
    ck_assert_ptr_null(make((uint64_t)8 << 20));
    ck_assert_int_eq(errno, ENOMEM);
}
END_TEST

START_TEST(our_own_address_space_limits_it_too) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return; // their shadow memory does not fit such a limit
#endif
    struct rlimit limit = {(rlim_t)1 << 30, (rlim_t)1 << 30};
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    struct family *family = make(UINT64_MAX);
    ck_assert_ptr_nonnull(family);
    ck_assert_uint_lt(family->bytes, (uint64_t)1 << 30);
    family_free(family);
}
END_TEST

START_TEST(a_target_cannot_shrink_it) {
    struct family *family = make((uint64_t)1 << 30);
    ck_assert_int_eq(ftruncate(family->fd, 4096), -1);
    ck_assert_int_eq(errno, EPERM);
    family_free(family);
}
END_TEST

START_TEST(nodes_out_of_range_are_none) {
    struct family *family = make((uint64_t)1 << 30);
    struct wire_stack_node node;
    ck_assert(!family_node(family, 0, &node));
    ck_assert(family_node(family, family->node_limit - 1, &node));
    ck_assert(!family_node(family, family->node_limit, &node));
    ck_assert(!family_node(family, UINT32_MAX, &node));
    family->memory->node_limit = UINT32_MAX; // what the memory says does not count
    ck_assert(!family_node(family, family->node_limit, &node));
    family_free(family);
}
END_TEST

static struct wire_module *module_at(struct family *family, uint32_t index) {
    return (struct wire_module *)((char *)family->memory + family->modules_at) + index;
}

START_TEST(modules_are_checked) {
    struct family *family = make((uint64_t)1 << 30);
    struct wire_module module, *entry = module_at(family, 1);
    char path[4097];
    ck_assert(!family_module(family, 1, &module, path, sizeof path)); // not ready
    memcpy((char *)family->memory + family->strings_at + 10, "/bin/x", 7);
    *entry = (struct wire_module){
        .ready = 1, .path_offset = 10, .path_bytes = 6, .load_bias = 5, .build_id_bytes = 20};
    ck_assert(family_module(family, 1, &module, path, sizeof path));
    ck_assert_str_eq(path, "/bin/x");
    ck_assert_uint_eq(module.load_bias, 5);
    ck_assert(!family_module(family, 0, &module, path, sizeof path));
    ck_assert(!family_module(family, WIRE_MAX_MODULES, &module, path, sizeof path));
    entry->path_bytes = 4097;
    ck_assert(!family_module(family, 1, &module, path, sizeof path));
    entry->path_bytes = 4096;
    ck_assert(family_module(family, 1, &module, path, sizeof path));
    entry->path_offset = (uint32_t)family->string_bytes - 4096;
    ck_assert(!family_module(family, 1, &module, path, sizeof path));
    entry->path_offset = UINT32_MAX;
    ck_assert(!family_module(family, 1, &module, path, sizeof path));
    *entry = (struct wire_module){.ready = 1, .build_id_bytes = WIRE_BUILD_ID_BYTES + 1};
    ck_assert(!family_module(family, 1, &module, path, sizeof path));
    family_free(family);
}
END_TEST

// A process that has the memory as a target has it, until it is told to end.
static pid_t holder(struct family *family, int *tell) {
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        close(fds[1]);
        munmap(family->memory, family->bytes);
        void *mine = mmap(NULL, family->bytes, PROT_NONE, MAP_SHARED | MAP_NORESERVE, family->fd, 0);
        _exit(mine == MAP_FAILED || write(fds[0], "", 0) != -1 || read(fds[0], &byte, 1) != 0);
    }
    close(fds[0]);
    *tell = fds[1];
    return child;
}

START_TEST(it_is_deserted_once_no_other_process_has_it) {
    struct family *family = make((uint64_t)1 << 30);
    family_process(family, 3)->pid = 1234;
    int tell, status;
    pid_t child = holder(family, &tell);
    ck_assert(!family_deserted(family));
    ck_assert_uint_eq(family_process(family, 3)->pid, 1234);
    family_process(family, 3)->pid = 5678; // still shared, still writable
    close(tell);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert(family_deserted(family));
    ck_assert(family_deserted(family));
    ck_assert_uint_eq(family_process(family, 3)->pid, 5678);
    family_free(family);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_loop_test(tests, its_parts_are_disjoint_and_inside, 0, 5);
    tcase_add_test(tests, a_limit_that_leaves_no_room_is_an_error);
    tcase_add_test(tests, our_own_address_space_limits_it_too);
    tcase_add_test(tests, a_target_cannot_shrink_it);
    tcase_add_test(tests, nodes_out_of_range_are_none);
    tcase_add_test(tests, modules_are_checked);
    tcase_add_test(tests, it_is_deserted_once_no_other_process_has_it);
}
SEEP_TEST_MAIN("family")
