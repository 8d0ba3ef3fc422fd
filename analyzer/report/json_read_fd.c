// The descriptors of a process, and what it opened or mapped past the hooks, from a saved report. Called by
// json_read.c.
#include "analyzer/report/json_read_parts.h"

#include <string.h>

static int64_t count_or(struct reader *r, const json_t *object, const char *member, int64_t otherwise) {
    return get_number(r, object, member, 0, INT64_MAX, otherwise);
}

void read_fd_totals(struct reader *r, const json_t *totals, struct report_process *out) {
    const json_t *object = r->error ? NULL : get_object_or_null(r, totals, "fd");
    if (!object || r->error)
        return;
    struct fd_totals *fd = &out->fd;
    reader_enter_member(r, "fd");
    out->fd_tracked = true;
    fd->opened = get_count(r, object, "opened");
    fd->closed = get_count(r, object, "closed");
    fd->outstanding = get_count(r, object, "outstanding");
    int64_t inherited = count_or(r, object, "inherited", -1);
    int64_t unattributed = count_or(r, object, "unattributed", -1);
    fd->looked_at = inherited >= 0;
    if (fd->looked_at != (unattributed >= 0))
        reader_fail(r, "unattributed", "null just when inherited is");
    fd->inherited = fd->looked_at ? (uint64_t)inherited : 0;
    fd->unattributed = fd->looked_at ? (uint64_t)unattributed : 0;
    fd->limit = count_or(r, object, "limit", -1);
    fd->closed_unseen = get_count(r, object, "closed_unseen");
    fd->standard = (uint64_t)count_or(r, object, "standard", 0); // older reports have none
    fd->double_closes = get_count(r, object, "double_closes");
    fd->closes_of_unopened = get_count(r, object, "closes_of_unopened");
    fd->swept = get_count(r, object, "swept");
    reader_leave(r);
}

static void read_step(struct reader *r, const json_t *misuse, const char *member, struct report_step *out) {
    const json_t *object = r->error ? NULL : get_object_or_null(r, misuse, member);
    if (!object || r->error)
        return;
    reader_enter_member(r, member);
    out->call = get_text(r, object, "call");
    out->frame_count = read_frames(r, object, &out->frames);
    reader_leave(r);
}

enum { DOUBLE_CLOSE, CLOSE_OF_UNOPENED };

static int misuse_from_name(const char *name) {
    return strcmp(name, "double_close") == 0        ? DOUBLE_CLOSE
           : strcmp(name, "close_of_unopened") == 0 ? CLOSE_OF_UNOPENED
                                                    : -1;
}

static void read_misuses(struct reader *r, const json_t *process, struct report_process *out) {
    const json_t *array = get_array(r, process, "misuse", &out->misuse_count);
    reader_enter_member(r, "misuse");
    out->misuses = arena_array(r->arena, struct report_misuse, out->misuse_count);
    for (size_t i = 0; i < out->misuse_count && !r->error; i++) {
        const json_t *object = json_array_get(array, i);
        struct report_misuse *misuse = &out->misuses[i];
        reader_enter_element(r, i);
        misuse->twice = get_word(r, object, "kind", misuse_from_name, "double_close or close_of_unopened") ==
                        DOUBLE_CLOSE;
        misuse->fd = get_number(r, object, "fd", INT32_MIN, INT32_MAX, 0);
        misuse->count = get_count(r, object, "count");
        read_step(r, object, "opened", &misuse->opened);
        read_step(r, object, "closed", &misuse->closed);
        read_step(r, object, "again", &misuse->again);
        reader_leave(r);
    }
    reader_leave(r);
}

static void read_unattributed(struct reader *r, const json_t *process, struct report_process *out) {
    const json_t *array = get_array(r, process, "unattributed", &out->unattributed_count);
    reader_enter_member(r, "unattributed");
    out->unattributed = arena_array(r->arena, struct report_example, out->unattributed_count);
    for (size_t i = 0; i < out->unattributed_count && !r->error; i++) {
        reader_enter_element(r, i);
        read_example(r, SITE_FD, json_array_get(array, i), &out->unattributed[i]);
        reader_leave(r);
    }
    reader_leave(r);
}

// Reports that older versions wrote have none.
void read_unattributed_groups(struct reader *r, const json_t *process, struct report_process *out) {
    if (r->error || !json_object_get(process, "unattributed_groups"))
        return;
    const json_t *array = get_array(r, process, "unattributed_groups", &out->unattributed_group_count);
    reader_enter_member(r, "unattributed_groups");
    out->unattributed_groups =
        arena_array(r->arena, struct report_unattributed, out->unattributed_group_count);
    for (size_t i = 0; i < out->unattributed_group_count && !r->error; i++) {
        const json_t *object = json_array_get(array, i);
        struct report_unattributed *group = &out->unattributed_groups[i];
        reader_enter_element(r, i);
        group->kind = get_word(r, object, "kind", site_kind_from_name, "fd or map");
        if (!r->error && group->kind == SITE_HEAP)
            reader_fail(r, "kind", "fd or map");
        group->type = get_text(r, object, "type");
        group->target = get_text_or_null(r, object, "target");
        group->state = get_text_or_null(r, object, "state");
        group->count = get_count(r, object, "count");
        group->bytes = group->kind == SITE_MAP ? get_count(r, object, "bytes") : 0;
        reader_leave(r);
    }
    reader_leave(r);
}

void read_descriptors(struct reader *r, const json_t *process, struct report_process *out) {
    if (!out->fd_tracked || r->error)
        return;
    read_unattributed(r, process, out);
    read_misuses(r, process, out);
}
