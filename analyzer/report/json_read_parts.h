// What the files that read a report back share (json_read*.c). For nobody else. Errors are the reader's.
#pragma once

#include "analyzer/report/json_fields.h"
#include "analyzer/report/report.h"

// Its member "frames"; returns how many.
size_t read_frames(struct reader *r, const json_t *object, struct report_frame **out);

// One of a site of this kind.
void read_example(struct reader *r, enum site_kind kind, const json_t *object, struct report_example *out);

// Member "fd" of a process's totals, which may be null.
void read_fd_totals(struct reader *r, const json_t *totals, struct report_process *out);

// What a process says of its descriptors beside that.
void read_descriptors(struct reader *r, const json_t *process, struct report_process *out);

// What it has open or mapped past the hooks.
void read_unattributed_groups(struct reader *r, const json_t *process, struct report_process *out);
