// flags: -pthread -Wl,--no-as-needed -lmimalloc
#include "tests/programs/mapping_beside.h"
