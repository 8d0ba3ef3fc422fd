// Debug files from the servers in DEBUGINFOD_URLS. The only room of the analyzer that may touch the network;
// nobody enters it unless the user asked.
#pragma once

#include "analyzer/symbols/elf_file.h"

struct debuginfod;

// Loads the client library. NULL if it is not installed.
struct debuginfod *debuginfod_open(void);
void debuginfod_close(struct debuginfod *servers);

// 0, or -ENOENT if no server has a debug file of that build-id (or none is named in the environment).
int debuginfod_find(struct debuginfod *servers, const uint8_t *build_id, size_t build_id_bytes,
                    struct elf_file *out);
