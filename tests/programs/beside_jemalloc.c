// flags: -pthread -Wl,--no-as-needed -ljemalloc
#include "tests/programs/mapping_beside.h"
