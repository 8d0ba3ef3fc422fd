// flags: -pthread
#include "tests/programs/mapping_beside.h"
