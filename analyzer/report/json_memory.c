// See json_memory.h. Called by json_write.c and json_read.c.
#include "analyzer/report/json_memory.h"
#include "analyzer/report/json_values.h"
#include "analyzer/report/report.h"

// --- written
// ----------------------------------------------------------------------------------------------------

static json_t *row_object(const struct report_memory_row *row) {
    json_t *object = must(json_object());
    put(object, "what", json_string(memory_row_name(row->what)));
    put(object, "verdict",
        row->verdict < 0 ? json_null() : json_string(verdict_name((enum verdict)row->verdict)));
    put(object, "site", text_or_null(row->site));
    put(object, "file", text_or_null(row->file));
    put(object, "bytes", number(row->bytes));
    put(object, "pieces", number(row->pieces));
    return object;
}

static json_t *cgroup_object(const struct report_cgroup *cgroup) {
    if (!cgroup)
        return json_null();
    json_t *object = must(json_object());
    put(object, "version", json_integer(cgroup->version));
    put(object, "path", text_or_null(cgroup->path));
    put(object, "current_bytes", number_or_null(cgroup->current_bytes));
    put(object, "limit_bytes", number_or_null(cgroup->limit_bytes));
    put(object, "peak_bytes", number_or_null(cgroup->peak_bytes));
    put(object, "anonymous_bytes", number_or_null(cgroup->anonymous_bytes));
    put(object, "page_cache_bytes", number_or_null(cgroup->page_cache_bytes));
    put(object, "shared_bytes", number_or_null(cgroup->shared_bytes));
    put(object, "kernel_bytes", number_or_null(cgroup->kernel_bytes));
    put(object, "swap_bytes", number_or_null(cgroup->swap_bytes));
    put(object, "oom_kills", number_or_null(cgroup->oom_kills));
    return object;
}

json_t *json_memory(const struct report_memory *memory) {
    if (!memory)
        return json_null();
    json_t *object = must(json_object());
    put(object, "age", json_real(memory->age_seconds));
    put(object, "killed", json_boolean(memory->killed));
    put(object, "rss_bytes", number(memory->rss_bytes));
    put(object, "pss_bytes", number(memory->pss_bytes));
    put(object, "swap_bytes", number(memory->swap_bytes));
    put(object, "hugetlb_bytes", number(memory->hugetlb_bytes));
    put(object, "peak_rss_bytes", number_or_null(memory->peak_rss_bytes));
    put(object, "estimated", json_boolean(memory->estimated));
    put(object, "allocator", text_or_null(memory->allocator));
    put(object, "arenas", number_or_null(memory->arenas));
    put(object, "live_untouched_bytes", number_or_null(memory->live_untouched_bytes));
    put(object, "remedy", text_or_null(memory->remedy));
    json_t *rows = must(json_array());
    for (size_t i = 0; i < memory->row_count; i++)
        json_array_append_new(rows, row_object(&memory->rows[i]));
    put(object, "rows", rows);
    put(object, "cgroup", cgroup_object(memory->cgroup));
    return object;
}

// --- read
// -------------------------------------------------------------------------------------------------------

static int64_t get_figure(struct reader *r, const json_t *object, const char *member) {
    return get_number(r, object, member, 0, INT64_MAX, -1);
}

static int get_verdict(struct reader *r, const json_t *object, enum memory_row_kind what) {
    if (what != MEMORY_ROW_HEAP_LIVE)
        return -1;
    unsigned verdict = get_word(r, object, "verdict", verdict_from_name, "a verdict on blocks");
    if (verdict >= VERDICT_OPEN)
        reader_fail(r, "verdict", "a verdict on blocks");
    return (int)verdict;
}

static void read_row(struct reader *r, const json_t *object, struct report_memory_row *out) {
    out->what = get_word(r, object, "what", memory_row_from_name, "one of the ledger's rows");
    out->verdict = get_verdict(r, object, out->what);
    out->site = get_text_or_null(r, object, "site");
    out->file = get_text_or_null(r, object, "file");
    out->bytes = get_count(r, object, "bytes");
    out->pieces = get_count(r, object, "pieces");
}

static struct report_cgroup *read_cgroup(struct reader *r, const json_t *memory) {
    const json_t *object = get_object_or_null(r, memory, "cgroup");
    if (!object)
        return NULL;
    struct report_cgroup *out = arena_alloc(r->arena, sizeof *out);
    reader_enter_member(r, "cgroup");
    out->version = get_number(r, object, "version", 1, 2, 2);
    out->path = get_text(r, object, "path");
    out->current_bytes = get_figure(r, object, "current_bytes");
    out->limit_bytes = get_figure(r, object, "limit_bytes");
    out->peak_bytes = get_figure(r, object, "peak_bytes");
    out->anonymous_bytes = get_figure(r, object, "anonymous_bytes");
    out->page_cache_bytes = get_figure(r, object, "page_cache_bytes");
    out->shared_bytes = get_figure(r, object, "shared_bytes");
    out->kernel_bytes = get_figure(r, object, "kernel_bytes");
    out->swap_bytes = get_figure(r, object, "swap_bytes");
    out->oom_kills = get_figure(r, object, "oom_kills");
    reader_leave(r);
    return out;
}

static void read_rows(struct reader *r, const json_t *object, struct report_memory *out) {
    size_t count;
    const json_t *array = get_array(r, object, "rows", &count);
    reader_enter_member(r, "rows");
    out->rows = arena_array(r->arena, struct report_memory_row, count);
    out->row_count = count;
    for (size_t i = 0; i < count && !r->error; i++) {
        reader_enter_element(r, i);
        read_row(r, json_array_get(array, i), &out->rows[i]);
        reader_leave(r);
    }
    reader_leave(r);
}

struct report_memory *read_memory(struct reader *r, const json_t *process) {
    const json_t *object = get_object_or_null(r, process, "memory");
    if (!object)
        return NULL;
    struct report_memory *out = arena_alloc(r->arena, sizeof *out);
    reader_enter_member(r, "memory");
    const json_t *age = json_object_get(object, "age");
    if (!json_is_number(age) || !(json_number_value(age) >= 0))
        reader_fail(r, "age", "seconds, 0 or more");
    out->age_seconds = json_number_value(age);
    out->killed = get_bool(r, object, "killed");
    out->rss_bytes = get_count(r, object, "rss_bytes");
    out->pss_bytes = get_count(r, object, "pss_bytes");
    out->swap_bytes = get_count(r, object, "swap_bytes");
    out->hugetlb_bytes = get_count(r, object, "hugetlb_bytes");
    out->peak_rss_bytes = get_figure(r, object, "peak_rss_bytes");
    out->estimated = get_bool(r, object, "estimated");
    out->allocator = get_text_or_null(r, object, "allocator");
    out->arenas = get_figure(r, object, "arenas");
    out->live_untouched_bytes = get_figure(r, object, "live_untouched_bytes");
    out->remedy = get_text_or_null(r, object, "remedy");
    read_rows(r, object, out);
    out->cgroup = read_cgroup(r, object);
    reader_leave(r);
    return out;
}
