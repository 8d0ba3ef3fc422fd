// links: analyzer/target.c analyzer/target_find.c analyzer/target_elf.c
// links: analyzer/target_script.c analyzer/target_privilege.c
// What is run in the end: scripts and their interpreters, what the shell is given, names looked up in PATH.
#include "tests/lib/suite.h"
#include "tests/unit/target_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

START_TEST(a_script_is_judged_by_its_interpreter) {
    char line[600];
    snprintf(line, sizeof line, "#!%s/good -x y\n", folder);
    runs_as(script("s", line), in_folder("good"));
    snprintf(line, sizeof line, "#!  %s/good", folder); // no line end
    runs_as(script("s", line), in_folder("good"));
    shell("gcc -static -o %s/static %s/good.c", folder, folder);
    snprintf(line, sizeof line, "#!%s/static\n", folder);
    refused(script("s", line), "its interpreter /tmp/");
    ck_assert_ptr_nonnull(strstr(verdict.message, "statically linked"));
}
END_TEST

// As many levels of scripts as the kernel runs, and one more.
START_TEST(scripts_of_scripts_are_followed_as_far_as_the_kernel_does) {
    char line[600], name[16];
    snprintf(line, sizeof line, "#!%s/good\n", folder);
    script("l1", line);
    for (int level = 2; level <= 6; level++) {
        snprintf(line, sizeof line, "#!%s/l%d\n", folder, level - 1);
        snprintf(name, sizeof name, "l%d", level);
        script(name, line);
    }
    for (int level = 1; level <= 6; level++) {
        snprintf(name, sizeof name, "l%d", level);
        pid_t child = fork();
        if (child == 0) {
            execl(in_folder(name), name, (char *)NULL);
            _exit(errno == ELOOP ? 99 : 98);
        }
        int status;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        if (WEXITSTATUS(status) == 0)
            runs_as(in_folder(name), in_folder("good"));
        else
            refused(in_folder(name), "too many scripts");
    }
    snprintf(line, sizeof line, "#!%s/self\n", folder);
    refused(script("self", line), "too many scripts");
}
END_TEST

START_TEST(env_is_followed_to_what_it_runs) {
    char line[600];
    snprintf(line, sizeof line, "/usr/bin:/bin:%s", folder);
    ck_assert_int_eq(setenv("PATH", line, 1), 0);
    runs_as(script("e", "#!/usr/bin/env good\n"), in_folder("good"));
    runs_as(script("e", "#!/usr/bin/env -S A=b -u HOME good -u\n"), in_folder("good"));
    missing(script("e", "#!/usr/bin/env nothing-of-that-name\n"), "'nothing-of-that-name'");
    missing(script("e", "#!/usr/bin/env good -u\n"), "env -S");
    shell("gcc -static -o %s/good-static %s/good.c", folder, folder);
    refused(script("e", "#!/usr/bin/env good-static\n"), "statically linked");
    refused(script("endless", "#!/usr/bin/env endless\n"), "without end");
}
END_TEST

START_TEST(a_missing_interpreter_is_not_found) {
    missing(script("s", "#!/nowhere/interpreter\n"), "its interpreter /nowhere/interpreter does not exist");
    missing(script("s", "#!/bin/sh\r\n"), "carriage return");
}
END_TEST

// What the kernel does not know execvp gives to the shell, so the shell is what must be judged.
START_TEST(text_without_an_interpreter_is_run_by_the_shell) {
    const char *sh = "/bin/sh";
    char line[700];
    runs_as(script("t", "echo hello\n"), sh);
    runs_as(script("t", ""), sh);
    runs_as(script("t", "#!   \n"), sh);
    memset(line, 'x', sizeof line);
    memcpy(line, "#!/", 3);
    line[sizeof line - 2] = '\n';
    line[sizeof line - 1] = '\0';
    runs_as(script("t", line), sh); // a #! line too long for the kernel
}
END_TEST

START_TEST(binary_data_is_not_a_program) {
    const char *path = script("data", "x");
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fwrite("MZ\0\1\2\3", 1, 6, file);
    fclose(file);
    refused(in_folder("data"), "neither ELF nor a script");
}
END_TEST

START_TEST(what_cannot_be_executed_is_refused) {
    shell("chmod 644 %s/good && mkfifo -m 755 %s/pipe", folder, folder);
    refused(in_folder("good"), "not executable");
    refused(folder, "is a directory");
    refused(in_folder("pipe"), "not executable");
    shell("chmod 755 %s/good", folder);
}
END_TEST

START_TEST(what_is_not_there_is_not_found) {
    missing(in_folder("nothing"), "no such file");
    missing("", "no such file");
    missing("seep-no-such-program", "not found in PATH");
    missing(in_folder("good/below"), "no such file");
}
END_TEST

START_TEST(a_name_is_looked_up_in_path) {
    char path[600];
    shell(
        "mkdir -p %s/one %s/two && cp %s/good %s/one/prog && cp %s/good %s/two/prog && chmod -x %s/one/prog",
        folder, folder, folder, folder, folder, folder, folder);
    snprintf(path, sizeof path, "/nonexistent:%s/one:%s/two", folder, folder);
    ck_assert_int_eq(setenv("PATH", path, 1), 0);
    runs_as("prog", in_folder("two/prog"));
    snprintf(path, sizeof path, "%s/one", folder);
    ck_assert_int_eq(setenv("PATH", path, 1), 0);
    refused("prog", "not executable");
    ck_assert_int_eq(setenv("PATH", "", 1), 0); // an empty entry is the current folder
    ck_assert_int_eq(chdir(in_folder("two")), 0);
    judge("prog", TARGET_OK);
    ck_assert_int_eq(unsetenv("PATH"), 0);
    judge("sh", TARGET_OK);
}
END_TEST

static void add_tests(TCase *files) {
    tcase_add_checked_fixture(files, make_folder, remove_folder);
    tcase_add_test(files, a_script_is_judged_by_its_interpreter);
    tcase_add_test(files, scripts_of_scripts_are_followed_as_far_as_the_kernel_does);
    tcase_add_test(files, env_is_followed_to_what_it_runs);
    tcase_add_test(files, a_missing_interpreter_is_not_found);
    tcase_add_test(files, text_without_an_interpreter_is_run_by_the_shell);
    tcase_add_test(files, binary_data_is_not_a_program);
    tcase_add_test(files, what_cannot_be_executed_is_refused);
    tcase_add_test(files, what_is_not_there_is_not_found);
    tcase_add_test(files, a_name_is_looked_up_in_path);
}
SEEP_TEST_MAIN("target scripts")
