// See site_id.h. Called by assemble.c once all sites have their frames. Reads the report's model only.
#include "analyzer/site_id.h"

#include "analyzer/must.h"
#include "analyzer/site_name.h"
#include "analyzer/table.h"
#include "analyzer/text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t hash_start = 0xcbf29ce484222325ull;

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t bytes) { // FNV-1a
    for (const unsigned char *at = data; bytes--; at++)
        hash = (hash ^ *at) * 0x100000001b3ull;
    return hash;
}

static uint64_t hash_text(uint64_t hash, const char *text) {
    return hash_bytes(hash, text ? text : "", text ? strlen(text) + 1 : 1);
}

// --- which frames say something
// -------------------------------------------------------------------------------------------

enum frame_role {
    FRAME_RUNTIME, // takes no part
    FRAME_SYSTEM,  // of a library of the system
    FRAME_OWN,
};

static bool is_library(const char *base) {
    const char *dot = strstr(base, ".so");
    return dot && (dot[3] == '\0' || dot[3] == '.');
}

static bool runtime_library(const char *base) {
    static const char *const names[] = {
        "libc.so",      "libc-",        "ld-linux",    "ld-2.",       "ld.so",
        "libpthread",   "libdl.so",     "libdl-",      "libm.so",     "libm-",
        "librt.so",     "libstdc++.so", "libgcc_s.so", "libc++.so",   "libc++abi.so",
        "libunwind.so", "libsupc++.so", "libstd-",     "libseep.so",  "libasan.so",
        "libjemalloc.", "libtcmalloc",  "libmimalloc", "linux-vdso.", "[vdso]"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (begins(base, names[i]))
            return true;
    return false;
}

static bool of_the_system(const struct report_frame *frame) {
    const char *module = frame->module;
    return module && is_library(base_name(module)) && (begins(module, "/lib") || begins(module, "/usr/lib"));
}

// --- the hash
// --------------------------------------------------------------------------------------------------------

// Hashed without its version, and without libtool's prefix for programs that were not installed yet.
static uint64_t hash_module(uint64_t hash, const char *module) {
    if (!module)
        return hash_text(hash, NULL);
    const char *base = base_name(module), *dot = strstr(base, ".so");
    if (begins(base, "lt-"))
        base += 3;
    size_t bytes = is_library(base) ? (size_t)(dot - base) : strlen(base);
    return hash_bytes(hash_bytes(hash, base, bytes), "", 1);
}

// What a function in an object says, wherever it stands in a stack. Texts are told apart by their addresses:
// reports share them.
struct facts {
    const char *function, *module;
    uint64_t hash;                 // of the object's and the function's normal name
    uint64_t text;                 // of both as they are
    bool is_system;                // of a library of the system
    bool starts_rust;              // what only Rust programs go through
    enum frame_role role, in_rust; // in a stack through Rust code
};

// Of frames that were met lately, by their texts: a report has many frames and few functions.
enum { REMEMBERED_BITS = 12 };
struct memory {
    struct facts facts[1 << REMEMBERED_BITS];
    bool known[1 << REMEMBERED_BITS];
};

static struct facts find_facts(const struct report_frame *frame) {
    char normal[SITE_NAME_BYTES] = "";
    if (frame->function)
        site_name_normalize(frame->function, normal, sizeof normal);
    struct facts facts = {.function = frame->function,
                          .module = frame->module,
                          .hash = hash_text(hash_module(hash_start, frame->module), normal),
                          .text = hash_text(hash_text(hash_start, frame->module), frame->function),
                          .is_system = of_the_system(frame),
                          .starts_rust = frame->function && (begins(frame->function, "__rust_") ||
                                                             begins(frame->function, "std::rt::"))};
    facts.role = facts.in_rust = facts.is_system ? FRAME_SYSTEM : FRAME_OWN;
    bool everywhere = frame->module && runtime_library(base_name(frame->module));
    if (everywhere || (frame->function && site_name_is_runtime(normal, false)))
        facts.role = FRAME_RUNTIME;
    if (everywhere || (frame->function && site_name_is_runtime(normal, true)))
        facts.in_rust = FRAME_RUNTIME;
    return facts;
}

// Good until the next one is asked for.
static const struct facts *facts_of(struct memory *memory, const struct report_frame *frame) {
    uint64_t key = ((uintptr_t)frame->function ^ (uintptr_t)frame->module << 7) * 0x9e3779b97f4a7c15ull;
    size_t at = (size_t)(key >> (64 - REMEMBERED_BITS));
    struct facts *facts = &memory->facts[at];
    if (!memory->known[at] || facts->function != frame->function || facts->module != frame->module) {
        *facts = find_facts(frame);
        memory->known[at] = true;
    }
    return facts;
}

static bool is_rust_source(const char *file) {
    const char *dot = file ? strrchr(file, '.') : NULL;
    return dot && strcmp(dot, ".rs") == 0;
}

// Debug information of Rust code names .rs files; without any, what starts a Rust program tells.
static bool through_rust(struct memory *memory, const struct report_site *site) {
    const char *other = NULL; // a file that is none of Rust's: neighbours often share it
    for (size_t i = 0; i < site->frame_count; i++) {
        const struct report_frame *frame = &site->frames[i];
        if (facts_of(memory, frame)->starts_rust || (frame->file != other && is_rust_source(frame->file)))
            return true;
        other = frame->file;
    }
    return false;
}

static uint64_t hash_frame(struct memory *memory, const struct report_frame *frame) {
    const struct facts *facts = facts_of(memory, frame);
    if (frame->function || facts->is_system)
        return facts->hash;
    uint64_t hash = hash_text(facts->hash, frame->build_id);
    return hash_bytes(hash, &frame->offset, sizeof frame->offset);
}

static bool same_module(const struct report_frame *a, const struct report_frame *b) {
    return a->module && b->module && (a->module == b->module || strcmp(a->module, b->module) == 0);
}

static size_t telling_frames(struct memory *memory, const struct report_site *site,
                             const struct report_frame **out) {
    size_t count = 0, own = 0;
    bool rust = through_rust(memory, site);
    for (size_t i = 0; i < site->frame_count; i++) {
        const struct report_frame *frame = &site->frames[i];
        const struct facts *facts = facts_of(memory, frame);
        enum frame_role role = rust ? facts->in_rust : facts->role;
        if (role == FRAME_RUNTIME)
            continue;
        if (role == FRAME_SYSTEM && i + 1 < site->frame_count && same_module(frame, frame + 1))
            continue;
        own += role == FRAME_OWN;
        out[count++] = frame;
    }
    if (own > 0)
        return count;
    for (size_t i = 0; i < site->frame_count; i++)
        out[i] = &site->frames[i];
    return site->frame_count;
}

size_t site_frames(const struct report_site *site, const struct report_frame **out) {
    struct memory *memory = must(calloc(1, sizeof *memory));
    size_t count = telling_frames(memory, site, out);
    free(memory);
    return count;
}

static uint64_t hash_site(struct memory *memory, const struct report_site *site) {
    uint64_t start = hash_text(hash_start, site_kind_name(site->kind));
    start = hash_text(start, strcmp(site->call, "calloc") == 0 ? "malloc" : site->call);
    const struct report_frame **frames = must(malloc(site->frame_count * sizeof *frames));
    size_t count = telling_frames(memory, site, frames);
    uint64_t hash = start, last = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t one = hash_frame(memory, frames[i]);
        if (one != last)
            hash = hash_bytes(hash, &one, sizeof one);
        last = one;
    }
    free(frames);
    return hash;
}

uint64_t site_hash(const struct report_site *site) {
    struct memory *memory = must(calloc(1, sizeof *memory));
    uint64_t hash = hash_site(memory, site);
    free(memory);
    return hash;
}

// --- telling apart what shares a hash
// -----------------------------------------------------------------------------------

struct entry {
    struct report_site *site;
    uint64_t hash;  // with the build: sites that are numbered together have the same
    uint64_t plain; // what the id is made of
    uint64_t stack; // entries of one stack (other process, other verdict) have the same
};

// The build that the site belongs to: that of the outermost object that is no library, or of the outermost
// one.
static uint64_t hash_build(const struct report_site *site) {
    const struct report_frame *found = NULL;
    for (size_t i = site->frame_count; i-- > 0;) {
        const struct report_frame *frame = &site->frames[i];
        if (!frame->module || runtime_library(base_name(frame->module)))
            continue;
        if (!found)
            found = frame;
        if (!is_library(base_name(frame->module))) {
            found = frame;
            break;
        }
    }
    if (!found)
        return 0;
    return hash_text(hash_start, found->build_id ? found->build_id : found->module);
}

static uint64_t hash_stack(struct memory *memory, const struct report_site *site) {
    uint64_t hash = hash_text(hash_start, site->call);
    for (size_t i = 0; i < site->frame_count; i++) {
        const struct report_frame *frame = &site->frames[i];
        uint64_t text = facts_of(memory, frame)->text;
        hash = hash_bytes(hash, &text, sizeof text);
        hash = hash_bytes(hash, &frame->offset, sizeof frame->offset);
        hash = hash_bytes(hash, &frame->line, sizeof frame->line);
    }
    return hash_bytes(hash, &site->truncated, sizeof site->truncated);
}

static int compare_numbers(uint64_t a, uint64_t b) {
    return a < b ? -1 : a > b;
}

static int compare_texts(const char *a, const char *b) {
    return strcmp(a ? a : "", b ? b : "");
}

// Lines before offsets: another compiler may lay the same lines out in another order.
static int compare_stacks(const struct report_site *a, const struct report_site *b) {
    int order = compare_numbers(a->frame_count, b->frame_count);
    for (size_t i = 0; i < a->frame_count && order == 0; i++) {
        const char *a_file = a->frames[i].file, *b_file = b->frames[i].file;
        order = compare_texts(a_file ? base_name(a_file) : NULL, b_file ? base_name(b_file) : NULL);
        if (order == 0)
            order = compare_numbers(a->frames[i].line, b->frames[i].line);
    }
    for (size_t i = 0; i < a->frame_count && order == 0; i++)
        order = compare_numbers(a->frames[i].offset, b->frames[i].offset);
    return order ? order : compare_texts(a->call, b->call);
}

static int compare_entries(const void *left, const void *right) {
    const struct entry *a = left, *b = right;
    int order = compare_numbers(a->hash, b->hash);
    if (order == 0)
        order = compare_stacks(a->site, b->site);
    return order ? order : compare_numbers(a->stack, b->stack);
}

static void set_id(struct report_site *site, uint64_t hash) {
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 16; i++)
        site->id[i] = digits[hash >> (60 - 4 * i) & 15];
    site->id[16] = '\0';
}

// Neighbours of one hash are numbered, the stacks of one number being the same stack. A number other than 0
// is hashed in until the id is one that no other hash has.
static void number_entries(const struct entry *entries, size_t count) {
    struct table taken = {0};
    for (size_t i = 0; i < count; i++)
        table_at(&taken, entries[i].plain, 1, NULL);
    uint32_t nth = 0;
    uint64_t id = 0;
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || entries[i].hash != entries[i - 1].hash)
            nth = 0;
        else if (entries[i].stack != entries[i - 1].stack)
            nth++;
        else {
            set_id(entries[i].site, id);
            continue;
        }
        id = nth ? hash_bytes(entries[i].plain, &nth, sizeof nth) : entries[i].plain;
        for (uint32_t salt = 1; nth && *table_at(&taken, id, 0, NULL); salt++)
            id = hash_bytes(id, &salt, sizeof salt);
        set_id(entries[i].site, id);
    }
    table_free(&taken);
}

void site_ids_assign(struct report *report) {
    size_t count = 0;
    for (size_t i = 0; i < report->process_count; i++)
        count += report->processes[i].site_count;
    struct arena *arena = arena_new();
    struct entry *entries = arena_array(arena, struct entry, count);
    struct memory *memory = must(calloc(1, sizeof *memory));
    count = 0;
    for (size_t i = 0; i < report->process_count; i++)
        for (size_t k = 0; k < report->processes[i].site_count; k++) {
            struct report_site *site = &report->processes[i].sites[k];
            uint64_t plain = hash_site(memory, site), build = hash_build(site);
            entries[count++] = (struct entry){.site = site,
                                              .hash = hash_bytes(plain, &build, sizeof build),
                                              .plain = plain,
                                              .stack = hash_stack(memory, site)};
        }
    qsort(entries, count, sizeof *entries, compare_entries);
    number_entries(entries, count);
    free(memory);
    arena_free(arena);
}
