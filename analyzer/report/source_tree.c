// Which of a stack's files belong to the sources that the reader has before him; see listing.h. Looks nothing
// up in the file system: a report may be printed on another machine than it was made on.
#include "analyzer/report/listing.h"

#include "analyzer/report/go_frames.h"
#include "analyzer/report/text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The path without ".", ".." and empty parts; NULL if it climbs above where it starts. Absolute stays
// absolute.
static const char *resolved(struct arena *arena, const char *path) {
    bool absolute = *path == '/';
    char *out = arena_alloc(arena, strlen(path) + 2);
    size_t length = 0;
    while (*path) {
        size_t part = strcspn(path, "/");
        if (part == 2 && memcmp(path, "..", 2) == 0) {
            if (length == 0)
                return NULL;
            while (length > 0 && out[--length] != '/')
                ;
        } else if (part > 0 && !(part == 1 && *path == '.')) {
            if (length > 0 || absolute)
                out[length++] = '/';
            memcpy(out + length, path, part);
            length += part;
        }
        path += part + (path[part] == '/');
    }
    out[length] = '\0';
    return out;
}

const char *source_root(struct arena *arena, const struct options *options) {
    const char *root = options->source_root;
    const char *const variables[] = {"GITHUB_WORKSPACE", "CI_PROJECT_DIR"};
    for (size_t i = 0; i < 2 && !root; i++) {
        const char *value = getenv(variables[i]);
        root = value && *value == '/' ? value : NULL;
    }
    char *here = root && *root == '/' ? NULL : getcwd(NULL, 0);
    if (here && root)
        root = arena_printf(arena, "%s/%s", here, root);
    else if (here)
        root = arena_strdup(arena, here);
    free(here);
    return root && *root == '/' ? resolved(arena, root) : NULL;
}

const char *source_path(struct arena *arena, const char *root, const char *file) {
    const char *path = resolved(arena, file);
    if (!path || !*path)
        return NULL;
    if (*path != '/')
        return path;
    size_t length = root ? strlen(root) : 0;
    return root && strncmp(path, root, length) == 0 && path[length] == '/' && path[length + 1]
               ? path + length + 1
               : NULL;
}

const char *frame_source_path(struct arena *arena, const char *root, const struct report_frame *frame) {
    return frame->file && !frame_is_go_wrapper(frame) ? source_path(arena, root, frame->file) : NULL;
}

const struct report_frame **frames_for_people(struct arena *arena, const struct report_site *site,
                                              size_t *count) {
    bool fold = site_has_other_than_go_wrappers(site);
    size_t most = frames_up_to_main(site), shown = 0;
    const struct report_frame **frames = arena_array(arena, const struct report_frame *, most);
    for (size_t i = 0; i < most; i++)
        if (!fold || !frame_is_go_wrapper(&site->frames[i]))
            frames[shown++] = &site->frames[i];
    *count = shown;
    return frames;
}

const struct report_frame *frame_in_sources(struct arena *arena, const struct report_site *site,
                                            const char *root, const char **path) {
    for (size_t i = 0; i < site->frame_count; i++) {
        const char *inside = frame_source_path(arena, root, &site->frames[i]);
        if (inside) {
            *path = inside;
            return &site->frames[i];
        }
    }
    return NULL;
}
