// The mapping that an address lies in.
#pragma once

#include "analyzer/verdict/classify.h"

// The index of the first mapping that ends after address: it holds it, or begins above it. mapping_count if
// there is none.
size_t mapping_from(const struct classify_input *input, uint64_t address);
// The mapping that holds address and has all of flags; or NULL.
const struct classify_mapping *mapping_with(const struct classify_input *input, uint64_t address,
                                            unsigned flags);
