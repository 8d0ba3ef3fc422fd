// See word_filter.h. Called by classify.c; every byte that is scanned goes through here.
#include "analyzer/verdict/word_filter.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

struct word_filter word_filter_make(const struct address_spans *spans) {
    struct word_filter filter;
    for (int i = 0; i < 2; i++) {
        filter.low[i] = (uint32_t)(spans->span[i].first >> 32);
        filter.width[i] = (uint32_t)(spans->span[i].last >> 32) - filter.low[i];
    }
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
        if (outside == 15)
            continue;
        for (unsigned word = 0; word < 4; word++) { // without a branch: pointers come at random
            passed[found] = words[i + word];
            found += ~outside >> word & 1;
        }
    }
    return found + run_plainly(filter, words + i, count - i, passed + found);
}
#else
size_t word_filter_run(const struct word_filter *filter, const uint64_t *words, size_t count,
                       uint64_t *passed) {
    return run_plainly(filter, words, count, passed);
}
#endif
