// links: analyzer/target_elf.c analyzer/target_script.c
// Any bytes as a program: what reads them must stay within them and give an answer.
#include "analyzer/target_elf.h"
#include "analyzer/target_script.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void read_as_elf(const uint8_t *data, size_t bytes) {
    static int file = -1;
    struct elf_facts facts;
    if (file < 0)
        file = memfd_create("program", MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, 0) != 0 || pwrite(file, data, bytes, 0) != (ssize_t)bytes)
        abort();
    if (elf_facts_read(file, &facts) != 0)
        return;
    if (memchr(facts.interpreter, '\0', sizeof facts.interpreter) == NULL ||
        memchr(facts.soname, '\0', sizeof facts.soname) == NULL || (facts.native && !facts.elf))
        abort();
    elf_glibc_loader(file);
}

static void read_as_script(const uint8_t *data, size_t bytes) {
    struct script_line line;
    char name[SCRIPT_HEAD_BYTES];
    // A copy as long as the head, so that the sanitizer sees a read beyond it.
    size_t head_bytes = bytes < SCRIPT_HEAD_BYTES ? bytes : SCRIPT_HEAD_BYTES;
    char *head = malloc(head_bytes != 0 ? head_bytes : 1);
    if (head == NULL)
        return;
    memcpy(head, data, head_bytes);
    if (script_line_read(head, head_bytes, &line) == 1) {
        if (line.interpreter[0] == '\0')
            abort();
        if (script_env_program(line.argument, name, sizeof name) == 1 && name[0] == '\0')
            abort();
    }
    free(head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes) {
    read_as_elf(data, bytes);
    read_as_script(data, bytes);
    return 0;
}
