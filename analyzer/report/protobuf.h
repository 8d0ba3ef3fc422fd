// Writing messages in protocol buffers' wire format: what profile.proto needs of it.
#pragma once

#include <stddef.h>
#include <stdint.h>

// A message under way: all zero is an empty one. Release with proto_free. Aborts when memory runs out.
struct proto {
    uint8_t *bytes;
    size_t count, room;
};

void proto_free(struct proto *message);

// A field of a number; 0 is what a reader takes a missing one for, and is left out. Negative numbers come as
// their two's complement.
void proto_number(struct proto *message, uint32_t field, uint64_t value);
// A repeated field of numbers, packed: zeros count there.
void proto_numbers(struct proto *message, uint32_t field, const uint64_t *values, size_t count);
void proto_bytes(struct proto *message, uint32_t field, const void *bytes, size_t count);
// Takes what is in inner, and empties it for the next use.
void proto_message(struct proto *message, uint32_t field, struct proto *inner);
