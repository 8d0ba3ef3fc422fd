// libunwind behind its remote interface: rules derived from made-up registers, and real steps where no rule
// can be.
//
// Derivation: each register's value is a base far outside of user space. What libunwind computes from them
// shows by its value which base it hangs on and at what offset; a read near a base is noted down and answered
// with a base of its own. Unwind tables are read for real. An expression that did bit operations on a base
// would be misread, but unwind information can't contain one that means anything: what alignment did to a
// register can't be undone from the register.
//
// libunwind guesses where there is no unwind information (frame pointers, shapes of PLT code); find_proc_info
// notes that it found none and the guess is thrown away. It is loaded with RTLD_LOCAL: linked, its
// _Unwind_RaiseException would take over from libgcc's. dl_iterate_phdr is never called: it takes the
// loader's lock.
//
// Called by unwind_learn.c under the gate.

#include "preload/derive.h"

#include "preload/probe.h"
#include "preload/own.h"
#include "preload/raw.h"

#include <errno.h>
#include <libunwind.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum {
    PAGE = 4096, // of any machine, at least
    STACK_BYTES = 128 * 1024,
    GUARD_BYTES = 64 * 1024, // more than a page of any machine
    LOADS = 16,
    LOADED_FIRST = 64, // bases from here on are words loaded from memory
    REAL_STEPS = 1 << 20,
};

#define BASE_SHIFT  40
#define BASE_MARK   (1ull << 62) // no user address has it
#define BASE(index) (BASE_MARK + ((uint64_t)(index) << BASE_SHIFT) + (1ull << (BASE_SHIFT - 1)))

// What the accessors are given: either a rule's derivation or a real walk.
struct question {
    const struct machine_registers *real; // NULL: registers are made up
    uintptr_t address;                    // made up: the instruction pointer
    struct dl_find_object object;         // where unwind tables are read
    uintptr_t readable;                   // an address of a page that was found readable; 0: none yet
    bool no_info;                         // no unwind information was found
    int load_count;
    uintptr_t loads[LOADS]; // made up: addresses read near a base; the n-th was answered with
                            // BASE(LOADED_FIRST + n)
};

typedef int search_table(unw_addr_space_t space, unw_word_t ip, unw_dyn_info_t *table, unw_proc_info_t *info,
                         int need_unwind_info, void *question);

static struct {
    __typeof__(&unw_create_addr_space) create_addr_space;
    __typeof__(&unw_set_caching_policy) set_caching_policy;
    __typeof__(&unw_init_remote) init_remote;
    __typeof__(&unw_step) step;
    __typeof__(&unw_get_reg) get_reg;
    __typeof__(&unw_get_save_loc) get_save_loc;
    __typeof__(&unw_is_signal_frame) is_signal_frame;
    search_table *search_unwind_table;
    unw_addr_space_t space;
    char *stack_top;
} lib;

// ---- accessors ----

static bool is_made_up(uintptr_t value) {
    return value >> 62 == 1;
}

static int base_of(uintptr_t value) {
    return (int)((value - BASE_MARK) >> BASE_SHIFT);
}

// .eh_frame_hdr, see the LSB: four bytes of header, two encoded numbers, the table that is searched. The two
// encodings that linkers write are 4 bytes each.
enum {
    HDR_TABLE_AT = 12,
    DW_EH_PE_udata4 = 0x03,
    DW_EH_PE_pcrel_sdata4 = 0x1b,
    DW_EH_PE_datarel_sdata4 = 0x3b
};

static int find_proc_info(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t *info, int need,
                          void *argument) {
    struct question *question = argument;
    question->no_info = true;
    if (question->real || ip < (uintptr_t)question->object.dlfo_map_start ||
        ip >= (uintptr_t)question->object.dlfo_map_end) {
        if (_dl_find_object((void *)ip, &question->object) != 0)
            return -UNW_ENOINFO;
    }
    const uint8_t *header = question->object.dlfo_eh_frame;
    if (!header || header[0] != 1 || header[1] != DW_EH_PE_pcrel_sdata4 || header[2] != DW_EH_PE_udata4 ||
        header[3] != DW_EH_PE_datarel_sdata4)
        return -UNW_ENOINFO;
    uint32_t entries;
    memcpy(&entries, header + 8, sizeof entries);

    unw_dyn_info_t table = {
        .start_ip = (uintptr_t)question->object.dlfo_map_start,
        .end_ip = (uintptr_t)question->object.dlfo_map_end,
        .format = UNW_INFO_FORMAT_REMOTE_TABLE,
        .u.rti = {.segbase = (uintptr_t)header,
                  .table_len = entries * 8ull / sizeof(unw_word_t),
                  .table_data = (uintptr_t)header + HDR_TABLE_AT},
    };
    int result = lib.search_unwind_table(space, ip, &table, info, need, question);
    question->no_info = result == -UNW_ENOINFO;
    return result;
}

static void put_unwind_info(unw_addr_space_t space, unw_proc_info_t *info, void *argument) {
    (void)space, (void)info, (void)argument;
}

static int get_dyn_info_list_addr(unw_addr_space_t space, unw_word_t *address, void *argument) {
    (void)space, (void)address, (void)argument;
    return -UNW_ENOINFO;
}

static int load_made_up(struct question *question, uintptr_t address, unw_word_t *value) {
    int n = 0;
    while (n < question->load_count && question->loads[n] != address)
        n++;
    if (n == LOADS)
        return -UNW_EINVAL;
    question->loads[n] = address;
    question->load_count += n == question->load_count;
    *value = BASE(LOADED_FIRST + n);
    return 0;
}

// Asked once for each page in a row: information is read byte by byte.
static bool is_readable(struct question *question, uintptr_t address) {
    uintptr_t last = address + sizeof(unw_word_t) - 1;
    if (question->readable && (address ^ question->readable) < PAGE && (last ^ question->readable) < PAGE)
        return true;
    if (!probe_word(address))
        return false;
    question->readable = address;
    return true;
}

static int access_mem(unw_addr_space_t space, unw_word_t address, unw_word_t *value, int write,
                      void *argument) {
    (void)space;
    struct question *question = argument;
    if (write)
        return -UNW_EINVAL;
    if (!question->real && is_made_up(address))
        return load_made_up(question, address, value);
    bool in_object = address >= (uintptr_t)question->object.dlfo_map_start &&
                     address + sizeof *value <= (uintptr_t)question->object.dlfo_map_end;
    // Of an object with holes the loader tells one segment only, and unwind tables may lie in another.
    if (!in_object && !is_readable(question, address))
        return -UNW_EINVAL;
    memcpy(value, (const void *)address, sizeof *value);
    return 0;
}

static int access_reg(unw_addr_space_t space, unw_regnum_t number, unw_word_t *value, int write,
                      void *argument) {
    (void)space;
    struct question *question = argument;
    if (write)
        return -UNW_EREADONLYREG;
    uintptr_t known;
    if (!question->real)
        *value = number == UNW_REG_IP ? question->address : BASE(number);
    else if (machine_register(question->real, number, &known) == 0)
        *value = known;
    else
        return -UNW_EBADREG;
    return 0;
}

static int access_fpreg(unw_addr_space_t space, unw_regnum_t number, unw_fpreg_t *value, int write,
                        void *argument) {
    (void)space, (void)number, (void)value, (void)write, (void)argument;
    return -UNW_EBADREG;
}

static int resume(unw_addr_space_t space, unw_cursor_t *cursor, void *argument) {
    (void)space, (void)cursor, (void)argument;
    return -UNW_EINVAL;
}

static int get_proc_name(unw_addr_space_t space, unw_word_t address, char *name, size_t bytes,
                         unw_word_t *offset, void *argument) {
    (void)space, (void)address, (void)name, (void)bytes, (void)offset, (void)argument;
    return -UNW_ENOINFO;
}

// ---- loading ----

static int map_stack(void) {
    long at =
        raw_syscall6(SYS_mmap, 0, STACK_BYTES + GUARD_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at < 0 && at > -4096)
        return -ENOMEM;
    long result = raw_syscall3(SYS_mprotect, at + GUARD_BYTES, STACK_BYTES, PROT_READ | PROT_WRITE);
    if (result < 0)
        return (int)result;
    own_note(at, STACK_BYTES + GUARD_BYTES);
    lib.stack_top = (char *)at + GUARD_BYTES + STACK_BYTES;
    return 0;
}

// libunwind's first use opens a pipe for walks of its own process, which are never done here: the program
// would see its descriptors shifted. While none may be opened libunwind goes without, and opens it on the day
// the program itself has such a walk done. Closing the pipe instead would leave libunwind with two numbers
// that may become the program's.
static void make_space(unw_accessors_t *accessors) {
    struct rlimit64 limit, none;
    bool limited = raw_syscall4(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, (long)&limit) == 0;
    if (limited) {
        none = (struct rlimit64){0, limit.rlim_max};
        limited = raw_syscall4(SYS_prlimit64, 0, RLIMIT_NOFILE, (long)&none, 0) == 0;
    }
    lib.space = lib.create_addr_space(accessors, 0);
    if (lib.space)
        lib.set_caching_policy(lib.space, UNW_CACHE_NONE);
    if (limited)
        raw_syscall4(SYS_prlimit64, 0, RLIMIT_NOFILE, (long)&limit, 0);
}

#define NAME_OF(name)  NAME_OF_(name)
#define NAME_OF_(name) #name
#define RESOLVE(field) (lib.field = (__typeof__(lib.field))dlsym(library, NAME_OF(unw_##field)))

int derive_load(void) {
    static unw_accessors_t accessors = {
        .find_proc_info = find_proc_info,
        .put_unwind_info = put_unwind_info,
        .get_dyn_info_list_addr = get_dyn_info_list_addr,
        .access_mem = access_mem,
        .access_reg = access_reg,
        .access_fpreg = access_fpreg,
        .resume = resume,
        .get_proc_name = get_proc_name,
    };
    void *library = dlopen(MACHINE_LIBUNWIND, RTLD_LOCAL | RTLD_NOW);
    if (!library)
        return -ENOENT;
    lib.search_unwind_table =
        (search_table *)dlsym(library, NAME_OF(UNW_ARCH_OBJ(dwarf_search_unwind_table)));
    if (!lib.search_unwind_table || !RESOLVE(create_addr_space) || !RESOLVE(set_caching_policy) ||
        !RESOLVE(init_remote) || !RESOLVE(step) || !RESOLVE(get_reg) || !RESOLVE(get_save_loc) ||
        !RESOLVE(is_signal_frame))
        return -ENOSYS;
    make_space(&accessors);
    if (!lib.space)
        return -ENOMEM;
    return map_stack();
}

// ---- rules ----

// The slot of a word read, relative to the CFA if it hangs on the same base, else to sp or fp. False if
// neither.
static bool slot_of(uintptr_t slot, uintptr_t cfa, uint8_t *base, int16_t *offset) {
    uintptr_t from;
    if (base_of(slot) == base_of(cfa)) {
        *base = FRAME_CFA;
        from = cfa;
    } else if (base_of(slot) == UNW_REG_SP || base_of(slot) == MACHINE_FP) {
        *base = base_of(slot) == UNW_REG_SP ? FRAME_SP : FRAME_FP;
        from = BASE(base_of(slot));
    } else {
        return false;
    }
    intptr_t distance = (intptr_t)(slot - from);
    *offset = (int16_t)distance;
    return *offset == distance;
}

static bool cfa_of(const struct question *question, uintptr_t cfa, struct frame_rule *rule) {
    if (!is_made_up(cfa))
        return false;
    bool loaded = base_of(cfa) >= LOADED_FIRST;
    uintptr_t from = cfa;
    if (loaded) {
        from = question->loads[base_of(cfa) - LOADED_FIRST];
        rule->cfa_add = (int32_t)(cfa - BASE(base_of(cfa)));
    }
    if (base_of(from) == UNW_REG_SP)
        rule->cfa_base = loaded ? FRAME_SP_LOADED : FRAME_SP;
    else if (base_of(from) == MACHINE_FP)
        rule->cfa_base = loaded ? FRAME_FP_LOADED : FRAME_FP;
    else
        return false;
    intptr_t offset = (intptr_t)(from - BASE(base_of(from)));
    rule->cfa_offset = (int32_t)offset;
    return rule->cfa_offset == offset;
}

static bool return_address_of(unw_cursor_t *cursor, uintptr_t cfa, struct frame_rule *rule) {
    unw_save_loc_t place;
    return lib.get_save_loc(cursor, UNW_REG_IP, &place) == 0 && place.type == UNW_SLT_MEMORY &&
           is_made_up(place.u.addr) && slot_of(place.u.addr, cfa, &rule->ra_base, &rule->ra_offset);
}

static bool fp_of(const struct question *question, unw_cursor_t *cursor, uintptr_t cfa,
                  struct frame_rule *rule) {
    unw_word_t value;
    if (lib.get_reg(cursor, MACHINE_FP, &value) < 0) {
        rule->fp_base = FRAME_LOST;
        return true;
    }
    if (value == BASE(MACHINE_FP)) {
        rule->fp_base = FRAME_SAME;
        return true;
    }
    int load = is_made_up(value) ? base_of(value) - LOADED_FIRST : -1;
    return load >= 0 && value == BASE(LOADED_FIRST + load) &&
           slot_of(question->loads[load], cfa, &rule->fp_base, &rule->fp_offset);
}

struct rule_job {
    struct question question;
    struct frame_rule rule;
};

// A return address that nobody pushed: the first byte of a function, in front of which there is padding, not
// a call. makecontext begins a fiber so. (address is the return address minus one.)
static bool is_planted(struct question *question, uintptr_t address) {
    unw_proc_info_t next = {0};
    uintptr_t entry = address + 1;
    if (find_proc_info(lib.space, entry, &next, 0, question) != 0 || next.start_ip != entry)
        return false;
    if (entry - (uintptr_t)question->object.dlfo_map_start < MACHINE_CALL_BYTES)
        return false;
    return !machine_is_call((const uint8_t *)entry);
}

static void derive_on_stack(void *argument) {
    struct rule_job *job = argument;
    struct question *question = &job->question;
    struct frame_rule rule = {.kind = FRAME_COMPLEX};
    unw_cursor_t cursor;
    unw_save_loc_t place;
    unw_word_t cfa;

    int result = lib.init_remote(&cursor, lib.space, question);
    if (result == 0)
        result = lib.step(&cursor);
    if (question->no_info) {
        rule.kind = is_planted(question, question->address) ? FRAME_END : FRAME_NO_INFO;
    } else if (result == 0 && lib.get_save_loc(&cursor, UNW_REG_IP, &place) == 0 &&
               place.type == UNW_SLT_NONE) {
        rule.kind = FRAME_END;
    } else if (result >= 0 && lib.get_reg(&cursor, UNW_REG_SP, &cfa) == 0 && cfa_of(question, cfa, &rule) &&
               return_address_of(&cursor, cfa, &rule) && fp_of(question, &cursor, cfa, &rule)) {
        rule.kind = lib.is_signal_frame(&cursor) > 0 ? FRAME_SIGNAL : FRAME_STEP;
    } else {
        rule = (struct frame_rule){.kind = FRAME_COMPLEX};
    }
    job->rule = rule;
}

struct frame_rule derive_rule(uintptr_t address, const struct dl_find_object *found) {
    static struct rule_job job; // the gate's; the caller's stack may be small
    job.question = (struct question){.address = address, .object = *found};
    machine_call_on_stack(derive_on_stack, &job, lib.stack_top);
    return job.rule;
}

// ---- real steps ----

struct step_job {
    struct question question;
    struct unwind_state *state;
    enum step_result result;
};

static void step_on_stack(void *argument) {
    struct step_job *job = argument;
    unw_cursor_t cursor;
    unw_word_t pc = 0, sp = 0, fp;
    job->result = STEP_FAILED;
    if (lib.init_remote(&cursor, lib.space, &job->question) < 0)
        return;
    for (int steps = 0; pc != job->state->pc || sp != job->state->sp; steps++) {
        if (steps == REAL_STEPS || lib.step(&cursor) <= 0 || lib.get_reg(&cursor, UNW_REG_IP, &pc) < 0 ||
            lib.get_reg(&cursor, UNW_REG_SP, &sp) < 0)
            return;
    }
    int result = lib.step(&cursor);
    if (job->question.no_info || result < 0)
        return;
    if (result == 0) {
        job->result = STEP_END;
        return;
    }
    if (lib.get_reg(&cursor, UNW_REG_IP, &pc) < 0 || lib.get_reg(&cursor, UNW_REG_SP, &sp) < 0)
        return;
    if (lib.get_reg(&cursor, MACHINE_FP, &fp) < 0)
        fp = 0;
    *job->state = (struct unwind_state){pc, sp, fp, lib.is_signal_frame(&cursor) > 0};
    job->result = STEP_CALLER;
}

enum step_result derive_real_step(const struct machine_registers *from, struct unwind_state *state) {
    static struct step_job job; // likewise
    job = (struct step_job){.question = {.real = from}, .state = state};
    machine_call_on_stack(step_on_stack, &job, lib.stack_top);
    return job.result;
}

// ---- real walks ----

struct walk_job {
    struct question question;
    const struct unwind_state *start;
    uintptr_t *pcs;
    size_t limit, count;
    bool ended;
};

static void walk_on_stack(void *argument) {
    struct walk_job *job = argument;
    unw_cursor_t cursor;
    unw_word_t pc = 0, sp = 0;
    if (lib.init_remote(&cursor, lib.space, &job->question) < 0)
        return;
    for (int steps = 0; pc != job->start->pc || sp != job->start->sp; steps++)
        if (steps == REAL_STEPS || lib.step(&cursor) <= 0 || lib.get_reg(&cursor, UNW_REG_IP, &pc) < 0 ||
            lib.get_reg(&cursor, UNW_REG_SP, &sp) < 0)
            return;
    while (job->count < job->limit) {
        job->pcs[job->count++] = pc;
        int result = lib.step(&cursor);
        if (job->question.no_info || result < 0 || lib.get_reg(&cursor, UNW_REG_IP, &pc) < 0)
            return;
        if (result == 0 || pc == 0) {
            job->ended = true;
            return;
        }
    }
}

size_t derive_real_walk(const struct machine_registers *from, const struct unwind_state *start,
                        uintptr_t *pcs, size_t limit, bool *ended) {
    static struct walk_job job; // likewise
    job = (struct walk_job){.question = {.real = from}, .start = start, .pcs = pcs, .limit = limit};
    machine_call_on_stack(walk_on_stack, &job, lib.stack_top);
    *ended = job.ended;
    return job.count;
}
