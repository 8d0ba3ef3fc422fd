// links: analyzer/symbols/go_symbols.c analyzer/symbols/go_image.c
// links: analyzer/arena.c analyzer/symbols/symbols.c analyzer/symbols/object.c
// links: analyzer/symbols/module_file.c analyzer/symbols/elf_file.c analyzer/symbols/debug_files.c
// links: analyzer/symbols/debuginfod.c analyzer/symbols/symbol_table.c analyzer/symbols/units.c
// links: analyzer/symbols/dies.c analyzer/symbols/scopes.c analyzer/symbols/qualified_name.c analyzer/symbols/inlines.c analyzer/symbols/lines.c
// links: analyzer/symbols/demangle.c analyzer/symbols/range_map.c
// links: analyzer/symbols/remarks.c analyzer/symbols/frame_cache.c
// links: analyzer/symbols/mini_debuginfo.c
// flags: -ldw -lelf -lz -l:libiberty.a

// Where debug information lies when it is not in the object, and what is said when it cannot be had.
#include "tests/unit/symbols_fixture.h"

#include "analyzer/symbols/object.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gelf.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

static void build_inline(const char *flags) {
    write_file("inline.c", INLINE_SOURCE);
    shell("gcc -g -O2 -o inline inline.c %s", flags);
}

START_TEST(a_debuglink_is_followed_beside_the_object_and_in_dot_debug) {
    static const char *const places[] = {"sep.debug", ".debug/sep.debug"};
    build_inline(_i % 2 ? "-Wl,--build-id=none" : "-Wl,--build-id"); // checked by checksum, or by build-id
    uint64_t spot = address_of("inline", "spot");
    shell("objcopy --only-keep-debug inline sep.debug && strip inline && objcopy "
          "--add-gnu-debuglink=sep.debug inline");
    shell("mkdir .debug && mv sep.debug kept && mv kept %s", places[_i / 2]);
    assert_inline_frames(resolve("inline", spot));
}
END_TEST

START_TEST(a_debug_file_of_another_build_is_not_believed) {
    build_inline(_i ? "-Wl,--build-id=none" : "-Wl,--build-id");
    uint64_t spot = address_of("inline", "spot");
    shell("objcopy --only-keep-debug inline sep.debug && strip inline && objcopy "
          "--add-gnu-debuglink=sep.debug inline");
    shell("sed 's/^volatile int/\\n&/' inline.c > later.c && gcc -g -O2 -o later later.c -Wl,--build-id%s && "
          "objcopy --only-keep-debug later sep.debug",
          _i ? "=none" : "");
    resolve("inline", spot);
    assert_frame(0, NULL, NULL, 0);
}
END_TEST

// The debug root can't be written by a test, so the object is opened with another one.
static size_t resolve_with_root(const char *name, const char *root, uint64_t address) {
    struct remarks remarks;
    remarks_open(&remarks);
    struct debug_search search = {.root = root};
    struct symbol_module module = {.path = path_of(name)};
    struct object *object = object_open(&module, &search, &remarks);
    struct object_frame found[MOST_INLINED + 1];
    size_t count = object_resolve(object, address, arena, found);
    for (size_t i = 0; i < count; i++)
        frames[i] = (struct report_frame){.function = found[i].function,
                                          .file = found[i].file,
                                          .line = found[i].line,
                                          .inlined = i + 1 < count};
    object_close(object);
    remarks_close(&remarks);
    return count;
}

START_TEST(the_debug_root_is_searched_by_build_id) {
    build_inline("-Wl,--build-id=0xabcdef0123456789");
    uint64_t spot = address_of("inline", "spot");
    shell("mkdir -p root/.build-id/ab && objcopy --only-keep-debug inline "
          "root/.build-id/ab/cdef0123456789.debug "
          "&& strip inline");
    assert_inline_frames(resolve_with_root("inline", path_of("root"), spot));
    ck_assert_uint_eq(resolve_with_root("inline", path_of("elsewhere"), spot), 1);
    assert_frame(0, NULL, NULL, 0);
}
END_TEST

START_TEST(the_debug_root_is_searched_by_debuglink) {
    build_inline("");
    uint64_t spot = address_of("inline", "spot");
    shell("objcopy --only-keep-debug inline sep.debug && strip inline && objcopy "
          "--add-gnu-debuglink=sep.debug inline");
    shell("mkdir -p \"root$PWD\" && mv sep.debug \"root$PWD\" && ln -s . link");
    assert_inline_frames(resolve_with_root("inline", path_of("root"), spot));
    // The loader's path may go through a link, as /lib does on a system with one /usr.
    assert_inline_frames(resolve_with_root("link/inline", path_of("root"), spot));
}
END_TEST

// Without .symtab in the object, local functions are named only by the debug file's.
START_TEST(the_debug_files_symbols_count_without_dwarf) {
    write_file("plain.c", "int main(void) { return 0; }\n");
    shell("gcc -O1 -o plain plain.c && objcopy --only-keep-debug plain sep.debug");
    uint64_t start = address_of("plain", "main");
    shell("strip plain && objcopy --add-gnu-debuglink=sep.debug plain");
    resolve("plain", start);
    assert_frame(0, "main", NULL, 0);
}
END_TEST

START_TEST(compressed_symbols_of_a_stripped_object_are_read) {
    build_inline("");
    uint64_t outer = address_of("inline", "outer");
    shell("objcopy --only-keep-debug inline mini && objcopy -S --remove-section .gdb_index --remove-section "
          ".comment "
          "--keep-symbol outer mini && xz mini && strip inline && objcopy --add-section "
          ".gnu_debugdata=mini.xz inline");
    resolve("inline", outer);
    assert_frame(0, "outer", NULL, 0);
    resolve("inline", outer);
    ck_assert_uint_eq(remark_count(), 0);
}
END_TEST

// Two objects that share a header full of types with long names, which dwz moves to a third file. libdw reads
// such a file only if entries were moved to it, as in every distribution's, and not strings alone.
static void build_dwz(void) {
    write_file("inline.c", "#include \"shared.h\"\n#line 1\n" INLINE_SOURCE);
    shell("for i in $(seq 300); do echo \"struct long_structure_name_$i { int one_$i, two_$i; };\"; done > "
          "shared.h");
    shell("echo 'struct all {' >> shared.h && for i in $(seq 300); do echo \"struct long_structure_name_$i "
          "m$i;\"; done >> shared.h");
    shell("echo '}; extern struct all all; struct all all;' >> shared.h");
    shell("sed 's/main/other/; s/spot/else/g' inline.c > other.c");
    shell("gcc -g -gdwarf-4 -O2 -o inline inline.c && gcc -g -gdwarf-4 -O2 -fPIC -shared -o other other.c");
    shell("dwz -m shared.debug inline other && readelf -SW inline | grep -q gnu_debugaltlink && "
          "readelf -SW shared.debug | grep -q debug_info");
}

START_TEST(names_that_dwz_moved_are_found) {
    build_dwz();
    assert_inline_frames(resolve("inline", address_of("inline", "spot")));
    ck_assert_uint_eq(remark_count(), 0);
}
END_TEST

START_TEST(dwzs_file_is_named_when_it_is_missing_or_another) {
    build_dwz();
    uint64_t spot = address_of("inline", "spot");
    if (_i == 0)
        shell("rm shared.debug");
    else
        shell("objcopy --remove-section=.note.gnu.build-id shared.debug");
    resolve("inline", spot);
    resolve("inline", spot + 1);
    ck_assert_uint_eq(remarks_with("shared.debug"), 1);
    ck_assert_uint_eq(remark_count(), 1);
}
END_TEST

static const char *const split_flags[] = {"gcc -gdwarf-4", "gcc -gdwarf-5", "clang -gdwarf-4",
                                          "clang -gdwarf-5"};

static void build_split(int variant) {
    write_file("inline.c", INLINE_SOURCE);
    shell("%s -O2 -gsplit-dwarf -o inline.o -c inline.c && gcc -o inline inline.o", split_flags[variant]);
    shell("test -e inline.dwo");
}

START_TEST(split_debug_files_are_read) {
    build_split(_i);
    assert_inline_frames(resolve("inline", address_of("inline", "spot")));
    ck_assert_uint_eq(remark_count(), 0);
}
END_TEST

START_TEST(a_missing_split_file_is_remarked_once_and_lines_stay) {
    build_split(_i);
    shell("rm inline.dwo");
    uint64_t spot = address_of("inline", "spot");
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_uint_ge(resolve("inline", spot + i), 1);
        ck_assert_str_eq(frames[0].function[0] ? "named" : "", "named");
        ck_assert_uint_ge(frames[0].line, 4);
    }
    ck_assert_uint_eq(remarks_with(".dwo"), 1);
    ck_assert_uint_eq(remark_count(), 1);
}
END_TEST

START_TEST(a_dwp_package_is_remarked_once) {
    build_split(1);
    shell("mv inline.dwo inline.dwp");
    uint64_t spot = address_of("inline", "spot");
    resolve("inline", spot);
    resolve("inline", spot + 1);
    ck_assert_uint_eq(remarks_with("inline.dwp"), 1);
    ck_assert_uint_eq(remark_count(), 1);
}
END_TEST

// Turns the method of each compressed section from zlib's number into another one.
static void set_compression(const char *name, uint32_t method) {
    int fd = open(path_of(name), O_RDWR);
    ck_assert_int_ge(fd, 0);
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    unsigned changed = 0;
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));) {
        GElf_Shdr header;
        ck_assert_ptr_nonnull(gelf_getshdr(section, &header));
        if (header.sh_flags & SHF_COMPRESSED)
            changed += pwrite(fd, &method, sizeof method, (off_t)header.sh_offset) == sizeof method;
    }
    elf_end(elf);
    close(fd);
    ck_assert_uint_gt(changed, 0);
}

START_TEST(zlib_is_read_and_zstd_is_remarked_once) {
    build_inline("-gz=zlib");
    uint64_t spot = address_of("inline", "spot"), outer = address_of("inline", "outer");
    // Compression pays only on larger sections, so make sure that there is one.
    shell("objcopy --decompress-debug-sections inline && objcopy --compress-debug-sections=zlib inline");
    assert_inline_frames(resolve("inline", spot));
    shell("cp inline zstd");
    set_compression("zstd", 2);
    resolve("zstd", spot);
    assert_frame(0, "outer", NULL, 0);
    resolve("zstd", outer);
    assert_frame(0, "outer", NULL, 0);
    ck_assert_uint_eq(remarks_with("zstd)"), 1);
    ck_assert_uint_eq(remark_count(), 1);
}
END_TEST

static int listen_locally(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof address;
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 4), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    setenv("DEBUGINFOD_URLS", url, 1);
    setenv("DEBUGINFOD_CACHE_PATH", path_of("cache"), 1);
    return fd;
}

// libdw reads the environment when it is loaded, so the question is asked by a program of its own: this one,
// again.
static int ask_in_new_process(const char *mode, const char *path) {
    char bias[] = "ask";
    pid_t child = fork();
    if (child == 0) {
        execl("/proc/self/exe", bias, mode, path, (char *)NULL);
        _exit(127);
    }
    return child;
}

START_TEST(the_network_is_asked_only_when_told) {
    build_inline("-Wl,--build-id=0xabcdef0456456789");
    shell("strip inline");
    int listener = listen_locally();
    struct pollfd connection = {.fd = listener, .events = POLLIN};
    int status;
    pid_t child = ask_in_new_process("offline", path_of("inline"));
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert_int_eq(poll(&connection, 1, 0), 0);
    child = ask_in_new_process("online", path_of("inline"));
    ck_assert_int_eq(poll(&connection, 1, -1), 1); // the same question with leave does reach the server
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    close(listener);
}
END_TEST

static int ask(const char *mode, const char *path) {
    symbols = symbols_new(&(struct symbols_options){.debuginfod = strcmp(mode, "online") == 0});
    arena = arena_new();
    struct symbol_module module = {.path = path};
    size_t count = symbols_resolve(symbols, &module, 0x1100, arena, frames, FRAMES);
    close_symbols();
    return count == 1 ? 0 : 1;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[0], "ask") == 0)
        return ask(argv[1], argv[2]);
    TCase *tests = tcase_create("files");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, a_debuglink_is_followed_beside_the_object_and_in_dot_debug, 0, 4);
    tcase_add_loop_test(tests, a_debug_file_of_another_build_is_not_believed, 0, 2);
    tcase_add_test(tests, the_debug_root_is_searched_by_build_id);
    tcase_add_test(tests, the_debug_root_is_searched_by_debuglink);
    tcase_add_test(tests, the_debug_files_symbols_count_without_dwarf);
    tcase_add_test(tests, compressed_symbols_of_a_stripped_object_are_read);
    tcase_add_test(tests, names_that_dwz_moved_are_found);
    tcase_add_loop_test(tests, dwzs_file_is_named_when_it_is_missing_or_another, 0, 2);
    tcase_add_loop_test(tests, split_debug_files_are_read, 0, 4);
    tcase_add_loop_test(tests, a_missing_split_file_is_remarked_once_and_lines_stay, 0, 4);
    tcase_add_test(tests, a_dwp_package_is_remarked_once);
    tcase_add_test(tests, zlib_is_read_and_zstd_is_remarked_once);
    tcase_add_test(tests, the_network_is_asked_only_when_told);
    return run_suite(tests);
}
