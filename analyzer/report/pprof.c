// A profile for pprof and whatever else reads profile.proto, gzipped; see writers.h.
//
// Sample types: inuse_objects, inuse_space (the heap blocks that are left), descriptors, mappings,
// mapped_space; and alloc_objects, alloc_space first, where each stack's totals were counted: a run that
// writes a profile counts them, a saved report does not have them. They are the same in every profile of a
// kind, also where all are 0, since pprof compares and adds up only what has the same types.
//
// A frame's address is that of its object's file, and mappings begin at 0. Functions inlined at an address
// are lines of one location. What no symbol covers has a location without lines; pprof shows its object's
// name.
#include "analyzer/report/writers.h"

#include "analyzer/report/listing.h"
#include "analyzer/report/profile.h"
#include "analyzer/report/text.h"
#include "analyzer/text.h"
#include "analyzer/vector.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

enum { ALLOC_OBJECTS, ALLOC_SPACE, INUSE_OBJECTS, INUSE_SPACE, DESCRIPTORS, MAPPINGS, MAPPED_SPACE, VALUES };

static const struct {
    const char *type, *unit;
} value_types[VALUES] = {{"alloc_objects", "count"}, {"alloc_space", "bytes"}, {"inuse_objects", "count"},
                         {"inuse_space", "bytes"},   {"descriptors", "count"}, {"mappings", "count"},
                         {"mapped_space", "bytes"}};

struct pprof {
    struct profile *profile;
    struct arena *arena;
    int first_value; // ALLOC_OBJECTS, or INUSE_OBJECTS when what was acquired in all is not known
    uint64_t *locations;
    size_t location_count, location_room;
    struct profile_line *lines;
    size_t line_count, line_room;
};

// --- stacks
// ----------------------------------------------------------------------------------------------------------

static void add_location(struct pprof *p, uint64_t mapping, uint64_t address) {
    *VECTOR_PUSH(p->locations, p->location_count, p->location_room) =
        profile_location(p->profile, mapping, address, p->lines, p->line_count);
    p->line_count = 0;
}

static void add_line(struct pprof *p, const struct report_frame *frame) {
    if (frame->function)
        *VECTOR_PUSH(p->lines, p->line_count, p->line_room) = (struct profile_line){
            profile_function(p->profile, frame->function, frame->linkage, frame->file), frame->line};
}

static void add_stack(struct pprof *p, const struct report_site *site) {
    p->location_count = 0;
    for (size_t i = 0; i < site->frame_count; i++) {
        const struct report_frame *frame = &site->frames[i];
        add_line(p, frame);
        if (frame->inlined && i + 1 < site->frame_count)
            continue;
        add_location(p, frame->module ? profile_mapping(p->profile, frame->module, frame->build_id) : 0,
                     frame->offset);
    }
    if (site->frame_count == 0) {
        add_line(p, &(struct report_frame){.function = "(no stack is known)"});
        add_location(p, 0, 0);
    }
}

// --- samples
// ---------------------------------------------------------------------------------------------------------

static uint64_t signed_value(uint64_t value) {
    return value < INT64_MAX ? value : INT64_MAX; // pprof's values have 63 bits
}

static void add_sample(struct pprof *p, const struct report_site *site, const uint64_t values[VALUES],
                       const struct profile_label *labels, size_t label_count) {
    add_stack(p, site);
    profile_sample(p->profile, p->locations, p->location_count, values + p->first_value,
                   (size_t)(VALUES - p->first_value), labels, label_count);
}

static void add_site(struct pprof *p, const struct listed_site *listed) {
    const struct report_site *site = listed->site;
    const char *executable = listed->process->executable;
    uint64_t values[VALUES] = {0}, count = signed_value(listed->count), bytes = signed_value(listed->bytes);
    if (site->kind == SITE_HEAP) {
        values[INUSE_OBJECTS] = count;
        values[INUSE_SPACE] = bytes;
    } else if (site->kind == SITE_FD) {
        values[DESCRIPTORS] = count;
    } else {
        values[MAPPINGS] = count;
        values[MAPPED_SPACE] = bytes;
    }
    const struct profile_label labels[] = {
        {"kind", site_kind_name(site->kind)},
        {"verdict", verdict_name(site->verdict)},
        {"call", site->call},
        {"site", site->id},
        {"process", executable ? base_name(executable) : NULL},
        {"baseline", site->baseline},
        {"truncated", site->truncated ? "true" : NULL},
    };
    add_sample(p, site, values, labels, sizeof labels / sizeof labels[0]);
}

static void add_acquired(struct pprof *p, const struct report_process *process) {
    for (size_t i = 0; i < process->acquired_count; i++) {
        const struct report_site *site = &process->acquired[i];
        const struct profile_label labels[] = {
            {"kind", site_kind_name(SITE_HEAP)},
            {"process", process->executable ? base_name(process->executable) : NULL},
            {"truncated", site->truncated ? "true" : NULL},
        };
        const uint64_t values[VALUES] = {
            [ALLOC_OBJECTS] = signed_value(site->count), [ALLOC_SPACE] = signed_value(site->bytes)};
        add_sample(p, site, values, labels, sizeof labels / sizeof labels[0]);
    }
}

// --- the profile's own fields
// ----------------------------------------------------------------------------------------

// RFC 3339 as nanoseconds since 1970; 0: it is none.
static uint64_t time_ns(const char *started) {
    struct tm tm = {0};
    const char *rest = strptime(started, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!rest || tm.tm_year < 70 || tm.tm_year > 300)
        return 0;
    uint64_t ns = 0;
    if (*rest == '.')
        for (uint64_t unit = 100000000; *++rest >= '0' && *rest <= '9'; unit /= 10)
            ns += (uint64_t)(*rest - '0') * unit;
    int hours = 0, minutes = 0;
    if ((*rest == '+' || *rest == '-') && sscanf(rest + 1, "%2d:%2d", &hours, &minutes) == 2)
        minutes = (*rest == '-' ? -1 : 1) * (hours * 60 + minutes);
    return (uint64_t)(timegm(&tm) - minutes * 60) * 1000000000 + ns;
}

static void add_header(struct pprof *p, const struct report *report, const struct listing *listing) {
    for (int i = p->first_value; i < VALUES; i++)
        profile_sample_type(p->profile, value_types[i].type, value_types[i].unit);
    bool has[SITE_KINDS] = {false};
    for (size_t i = 0; i < listing->count; i++)
        has[listing->sites[i].site->kind] = true;
    int preset = has[SITE_HEAP] || !(has[SITE_MAP] || has[SITE_FD]) ? INUSE_SPACE
                 : has[SITE_MAP]                                    ? MAPPED_SPACE
                                                                    : DESCRIPTORS;
    profile_default_sample_type(p->profile, value_types[preset].type);
    profile_period(p->profile, "space", "bytes", 1); // every byte counts: nothing is sampled
    double seconds = report->duration_seconds;
    profile_time(p->profile, time_ns(report->started),
                 isfinite(seconds) && seconds > 0 && seconds < 1e9 ? (uint64_t)(seconds * 1e9) : 0);
}

static void add_comments(struct pprof *p, const struct report *report) {
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    if (out) {
        print_command(out, report->command, report->command_count, true);
        fclose(out);
        profile_comment(p->profile, arena_printf(p->arena, "command: %s", text));
        free(text);
    }
    profile_comment(p->profile, arena_printf(p->arena, "seep %s: %s", report->seep_version,
                                             report->exact ? "figures are exact" : "figures are NOT EXACT"));
    for (size_t i = 0; i < report->inexact_count; i++)
        profile_comment(p->profile, arena_printf(p->arena, "because %s", report->inexact_because[i]));
}

static bool add_program_of(struct pprof *p, const struct report_process *process,
                           const struct report_site *site) {
    for (size_t f = 0; f < site->frame_count && process->executable; f++) {
        const struct report_frame *frame = &site->frames[f];
        if (frame->module && strcmp(frame->module, process->executable) == 0) {
            profile_mapping(p->profile, frame->module, frame->build_id);
            return true;
        }
    }
    return false;
}

// pprof takes the first mapping for the program: so it is the first executable that a stack lies in.
static void add_program(struct pprof *p, const struct report *report, const struct listing *listing) {
    for (size_t i = 0; i < listing->count; i++)
        if (add_program_of(p, listing->sites[i].process, listing->sites[i].site))
            return;
    for (size_t i = 0; i < report->process_count; i++)
        for (size_t k = 0; k < report->processes[i].acquired_count; k++)
            if (add_program_of(p, &report->processes[i], &report->processes[i].acquired[k]))
                return;
}

static int write_gzipped(const struct proto *message, FILE *out) {
    z_stream stream = {0};
    const int gzip = 16 + MAX_WBITS;
    if (message->count > UINT32_MAX)
        return -EFBIG;
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, gzip, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return -ENOMEM;
    stream.next_in = message->bytes;
    stream.avail_in = (uInt)message->count;
    int rc;
    do {
        unsigned char block[1 << 14];
        stream.next_out = block;
        stream.avail_out = sizeof block;
        rc = deflate(&stream, Z_FINISH);
        // cppcheck-suppress uninitvar // deflate() filled it
        fwrite(block, 1, sizeof block - stream.avail_out, out);
    } while (rc == Z_OK);
    deflateEnd(&stream);
    return rc == Z_STREAM_END ? 0 : -EIO;
}

int report_write_pprof(const struct report *report, const struct options *options, FILE *out) {
    struct arena *arena = arena_new();
    struct pprof p = {.profile = profile_new(), .arena = arena, .first_value = INUSE_OBJECTS};
    struct listing listing = listing_make(arena, report, options);
    for (size_t i = 0; i < report->process_count; i++)
        if (report->processes[i].acquired)
            p.first_value = ALLOC_OBJECTS;
    add_header(&p, report, &listing);
    add_comments(&p, report);
    add_program(&p, report, &listing);
    for (size_t i = 0; i < listing.count; i++)
        add_site(&p, &listing.sites[i]);
    for (size_t i = 0; i < report->process_count; i++)
        add_acquired(&p, &report->processes[i]);
    struct proto message = profile_finish(p.profile);
    int rc = write_gzipped(&message, out);
    proto_free(&message);
    profile_free(p.profile);
    free(p.locations);
    free(p.lines);
    arena_free(arena);
    return rc < 0 ? rc : ferror(out) ? -EIO : 0;
}
