// Finding things in a report. The invariants are in invariants.c.
#include "tests/lib/report.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *base_of(const char *path) {
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path ? path : "";
}

static bool has_name(const json_t *process, const char *base_name) {
    return !strcmp(base_of(json_string_value(json_object_get(process, "executable"))), base_name);
}

json_t *process_named(const json_t *report, const char *base_name) {
    size_t index;
    json_t *process;
    json_array_foreach(json_object_get(report, "processes"), index, process) {
        if (has_name(process, base_name))
            return process;
    }
    return NULL;
}

size_t processes_named(const json_t *report, const char *base_name) {
    size_t index, count = 0;
    json_t *process;
    json_array_foreach(json_object_get(report, "processes"), index, process) {
        count += has_name(process, base_name);
    }
    return count;
}

json_t *process_forked(const json_t *report, size_t which) {
    size_t index;
    json_t *process;
    json_array_foreach(json_object_get(report, "processes"), index, process) {
        if (!strcmp(json_string_value(json_object_get(process, "begin")), "fork") && which-- == 0)
            return process;
    }
    return NULL;
}

json_t *process_with_pid(const json_t *report, long long pid) {
    size_t index;
    json_t *process;
    json_array_foreach(json_object_get(report, "processes"), index, process) {
        if (json_integer_value(json_object_get(process, "pid")) == pid)
            return process;
    }
    return NULL;
}

long long heap(const json_t *process, const char *figure) {
    json_t *value = json_object_get(json_object_get(json_object_get(process, "totals"), "heap"), figure);
    ck_assert_msg(json_is_integer(value), "totals.heap.%s is missing", figure);
    return json_integer_value(value);
}

long long fds(const json_t *process, const char *figure) {
    json_t *value = json_object_get(json_object_get(json_object_get(process, "totals"), "fd"), figure);
    ck_assert_msg(json_is_integer(value), "totals.fd.%s is missing", figure);
    return json_integer_value(value);
}

void assert_heap(const json_t *process, long long allocations, long long frees, long long allocated_bytes,
                 long long outstanding_blocks, long long outstanding_bytes) {
    ck_assert_ptr_nonnull(process);
    char got[256], want[256];
    static const char form[] =
        "%lld allocations, %lld frees, %lld bytes; %lld blocks, %lld bytes outstanding";
    snprintf(got, sizeof got, form, heap(process, "allocations"), heap(process, "frees"),
             heap(process, "allocated_bytes"), heap(process, "outstanding_blocks"),
             heap(process, "outstanding_bytes"));
    snprintf(want, sizeof want, form, allocations, frees, allocated_bytes, outstanding_blocks,
             outstanding_bytes);
    ck_assert_str_eq(got, want);
}

void assert_heap_as_counted(const json_t *process, const char *printed) {
    long long allocations, frees, bytes;
    ck_assert_ptr_nonnull(process);
    const char *line = strstr(printed, "counted: ");
    ck_assert_msg(line && sscanf(line, "counted: %lld %lld %lld", &allocations, &frees, &bytes) == 3,
                  "the program printed no counts: %s", printed);
    ck_assert_int_eq(heap(process, "allocations"), allocations);
    ck_assert_int_eq(heap(process, "frees"), frees);
    ck_assert_int_eq(heap(process, "allocated_bytes"), bytes);
}

bool is_exact(const json_t *report) {
    return json_is_true(json_object_get(report, "exact"));
}

void assert_end(const json_t *process, const char *how, long long code_or_signal) {
    ck_assert_ptr_nonnull(process);
    json_t *end = json_object_get(process, "end");
    ck_assert_str_eq(json_string_value(json_object_get(end, "how")), how);
    bool by_signal = !strcmp(how, "signal");
    json_t *value = json_object_get(end, by_signal ? "signal" : "code");
    if (by_signal || !strcmp(how, "exit")) {
        ck_assert_msg(json_is_integer(value), "end says no %s", by_signal ? "signal" : "code");
        ck_assert_int_eq(json_integer_value(value), code_or_signal);
    }
}

json_t *frame_of(const json_t *site, const char *function) {
    size_t index;
    json_t *frame;
    json_array_foreach(json_object_get(site, "frames"), index, frame) {
        const char *name = json_string_value(json_object_get(frame, "function"));
        if (name && !strcmp(name, function))
            return frame;
    }
    return NULL;
}

const char *frame_function(const json_t *site, size_t index) {
    json_t *frame = json_array_get(json_object_get(site, "frames"), index);
    const char *name = json_string_value(json_object_get(frame, "function"));
    return name ? name : "";
}

static bool is_heap(const json_t *site) {
    return !strcmp(json_string_value(json_object_get(site, "kind")), "heap");
}

json_t *site_through(const json_t *process, const char *function) {
    size_t index;
    json_t *site;
    json_array_foreach(json_object_get(process, "sites"), index, site) {
        if (is_heap(site) && frame_of(site, function))
            return site;
    }
    return NULL;
}

json_t *site_from(const json_t *process, const char *function) {
    size_t index;
    json_t *site;
    json_array_foreach(json_object_get(process, "sites"), index, site) {
        if (is_heap(site) && !strcmp(frame_function(site, 0), function))
            return site;
    }
    return NULL;
}

static long long sum_through(const json_t *process, const char *function, const char *figure) {
    size_t index;
    json_t *site;
    long long sum = 0;
    json_array_foreach(json_object_get(process, "sites"), index, site) {
        if (is_heap(site) && frame_of(site, function))
            sum += json_integer_value(json_object_get(site, figure));
    }
    return sum;
}

long long blocks_through(const json_t *process, const char *function) {
    return sum_through(process, function, "count");
}

long long bytes_through(const json_t *process, const char *function) {
    return sum_through(process, function, "bytes");
}

long long blocks_of_size(const json_t *process, const char *verdict, long long bytes_each) {
    long long blocks = 0;
    size_t index;
    json_t *site;
    json_array_foreach(json_object_get(process, "sites"), index, site) {
        long long count = json_integer_value(json_object_get(site, "count"));
        if (!strcmp(json_string_value(json_object_get(site, "verdict")), verdict) &&
            json_integer_value(json_object_get(site, "bytes")) == count * bytes_each)
            blocks += count;
    }
    return blocks;
}

long long fds_through(const json_t *process, const char *function, const char *call) {
    size_t index;
    json_t *site;
    long long sum = 0;
    json_array_foreach(json_object_get(process, "sites"), index, site) {
        bool fits =
            !strcmp(json_string_value(json_object_get(site, "kind")), "fd") && frame_of(site, function);
        if (fits && (!call || !strcmp(json_string_value(json_object_get(site, "call")), call)))
            sum += json_integer_value(json_object_get(site, "count"));
    }
    return sum;
}

char *stack_text(const json_t *site) {
    char *text = NULL;
    size_t bytes = 0, index;
    json_t *frame;
    FILE *stream = open_memstream(&text, &bytes);
    json_array_foreach(json_object_get(site, "frames"), index, frame) {
        const char *name = json_string_value(json_object_get(frame, "function"));
        const char *module = json_string_value(json_object_get(frame, "module"));
        fprintf(stream, "%s%s%s\n", name ? name : "? in ", name ? "" : base_of(module),
                json_is_true(json_object_get(frame, "inlined")) ? " (inlined)" : "");
    }
    fclose(stream);
    return text;
}

void assert_stack(const json_t *site, const char *const *functions) {
    ck_assert_ptr_nonnull(site);
    size_t depth = json_array_size(json_object_get(site, "frames"));
    size_t count = 0;
    for (; functions[count]; count++)
        ck_assert_msg(!strcmp(frame_function(site, count), functions[count]), "frame %zu is not %s in\n%s",
                      count, functions[count], stack_text(site));
    ck_assert_msg(json_is_false(json_object_get(site, "truncated")), "truncated:\n%s", stack_text(site));
    if (count && !strcmp(functions[count - 1], "main"))
        ck_assert_msg(!strcmp(frame_function(site, depth - 1), "_start"), "_start is not outermost in\n%s",
                      stack_text(site));
}
