// See protobuf.h. Called by profile.c.
#include "analyzer/report/protobuf.h"

#include "analyzer/vector.h"

enum { TYPE_VARINT = 0, TYPE_BYTES = 2 };

void proto_free(struct proto *message) {
    free(message->bytes);
    *message = (struct proto){0};
}

static void put_varint(struct proto *message, uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        *VECTOR_PUSH(message->bytes, message->count, message->room) = (uint8_t)(value | 0x80);
    *VECTOR_PUSH(message->bytes, message->count, message->room) = (uint8_t)value;
}

static void put_raw(struct proto *message, const void *bytes, size_t count) {
    while (message->room - message->count < count)
        message->bytes = vector_grow(message->bytes, &message->room, 1);
    if (count)
        memcpy(message->bytes + message->count, bytes, count);
    message->count += count;
}

void proto_number(struct proto *message, uint32_t field, uint64_t value) {
    if (value == 0)
        return;
    put_varint(message, (uint64_t)field << 3 | TYPE_VARINT);
    put_varint(message, value);
}

void proto_numbers(struct proto *message, uint32_t field, const uint64_t *values, size_t count) {
    struct proto packed = {0};
    for (size_t i = 0; i < count; i++)
        put_varint(&packed, values[i]);
    if (count)
        proto_bytes(message, field, packed.bytes, packed.count);
    proto_free(&packed);
}

void proto_bytes(struct proto *message, uint32_t field, const void *bytes, size_t count) {
    put_varint(message, (uint64_t)field << 3 | TYPE_BYTES);
    put_varint(message, count);
    put_raw(message, bytes, count);
}

void proto_message(struct proto *message, uint32_t field, struct proto *inner) {
    proto_bytes(message, field, inner->bytes, inner->count);
    inner->count = 0;
}
