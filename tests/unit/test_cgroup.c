// links: analyzer/memory/cgroup.c
//
// A process's control group is found and read the same in version 1, version 2 and both at once, in a
// container and outside, from files laid out as kernels write them.
#include "analyzer/memory/cgroup.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PID = 4711, MIB = 1 << 20 };
static char root[64];

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk) {
    (void)info, (void)type, (void)walk;
    return remove(path);
}

static void make_root(void) {
    strcpy(root, "/tmp/seep-cgroup-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static void remove_root(void) {
    nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

// Writes root/path, with the folders above it.
static void __attribute__((format(printf, 2, 3))) put(const char *path, const char *format, ...) {
    char whole[512];
    snprintf(whole, sizeof whole, "%s%s", root, path);
    for (char *slash = whole + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(whole, 0700);
        *slash = '/';
    }
    FILE *out = fopen(whole, "w");
    ck_assert_ptr_nonnull(out);
    va_list list;
    va_start(list, format);
    vfprintf(out, format, list);
    va_end(list);
    fclose(out);
}

static const char v2_mount[] =
    "24 1 0:22 / / rw - ext4 /dev/vda rw\n"
    "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

// What kernel 6.1 says of a group that is all but full of page cache.
static void put_v2_group(const char *group, long long current, const char *limit) {
    char path[256];
#define FILE_OF(name) (snprintf(path, sizeof path, "/sys/fs/cgroup%s/" name, group), path)
    put(FILE_OF("memory.current"), "%lld\n", current);
    put(FILE_OF("memory.max"), "%s\n", limit);
    put(FILE_OF("memory.peak"), "%lld\n", current + 4096);
    put(FILE_OF("memory.swap.current"), "8192\n");
    put(FILE_OF("memory.stat"),
        "anon 536870912\nfile 1613758464\nkernel 3145728\nkernel_stack 65536\n"
        "sock 0\nshmem 3145728\nfile_mapped 1081344\nslab 1048576\nworkingset_refault_anon 0\n");
    put(FILE_OF("memory.events"), "low 0\nhigh 0\nmax 35\noom 2\noom_kill 1\noom_group_kill 0\n");
}

static struct cgroup_memory read_it(void) {
    struct cgroup_place place;
    struct cgroup_memory memory;
    ck_assert_int_eq(cgroup_find(&place, root, PID), 0);
    ck_assert_int_eq(cgroup_read(&memory, &place), 0);
    cgroup_place_free(&place);
    return memory;
}

START_TEST(version_2_tells_page_cache_from_what_only_the_program_can_free) {
    put("/proc/4711/cgroup", "0::/system.slice/shop.service\n");
    put("/proc/self/mountinfo", "%s", v2_mount);
    put_v2_group("/system.slice/shop.service", 2147483648, "2147483648");
    struct cgroup_memory memory = read_it();
    ck_assert_int_eq(memory.version, 2);
    ck_assert_str_eq(memory.path, "/system.slice/shop.service");
    ck_assert_int_eq(memory.current_bytes, 2147483648);
    ck_assert_int_eq(memory.limit_bytes, 2147483648);
    ck_assert_int_eq(memory.peak_bytes, 2147483648 + 4096);
    ck_assert_int_eq(memory.anonymous_bytes, 512 * MIB);
    ck_assert_int_eq(memory.shared_bytes, 3 * MIB);
    ck_assert_int_eq(memory.page_cache_bytes, 1536ll * MIB); // the kernel counts shared memory among it
    ck_assert_int_eq(memory.kernel_bytes, 3 * MIB);
    ck_assert_int_eq(memory.swap_bytes, 8192);
    ck_assert_int_eq(memory.oom_kills, 1);
    cgroup_free(&memory);
}
END_TEST

START_TEST(the_limit_that_kills_is_found_above_the_group) {
    put("/proc/4711/cgroup", "0::/shop.slice/worker.scope\n");
    put("/proc/self/mountinfo", "%s", v2_mount);
    put_v2_group("/shop.slice/worker.scope", 100 * MIB, "max");
    put_v2_group("/shop.slice", 200 * MIB, "209715201");
    struct cgroup_memory memory = read_it();
    ck_assert_str_eq(memory.path, "/shop.slice");
    ck_assert_int_eq(memory.limit_bytes, 209715201);
    cgroup_free(&memory);
    // A limit of its own that is further away does not kill first; one that is nearer does.
    put_v2_group("/shop.slice/worker.scope", 100 * MIB, "209715200");
    memory = read_it();
    ck_assert_str_eq(memory.path, "/shop.slice");
    cgroup_free(&memory);
    put_v2_group("/shop.slice/worker.scope", 100 * MIB, "104857600");
    memory = read_it();
    ck_assert_str_eq(memory.path, "/shop.slice/worker.scope");
    cgroup_free(&memory);
}
END_TEST

START_TEST(a_group_without_limit_has_none_and_not_zero) {
    put("/proc/4711/cgroup", "0::/\n"); // the namespace's own group, as in a container
    put("/proc/self/mountinfo", "%s", v2_mount);
    put_v2_group("", 7 * MIB, "max");
    struct cgroup_memory memory = read_it();
    ck_assert_str_eq(memory.path, "/");
    ck_assert_int_eq(memory.current_bytes, 7 * MIB);
    ck_assert_int_eq(memory.limit_bytes, -1);
    cgroup_free(&memory);
}
END_TEST

// What kernel 5.10 says, in the layout of a container that has no cgroup namespace.
static void put_v1(const char *limit) {
    put("/proc/4711/cgroup", "11:cpu,cpuacct:/docker/f00\n4:blkio,memory:/docker/f00/sub group\n"
                             "1:name=systemd:/docker/f00\n0::/system.slice/containerd.service\n");
    put("/proc/self/mountinfo",
        "30 24 0:26 /docker/f00 /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n"
        "33 24 0:29 /docker/f00 /sys/fs/cgroup/my\\040memory ro master:17 - cgroup cgroup rw,memory,blkio\n"
        "34 24 0:30 / /sys/fs/cgroup/unified ro - cgroup2 cgroup2 rw\n");
#define GROUP "/sys/fs/cgroup/my memory/sub group"
    put(GROUP "/memory.usage_in_bytes", "1073741824\n");
    put(GROUP "/memory.limit_in_bytes", "%s\n", limit);
    put(GROUP "/memory.max_usage_in_bytes", "1073750016\n");
    put(GROUP "/memory.kmem.usage_in_bytes", "2097152\n");
    put(GROUP "/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
    put(GROUP "/memory.stat", "cache 4096\nrss 8192\nrss_huge 0\nshmem 0\nmapped_file 4096\nswap 0\n"
                              "hierarchical_memory_limit 1073741824\ntotal_cache 805306368\n"
                              "total_rss 268435456\ntotal_shmem 1048576\ntotal_swap 4096\n");
}

START_TEST(version_1_is_read_where_a_container_mounts_it) {
    put_v1("1073741824");
    struct cgroup_memory memory = read_it();
    ck_assert_int_eq(memory.version, 1);
    ck_assert_str_eq(memory.path, "/sub group");
    ck_assert_int_eq(memory.current_bytes, 1024 * MIB);
    ck_assert_int_eq(memory.limit_bytes, 1024 * MIB);
    ck_assert_int_eq(memory.peak_bytes, 1024 * MIB + 8192);
    ck_assert_int_eq(memory.anonymous_bytes, 256 * MIB);
    ck_assert_int_eq(memory.page_cache_bytes, 767 * MIB);
    ck_assert_int_eq(memory.shared_bytes, MIB);
    ck_assert_int_eq(memory.kernel_bytes, 2 * MIB);
    ck_assert_int_eq(memory.swap_bytes, 4096);
    ck_assert_int_eq(memory.oom_kills, 3);
    cgroup_free(&memory);
}
END_TEST

START_TEST(version_1_has_a_number_that_means_no_limit) {
    static const char *const none[] = {"9223372036854771712", "9223372036854710272", "-1"};
    put_v1(none[_i]); // pages of 4 KiB, of 64 KiB
    struct cgroup_memory memory = read_it();
    ck_assert_int_eq(memory.limit_bytes, -1);
    cgroup_free(&memory);
}
END_TEST

START_TEST(what_an_older_kernel_lacks_is_not_known) {
    put("/proc/4711/cgroup", "0::/old\n");
    put("/proc/self/mountinfo", "%s", v2_mount);
    put("/sys/fs/cgroup/old/memory.current", "4096\n");
    struct cgroup_memory memory = read_it();
    ck_assert_int_eq(memory.current_bytes, 4096);
    ck_assert_int_eq(memory.limit_bytes, -1);
    ck_assert_int_eq(memory.peak_bytes, -1);
    ck_assert_int_eq(memory.anonymous_bytes, -1);
    ck_assert_int_eq(memory.page_cache_bytes, -1);
    ck_assert_int_eq(memory.oom_kills, -1);
    cgroup_free(&memory);
}
END_TEST

// Each is a process of which nothing can be said.
START_TEST(no_group_in_sight_is_said) {
    static const struct {
        const char *cgroup, *mountinfo;
    } cases[] = {
        {"", v2_mount},
        {"nonsense\n0:\n::\n4:memory\n", v2_mount},
        {"0::relative\n", v2_mount},
        {"0::/../outside\n", v2_mount},
        {"0::/a\n", ""},
        {"0::/a\n", "24 1 0:22 / / rw - ext4 /dev/vda rw\n35 24\n - cgroup2 cgroup2 rw\nx - \n"},
        {"0::/abc\n", "35 24 0:30 /ab /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"},
        {"3:memory:/a\n", v2_mount},
    };
    struct cgroup_place place;
    put("/proc/4711/cgroup", "%s", cases[_i].cgroup);
    put("/proc/self/mountinfo", "%s", cases[_i].mountinfo);
    ck_assert_int_eq(cgroup_find(&place, root, PID), -ENOENT);
    cgroup_place_free(&place);
}
END_TEST

START_TEST(a_process_or_group_that_is_gone_is_said) {
    struct cgroup_place place;
    struct cgroup_memory memory;
    put("/proc/self/mountinfo", "%s", v2_mount);
    ck_assert_int_eq(cgroup_find(&place, root, PID), -ENOENT);
    cgroup_place_free(&place);
    put("/proc/4711/cgroup", "0::/gone\n");
    ck_assert_int_eq(cgroup_find(&place, root, PID), 0);
    ck_assert_int_eq(cgroup_read(&memory, &place), -ENODATA);
    cgroup_free(&memory);
    cgroup_place_free(&place);
    ck_assert_int_lt(cgroup_read(&memory, &place), 0);
    cgroup_free(&memory);
}
END_TEST

START_TEST(our_own_group_can_be_read_if_there_is_one) {
    struct cgroup_place place;
    struct cgroup_memory memory = {0};
    int rc = cgroup_find(&place, "", getpid());
    if (rc == 0 && cgroup_read(&memory, &place) == 0) {
        ck_assert(memory.path[0] == '/');
        ck_assert_int_ge(memory.anonymous_bytes, -1);
    } else {
        ck_assert_int_le(rc, 0);
    }
    cgroup_free(&memory);
    cgroup_place_free(&place);
}
END_TEST

static void add_tests(TCase *tests) {
    tcase_add_checked_fixture(tests, make_root, remove_root);
    tcase_add_test(tests, version_2_tells_page_cache_from_what_only_the_program_can_free);
    tcase_add_test(tests, the_limit_that_kills_is_found_above_the_group);
    tcase_add_test(tests, a_group_without_limit_has_none_and_not_zero);
    tcase_add_test(tests, version_1_is_read_where_a_container_mounts_it);
    tcase_add_loop_test(tests, version_1_has_a_number_that_means_no_limit, 0, 3);
    tcase_add_test(tests, what_an_older_kernel_lacks_is_not_known);
    tcase_add_loop_test(tests, no_group_in_sight_is_said, 0, 8);
    tcase_add_test(tests, a_process_or_group_that_is_gone_is_said);
    tcase_add_test(tests, our_own_group_can_be_read_if_there_is_one);
}
SEEP_TEST_MAIN("cgroup")
