// Where this library keeps the only pointer to a block.
#pragma once

void keep_in_own_mapping(void *block);
void keep_in_freed_memory(void *block); // from where nobody gets it any more
