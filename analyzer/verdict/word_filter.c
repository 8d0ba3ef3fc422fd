// See word_filter.h. Called by classify.c; every byte that is scanned goes through here.
#include "analyzer/verdict/word_filter.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static uint64_t last_address(const struct classify_block *block) {
    return block->bytes > UINT64_MAX - block->address ? UINT64_MAX : block->address + block->bytes;
}

struct word_filter word_filter_make(const struct classify_block *blocks, size_t count) {
    struct word_filter filter = {{UINT32_MAX, UINT32_MAX}, {0, 0}};
    if (count == 0)
        return filter;
    uint64_t widest = 0, end = last_address(&blocks[0]), low_end = end, high_begin = blocks[0].address;
    for (size_t i = 1; i < count; i++) {
        if (blocks[i].address > end && blocks[i].address - end > widest) {
            widest = blocks[i].address - end;
            low_end = end;
            high_begin = blocks[i].address;
        }
        if (last_address(&blocks[i]) > end)
            end = last_address(&blocks[i]);
    }
    if (widest == 0)
        low_end = end;
    filter.low[0] = (uint32_t)(blocks[0].address >> 32);
    filter.width[0] = (uint32_t)(low_end >> 32) - filter.low[0];
    filter.low[1] = (uint32_t)(high_begin >> 32);
    filter.width[1] = (uint32_t)(end >> 32) - filter.low[1];
    return filter;
}

static size_t run_plainly(const struct word_filter *filter, const uint64_t *words, size_t count,
                          uint64_t *passed) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        passed[found] = words[i];
        found += word_filter_passes(filter, words[i]);
    }
    return found;
}

#ifdef __SSE2__
// There is no unsigned comparison: with the sign bits turned over the signed one does it.
static __m128i turned(uint32_t value) {
    return _mm_set1_epi32((int)(value ^ 0x80000000u));
}

size_t word_filter_run(const struct word_filter *filter, const uint64_t *words, size_t count,
                       uint64_t *passed) {
    const __m128i sign = _mm_set1_epi32((int)0x80000000u);
    const __m128i low0 = _mm_set1_epi32((int)filter->low[0]), low1 = _mm_set1_epi32((int)filter->low[1]);
    const __m128i width0 = turned(filter->width[0]), width1 = turned(filter->width[1]);
    size_t found = 0, i = 0;
    for (; i + 4 <= count; i += 4) {
        __m128 first = _mm_loadu_ps((const float *)(words + i)),
               second = _mm_loadu_ps((const float *)(words + i + 2));
        __m128i upper = _mm_castps_si128(_mm_shuffle_ps(first, second, _MM_SHUFFLE(3, 1, 3, 1)));
        __m128i outside0 = _mm_cmpgt_epi32(_mm_xor_si128(_mm_sub_epi32(upper, low0), sign), width0),
                outside1 = _mm_cmpgt_epi32(_mm_xor_si128(_mm_sub_epi32(upper, low1), sign), width1);
        unsigned outside = (unsigned)_mm_movemask_ps(_mm_castsi128_ps(_mm_and_si128(outside0, outside1)));
        for (unsigned inside = ~outside & 15; inside; inside &= inside - 1)
            passed[found++] = words[i + (unsigned)__builtin_ctz(inside)];
    }
    return found + run_plainly(filter, words + i, count - i, passed + found);
}
#else
size_t word_filter_run(const struct word_filter *filter, const uint64_t *words, size_t count,
                       uint64_t *passed) {
    return run_plainly(filter, words, count, passed);
}
#endif
