// Code that is made at run time holds a block in an instruction: nothing else points to it, and the eight
// bytes are not aligned. Another block is lost. With "protected" the code can't be written any more, as many
// compilers leave it.
#define _GNU_SOURCE
#include "tests/programs/lose.h"

#include <string.h>
#include <sys/mman.h>

enum { CODE = 1 << 20, AT = 5 * 4096 - 3 }; // the word lies on two pages

// mov rax, imm64; ret
static __attribute__((noinline)) void make(unsigned char *code) {
    void *block = malloc(HELD);
    MUST(block);
    code[AT - 2] = 0x48;
    code[AT - 1] = 0xb8;
    memcpy(code + AT, &block, sizeof block);
    code[AT + 8] = 0xc3;
}

int main(int argc, char **argv) {
    unsigned char *code =
        mmap(NULL, CODE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(code != MAP_FAILED);
    make(code);
    lose();
    wipe_stack();
    if (argc > 1 && !strcmp(argv[1], "protected"))
        MUST(mprotect(code, CODE, PROT_READ | PROT_EXEC) == 0);
    return 0;
}
