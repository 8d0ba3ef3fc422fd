// See process_descriptors.h. Called by session.c, examine.c and process.c.
#include "analyzer/process_descriptors.h"
#include "analyzer/descriptor_type.h"
#include "analyzer/must.h"
#include "analyzer/vector.h"
#include "preload/wire/atomic.h"

#include <stdlib.h>

// Whatever `from` has open now is inherited by `process`, but for one number.
static void inherit_open(struct process *process, const struct process *from, int but) {
    int *fds;
    size_t count;
    if (from->unseen || from->absent || open_files_list(from->pid, &fds, &count) != 0)
        return;
    for (size_t i = 0; i < count; i++)
        if (fds[i] != but)
            descriptors_inherit(ledger_descriptors(process->ledger), fds[i]);
    free(fds);
}

void process_inherit(struct process *process, int socket) {
    inherit_open(process, process, socket);
}

// It may have been found only after its parent or itself went on, so what either has now counts, too. What it
// opened meanwhile has a record to come, which wins; but if it is at its end already, all that it opened
// would seem inherited.
void process_inherit_from(struct process *process, struct process *parent) {
    if (parent) {
        descriptors_inherit_from(ledger_descriptors(process->ledger), ledger_descriptors(parent->ledger));
        if (parent->family) // it still runs
            inherit_open(process, parent, -1);
    }
    if (!atomic_load_acquire(&family_process(process->family, process->slot)->stands)) // LE2
        inherit_open(process, process, -1);
}

// What a recorded call can't have opened has only the number of what it opened.
static void disown_others(struct process *process, uint64_t since) {
    struct descriptors *book = ledger_descriptors(process->ledger);
    size_t count;
    const struct descriptor *all = descriptors_all(book, &count);
    for (size_t i = 0; i < count; i++) {
        const struct open_file *file = open_files_find(&process->files, all[i].fd);
        if (file && all[i].state == DESCRIPTOR_OPEN && all[i].opened_at <= since &&
            !descriptor_type_fits(all[i].call, file->type))
            descriptors_disown(book, all[i].fd);
    }
}

void process_look_at_descriptors(struct process *process, uint64_t since) {
    if (process->looked_at || !process->live || process->unseen || process->absent ||
        open_files_describe(process->shown_as, &process->files) != 0)
        return;
    process->looked_at = true;
    size_t count = process->files.count;
    int *fds = must(malloc((count + 1) * sizeof *fds));
    for (size_t i = 0; i < count; i++)
        fds[i] = process->files.all[i].fd;
    descriptors_compare(ledger_descriptors(process->ledger), fds, count, since);
    free(fds);
    disown_others(process, since);
}

static void add_open(const struct process *process, struct harvester *harvester,
                     const struct descriptor *it) {
    struct harvest_item item = {.kind = SITE_FD,
                                .verdict = VERDICT_OPEN,
                                .call = it->call,
                                .stack = it->stack,
                                .address = (uint32_t)it->fd};
    const struct open_file *file = open_files_find(&process->files, it->fd);
    if (file) {
        item.type = file->type;
        item.target = file->target;
        item.state = file->state;
        item.detail = file->detail;
    }
    harvest_add(harvester, &item);
}

static void add_misuse(struct process *process, struct harvester *harvester,
                       const struct descriptor_misuse *misuse) {
    struct harvest *harvest = &process->harvest;
    struct harvested_misuse out = {.twice = misuse->twice,
                                   .fd = misuse->fd,
                                   .count = misuse->count,
                                   .opened = SIZE_MAX,
                                   .closed = SIZE_MAX};
    if (misuse->twice && misuse->open_call)
        out.opened = harvest_stack(harvester, SITE_FD, VERDICT_OPEN, misuse->open_call, misuse->open_stack);
    if (misuse->twice && misuse->first_call)
        out.closed = harvest_stack(harvester, SITE_FD, VERDICT_OPEN, misuse->first_call, misuse->first_stack);
    out.again = harvest_stack(harvester, SITE_FD, VERDICT_OPEN, misuse->call, misuse->stack);
    *VECTOR_PUSH(harvest->misuses, harvest->misuse_count, harvest->misuse_room) = out;
}

void process_harvest_descriptors(struct process *process, struct harvester *harvester) {
    struct descriptors *book = ledger_descriptors(process->ledger);
    descriptors_settle(book);
    if (process->end == END_EXEC)
        descriptors_pass_on(book);
    descriptors_count(book, &process->descriptors);
    size_t count;
    const struct descriptor *all = descriptors_all(book, &count);
    for (size_t i = 0; i < count; i++)
        if (all[i].state == DESCRIPTOR_OPEN && !all[i].standard)
            add_open(process, harvester, &all[i]);
    const struct descriptor_misuse *misuses = descriptors_misuse(book, &count);
    for (size_t i = 0; i < count; i++)
        add_misuse(process, harvester, &misuses[i]);
}
