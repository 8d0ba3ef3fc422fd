// The verdict as a pure function: given the live blocks of a process, the places that may hold pointers from
// outside of them (roots), and a way to read its memory, says of each block whether the process can still get
// at it. Starts and stops nothing and knows no process: who calls it stops the target and finds the roots.
//
// Classes are memcheck's. A word points to a block if its value lies in it: to its start, or to its interior.
// As interior counts too what lies one past the end, unless another block starts there, and a start with low
// bits set (a tag). A block of 0 bytes is pointed to by its start only. Words are looked at where they are
// aligned to 8 bytes.
//
//   reachable   a chain of start pointers leads from a root to it
//   possible    only chains with an interior pointer in them do
//   definite    no chain does, and no other lost block does, or it was chosen to stand for a cycle
//   indirect    no chain does, but a definite block does: it would go if that one were freed
//
// Heuristics take an interior pointer for a start pointer where C++ and some C libraries keep only such a one
// on purpose.
//
// Two steps: classify_read needs the target to stand still, classify_decide does not touch it any more. Time
// is linear in the bytes read and the pointers found. Memory: about 12 bytes for each block, and 4 or 8 for
// each pointer between blocks.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum classify_class { CLASS_DEFINITE, CLASS_INDIRECT, CLASS_POSSIBLE, CLASS_REACHABLE, CLASSES };

struct classify_block {
    uint64_t address;
    uint64_t bytes; // as asked for; may be 0
};

// [begin, end)
struct classify_range {
    uint64_t begin, end;
};

enum classify_mapping_flags {
    MAPPING_READABLE = 1,
    MAPPING_EXECUTABLE = 2,
    MAPPING_FILE = 4, // of a file: where tables of virtual functions lie, and code
    MAPPING_EMPTY = 8 // readable, but was never touched: holds zeros, need not be read
};

struct classify_mapping {
    uint64_t begin, end;
    unsigned flags;
};

enum classify_heuristics {
    HEURISTIC_STDSTRING = 1, // old std::string: (length, capacity, count of references), then the characters
    HEURISTIC_LENGTH64 = 2,  // the length of the rest of the block, then the rest
    HEURISTIC_NEWARRAY = 4,  // a number of elements, then the elements, of a size that it divides
    HEURISTIC_MULTIPLE_INHERITANCE =
        8, // pointers to virtual functions at the start and where it is pointed to
    HEURISTICS_ALL = 15
};

struct classify_input {
    // Strictly ascending by address, at most CLASSIFY_MOST_BLOCKS. Where one reaches into the next it ends
    // there.
    const struct classify_block *blocks;
    size_t block_count;
    // Memory that holds pointers from outside: stacks, globals, thread-local storage, mappings. In any order;
    // scanned as given, also where it overlaps a block.
    const struct classify_range *roots;
    size_t root_count;
    // Single words from outside: registers, what the kernel holds.
    const uint64_t *words;
    size_t word_count;
    // All mappings of the process, ascending and apart: what is outside of them, or not readable, is never
    // asked for. NULL: the reader is asked for everything, and nothing is taken for a table of virtual
    // functions.
    const struct classify_mapping *mappings;
    size_t mapping_count;
    // Copies up to `bytes` bytes at address: returns how many, fewer where the next one can't be read, or
    // -errno.
    ssize_t (*read)(void *context, uint64_t address, void *buffer, size_t bytes);
    void *context;
    unsigned heuristics; // set of enum classify_heuristics
};
#define CLASSIFY_MOST_BLOCKS ((size_t)1 << 30)

// What a definite block alone keeps from being lost to nobody: the indirect blocks that are counted with it.
// An indirect block is counted with exactly one definite block.
struct classify_kept {
    uint64_t blocks, bytes;
};

struct classify_counts {
    struct {
        uint64_t blocks, bytes;
    } class[CLASSES];          // bytes as asked for; blocks sum up to block_count
    uint64_t scanned_bytes;    // of roots and blocks
    uint64_t unreadable_bytes; // of roots and blocks; were skipped
    uint64_t overlapping;      // blocks that reach into the next one
    uint64_t pointers;         // words found that point to a block
    uint64_t memory_bytes;     // that this took, at most
    uint64_t reading_ns;       // of classify_read, apart from what depends on the number of blocks alone
};

struct classify;

// Reads roots and blocks. The blocks array stays the caller's and must outlive *out; nothing else of input is
// used after the return. -EINVAL: blocks not strictly ascending, or too many. Aborts when memory runs out.
int classify_read(const struct classify_input *input, struct classify **out);
// Decides. Once, before everything below.
void classify_decide(struct classify *classify);
void classify_free(struct classify *classify); // NULL is fine

enum classify_class classify_class(const struct classify *classify, size_t block);
// Zeros for blocks that are not definite.
struct classify_kept classify_kept(const struct classify *classify, size_t block);
// The definite block that an indirect one is counted with; the block itself if it is not indirect.
size_t classify_leader(const struct classify *classify, size_t block);
// The first blocks that this block points to, itself not among them, each once, in the order of its words:
// writes up to room of them, returns how many. Meant for a handful.
size_t classify_targets(const struct classify *classify, size_t block, uint32_t *targets, size_t room);
void classify_count(const struct classify *classify, struct classify_counts *out);
