// links: analyzer/target.c analyzer/target_find.c analyzer/target_elf.c
// links: analyzer/target_script.c analyzer/target_privilege.c
// Which programs are refused, and with which words: on files made here by the compiler, or by hand from them.
#include "tests/lib/suite.h"
#include "tests/unit/target_fixture.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/wait.h>

static void patch(const char *name, off_t offset, const void *bytes, size_t count) {
    int fd = open(in_folder(name), O_WRONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, bytes, count, offset), (ssize_t)count);
    close(fd);
}

// A copy of the good program that a test may spoil.
static const char *copy_of_good(const char *name) {
    shell("cp %s/good %s/%s", folder, folder, name);
    return in_folder(name);
}

START_TEST(a_dynamic_program_is_accepted) {
    runs_as(in_folder("good"), in_folder("good"));
}
END_TEST

START_TEST(a_position_dependent_program_is_accepted) {
    shell("gcc -no-pie -o %s/fixed %s/good.c", folder, folder);
    judge(in_folder("fixed"), TARGET_OK);
}
END_TEST

START_TEST(a_static_program_is_refused) {
    shell("gcc -static -o %s/static %s/good.c", folder, folder);
    refused(in_folder("static"), "it is statically linked");
    ck_assert_ptr_nonnull(strstr(verdict.message, "without -static)"));
}
END_TEST

START_TEST(a_static_pie_is_refused) {
    shell("gcc -static-pie -o %s/static-pie %s/good.c", folder, folder);
    refused(in_folder("static-pie"), "it is statically linked");
    ck_assert_ptr_nonnull(strstr(verdict.message, "without -static-pie)"));
}
END_TEST

START_TEST(a_stripped_static_program_is_refused) {
    shell("gcc -static -s -o %s/static-s %s/good.c", folder, folder);
    refused(in_folder("static-s"), "it is statically linked");
}
END_TEST

// Go's linker leaves this note; a static program with it gets the advice that fits.
START_TEST(a_static_go_program_is_told_how_to_build) {
    FILE *source = fopen(in_folder("go.c"), "w");
    ck_assert_ptr_nonnull(source);
    fputs("__asm__(\".section .note.go.buildid,\\\"a\\\",@note\\n.long 4,8,4\\n.asciz "
          "\\\"Go\\\\0\\\"\\n.quad 1\\n.text\\n\");\n"
          "int main(void) { return 0; }\n",
          source);
    fclose(source);
    shell("gcc -static -o %s/go %s/go.c && gcc -o %s/cgo %s/go.c", folder, folder, folder, folder);
    refused(in_folder("go"), "CGO_ENABLED=1 go build -ldflags=all=-linkmode=external");
    judge(in_folder("cgo"), TARGET_OK);
}
END_TEST

START_TEST(a_shared_library_is_not_a_program) {
    shell("gcc -shared -fPIC -o %s/libgood.so %s/good.c", folder, folder);
    refused(in_folder("libgood.so"), "is a shared library");
}
END_TEST

START_TEST(an_object_file_is_not_a_program) {
    shell("gcc -c -o %s/good.o %s/good.c && chmod +x %s/good.o", folder, folder, folder);
    refused(in_folder("good.o"), "an object file");
}
END_TEST

START_TEST(the_loader_as_a_program_is_accepted) {
#if defined(__x86_64__)
    judge("/lib64/ld-linux-x86-64.so.2", TARGET_OK);
#else
    judge("/lib/ld-linux-aarch64.so.1", TARGET_OK);
#endif
}
END_TEST

START_TEST(another_class_or_machine_is_refused) {
    const unsigned char class32 = ELFCLASS32;
    const uint16_t i386 = EM_386, arm = EM_ARM, riscv = EM_RISCV;
    copy_of_good("i386");
    patch("i386", EI_CLASS, &class32, 1);
    patch("i386", offsetof(Elf32_Ehdr, e_machine), &i386, 2);
    refused(in_folder("i386"), "a 32-bit i386 program");
    patch("i386", offsetof(Elf32_Ehdr, e_machine), &arm, 2);
    refused(in_folder("i386"), "a 32-bit ARM program");
    copy_of_good("riscv");
    patch("riscv", offsetof(Elf64_Ehdr, e_machine), &riscv, 2);
    refused(in_folder("riscv"), "a 64-bit RISC-V program");
}
END_TEST

// Where PT_INTERP's name lies in a program, to write another one over it.
static off_t interpreter_offset(const char *name) {
    Elf64_Ehdr header;
    Elf64_Phdr segment = {0};
    int fd = open(in_folder(name), O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(pread(fd, &header, sizeof header, 0), sizeof header);
    for (int i = 0; i < header.e_phnum && segment.p_type != PT_INTERP; i++)
        ck_assert_int_eq(
            pread(fd, &segment, sizeof segment, (off_t)(header.e_phoff + (size_t)i * sizeof segment)),
            sizeof segment);
    close(fd);
    ck_assert_int_eq(segment.p_type, PT_INTERP);
    return (off_t)segment.p_offset;
}

START_TEST(a_musl_program_is_refused) {
    copy_of_good("musl");
    patch("musl", interpreter_offset("musl"), "/lib/ld-musl-x86.so.1", sizeof "/lib/ld-musl-x86.so.1");
    refused(in_folder("musl"), "linked with musl");
    if (system("command -v musl-gcc >/dev/null") == 0) {
        shell("musl-gcc -o %s/musl2 %s/good.c", folder, folder);
        refused(in_folder("musl2"), "linked with musl");
    }
}
END_TEST

START_TEST(a_missing_loader_is_not_found) {
    copy_of_good("lost");
    patch("lost", interpreter_offset("lost"), "/lib64/ld-nothing.so.9", sizeof "/lib64/ld-nothing.so.9");
    missing(in_folder("lost"), "/lib64/ld-nothing.so.9");
}
END_TEST

START_TEST(a_loader_of_another_libc_is_refused) {
    char loader[20] = "/tmp/seep-ld.XXXXXX"; // fits where the program has its loader's name
    int fd = mkstemp(loader);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "\177ELF some loader", 16), 16);
    copy_of_good("other");
    patch("other", interpreter_offset("other"), loader, sizeof loader);
    refused(in_folder("other"), "another libc than glibc");
    ck_assert_int_eq(write(fd, "GLIBC_2.34\0GLIBC_PRIVATE", 25), 25);
    refused(in_folder("other"), "a glibc older than 2.35");
    ck_assert_int_eq(write(fd, "GLIBC_2.35", 11), 11);
    judge(in_folder("other"), TARGET_OK);
    close(fd);
    unlink(loader);
}
END_TEST

START_TEST(an_address_sanitizer_program_is_refused) {
    shell("gcc -fsanitize=address -o %s/asan %s/good.c", folder, folder);
    refused(in_folder("asan"), "AddressSanitizer");
}
END_TEST

// Spoils one field of the good program's headers at a time: never a crash, never "ok".
START_TEST(damaged_headers_are_refused) {
    const uint64_t far = UINT64_MAX - 8;
    const uint16_t odd = 17, none = 0, many = 0xffff;
    copy_of_good("a");
    patch("a", offsetof(Elf64_Ehdr, e_phoff), &far, 8);
    refused(in_folder("a"), "beyond its end");
    copy_of_good("a");
    patch("a", offsetof(Elf64_Ehdr, e_phentsize), &odd, 2);
    refused(in_folder("a"), "malformed");
    copy_of_good("a");
    patch("a", offsetof(Elf64_Ehdr, e_phnum), &many, 2);
    refused(in_folder("a"), "malformed");
    copy_of_good("a");
    patch("a", offsetof(Elf64_Ehdr, e_phnum), &none, 2);
    refused(in_folder("a"), "no program headers");
    copy_of_good("a");
    shell("truncate -s 30 %s/a", folder);
    refused(in_folder("a"), "ends within its header");
    shell("truncate -s 4 %s/a", folder);
    refused(in_folder("a"), "ends within its header");
}
END_TEST

// At every length the answer is some answer; a file cut before its loader's name can't be "ok".
START_TEST(a_file_cut_anywhere_is_judged) {
    off_t name = interpreter_offset("good");
    copy_of_good("cut");
    for (off_t length = name; length >= SELFMAG; length -= 7) {
        ck_assert_int_eq(truncate(in_folder("cut"), length), 0);
        judge(in_folder("cut"), TARGET_REFUSED);
    }
}
END_TEST

// Judges as an ordinary user: root's own rights would hide what is tested.
static int judge_as_nobody(const char *program, const char *words) {
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        if (setgid(65534) != 0 || setuid(65534) != 0)
            _exit(99);
        target_judge(program, &verdict);
        _exit(strstr(verdict.message, words) != NULL ? (int)verdict.answer : 98);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

START_TEST(setuid_and_setgid_are_refused_when_they_take_effect) {
    shell("cp %s/good %s/own && chmod u+s,g+s %s/own", folder, folder, folder);
    judge(in_folder("own"), TARGET_OK); // to one's own user and group: nothing is raised
    shell("cp %s/good %s/suid && chown 65534 %s/suid && chmod u+s %s/suid", folder, folder, folder, folder);
    refused(in_folder("suid"), "it is setuid");
    shell("cp %s/good %s/sgid && chgrp 65534 %s/sgid && chmod g+s %s/sgid", folder, folder, folder, folder);
    refused(in_folder("sgid"), "it is setgid");
    shell("chmod g-x %s/sgid", folder); // then the bit means mandatory locking
    judge(in_folder("sgid"), TARGET_OK);
    char line[600];
    snprintf(line, sizeof line, "#!%s/suid\n", folder);
    refused(script("s", line), "its interpreter");
}
END_TEST

START_TEST(file_capabilities_are_refused) {
    copy_of_good("caps");
    ck_assert_int_eq(judge_as_nobody(in_folder("caps"), ""), TARGET_OK);
    shell("PATH=$PATH:/sbin:/usr/sbin setcap cap_net_raw+ep %s/caps", folder);
    ck_assert_int_eq(judge_as_nobody(in_folder("caps"), "has file capabilities"), TARGET_REFUSED);
    judge(in_folder("caps"), TARGET_OK); // root gains nothing by them, and its loader is not in secure mode
}
END_TEST

START_TEST(an_unreadable_program_is_refused) {
    copy_of_good("blind");
    shell("chmod 711 %s/blind", folder);
    ck_assert_int_eq(judge_as_nobody(in_folder("blind"), "executed but not read"), TARGET_REFUSED);
}
END_TEST

START_TEST(a_library_path_that_the_loader_would_split_is_refused) {
    char message[300] = "";
    ck_assert_int_eq(target_judge_library("/usr/lib/seep/libseep.so", message, sizeof message), 0);
    ck_assert_str_eq(message, "");
    ck_assert_int_eq(target_judge_library("/my tools/libseep.so", message, sizeof message), -EINVAL);
    ck_assert_ptr_nonnull(strstr(message, "space"));
    ck_assert_int_eq(target_judge_library("/a:b/libseep.so", message, sizeof message), -EINVAL);
    ck_assert_ptr_nonnull(strstr(message, "colon"));
}
END_TEST

START_TEST(long_and_odd_names_leave_room_for_the_advice) {
    char name[3000];
    memset(name, 'n', sizeof name);
    name[0] = '/';
    name[1500] = '\n';
    name[sizeof name - 1] = '\0';
    target_judge(name, &verdict);
    ck_assert_int_ne(verdict.answer, TARGET_OK);
    ck_assert_ptr_nonnull(strstr(verdict.message, "check the path"));
    ck_assert_ptr_null(strchr(verdict.message, '\n'));
}
END_TEST

static void add_tests(TCase *files) {
    tcase_add_checked_fixture(files, make_folder, remove_folder);
    tcase_add_test(files, a_dynamic_program_is_accepted);
    tcase_add_test(files, a_position_dependent_program_is_accepted);
    tcase_add_test(files, a_static_program_is_refused);
    tcase_add_test(files, a_static_pie_is_refused);
    tcase_add_test(files, a_stripped_static_program_is_refused);
    tcase_add_test(files, a_static_go_program_is_told_how_to_build);
    tcase_add_test(files, a_shared_library_is_not_a_program);
    tcase_add_test(files, an_object_file_is_not_a_program);
    tcase_add_test(files, the_loader_as_a_program_is_accepted);
    tcase_add_test(files, another_class_or_machine_is_refused);
    tcase_add_test(files, a_musl_program_is_refused);
    tcase_add_test(files, a_missing_loader_is_not_found);
    tcase_add_test(files, a_loader_of_another_libc_is_refused);
    tcase_add_test(files, an_address_sanitizer_program_is_refused);
    tcase_add_test(files, damaged_headers_are_refused);
    tcase_add_test(files, a_file_cut_anywhere_is_judged);
    if (geteuid() == 0) {
        tcase_add_test(files, setuid_and_setgid_are_refused_when_they_take_effect);
        tcase_add_test(files, file_capabilities_are_refused);
        tcase_add_test(files, an_unreadable_program_is_refused);
    } else {
        puts("test_target: not root, so files of other owners and with capabilities are not tested");
    }
    tcase_add_test(files, a_library_path_that_the_loader_would_split_is_refused);
    tcase_add_test(files, long_and_odd_names_leave_room_for_the_advice);
}
SEEP_TEST_MAIN("target")
