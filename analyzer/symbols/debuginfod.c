// Asks debuginfod servers through elfutils' client library, which is loaded here rather than linked: most
// runs never need it, and a run that was not told to use the network should not even have the means at hand.
#include "analyzer/symbols/debuginfod.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

struct debuginfod {
    void *library;
    void *client; // debuginfod_client *
    void (*end)(void *client);
    int (*find)(void *client, const unsigned char *build_id, int build_id_bytes, char **path);
};

struct debuginfod *debuginfod_open(void) {
    struct debuginfod *servers = calloc(1, sizeof *servers);
    if (!servers)
        return NULL;
    servers->library = dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!servers->library)
        goto fail;
    void *(*begin)(void) = (void *(*)(void))dlsym(servers->library, "debuginfod_begin");
    servers->end = (void (*)(void *))dlsym(servers->library, "debuginfod_end");
    servers->find = (int (*)(void *, const unsigned char *, int, char **))dlsym(servers->library,
                                                                                "debuginfod_find_debuginfo");
    if (!begin || !servers->end || !servers->find || !(servers->client = begin()))
        goto fail;
    return servers;
fail:
    if (servers->library)
        dlclose(servers->library);
    free(servers);
    return NULL;
}

void debuginfod_close(struct debuginfod *servers) {
    if (!servers)
        return;
    servers->end(servers->client);
    dlclose(servers->library);
    free(servers);
}

int debuginfod_find(struct debuginfod *servers, const uint8_t *build_id, size_t build_id_bytes,
                    struct elf_file *out) {
    if (build_id_bytes == 0 || build_id_bytes > INT_MAX)
        return -ENOENT;
    int fd = servers->find(servers->client, build_id, (int)build_id_bytes, NULL);
    struct elf_file file;
    if (fd < 0 || elf_file_from_fd(fd, &file) != 0)
        return -ENOENT;
    if (!elf_file_has_build_id(&file, build_id, build_id_bytes)) {
        elf_file_close(&file);
        return -ENOENT;
    }
    *out = file;
    return 0;
}
