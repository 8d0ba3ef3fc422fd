// flags: -pthread -Wl,--no-as-needed -ltcmalloc_minimal
#include "tests/programs/mapping_beside.h"
