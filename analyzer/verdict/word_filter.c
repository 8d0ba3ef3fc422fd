// See word_filter.h. Called by pointers.c and classify_read.c; every byte that is scanned goes through here.
#include "analyzer/verdict/word_filter.h"

#include "analyzer/verdict/instructions.h"

#if HAS_WIDE
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))

struct word_filter word_filter_make(const struct address_spans *spans) {
    struct word_filter filter = {.wide = instructions_are_wide(), .widest = instructions_are_widest()};
    for (int i = 0; i < 2; i++) {
        filter.first[i] = spans->span[i].first;
        filter.width[i] = spans->span[i].last - spans->span[i].first;
    }
    return filter;
}

typedef size_t pass_words(const struct word_filter *filter, const uint64_t *words, size_t count,
                          uint32_t source, uint64_t *passed, uint32_t *sources);

INLINE size_t pass_plainly(const struct word_filter *filter, const uint64_t *words, size_t count,
                           uint32_t source, uint64_t *passed, uint32_t *sources) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++) { // without a branch: pointers come at random
        passed[found] = words[i];
        sources[found] = source;
        found += (words[i] - filter->first[0] <= filter->width[0]) |
                 (words[i] - filter->first[1] <= filter->width[1]);
    }
    return found;
}

// Is it worth a look at a block that begins with these words? Yes wherever a heuristic might say something.
INLINE bool is_remarkable(const struct address_spans *tables, const uint64_t *words, uint64_t bytes) {
    return (bytes >= 8) &
           ((words[0] - 1 < bytes - 8) | (words[1] == bytes - 25) | address_spans_hold(tables, words[0]));
}

INLINE void run_blocks(const struct word_filter *filter, struct block_run *run, struct word_batch *batch,
                       pass_words *pass) {
    const struct word_filter own = *filter; // copies: for all the compiler knows what is written changes them
    const struct classify_block *blocks = run->blocks;
    const unsigned char *memory = run->memory;
    const uint64_t first = run->begin, room = run->end - first;
    const struct address_spans tables = run->tables;
    uint64_t scanned = 0;
    size_t found = batch->count, noted = run->noted_count;
    uint32_t next = run->next, until = run->until;
    for (; next < until; next++) {
        uint64_t begin = blocks[next].address, bytes = blocks[next].bytes, at = begin - first;
        uint64_t distance = blocks[next + 1].address - begin;
        bytes = bytes < distance ? bytes : distance; // it ends where the next one begins
        uint64_t count = bytes / 8;
        if ((begin % 8 != 0) | (at >= room) | (count > RUN_MOST_WORDS) | (at + bytes > room) |
            (found + count > WORD_BATCH) | (noted == RUN_NOTED))
            break;
        const uint64_t *words = (const uint64_t *)(const void *)(memory + at);
        run->noted[noted] = next;
        noted += is_remarkable(&tables, words, bytes);
        found += pass(&own, words, count, next, batch->words + found, batch->sources + found);
        scanned += 8 * count;
    }
    run->next = next;
    run->noted_count = noted;
    run->scanned_bytes += scanned;
    batch->count = found;
}

#if HAS_WIDE
// For each set of four words those in it, together; as pairs of halves, and as bytes of halves.
#define PAIR(word) 2 * (word), 2 * (word) + 1
static const uint32_t together[16][8] = {
    {0},
    {PAIR(0)},
    {PAIR(1)},
    {PAIR(0), PAIR(1)},
    {PAIR(2)},
    {PAIR(0), PAIR(2)},
    {PAIR(1), PAIR(2)},
    {PAIR(0), PAIR(1), PAIR(2)},
    {PAIR(3)},
    {PAIR(0), PAIR(3)},
    {PAIR(1), PAIR(3)},
    {PAIR(0), PAIR(1), PAIR(3)},
    {PAIR(2), PAIR(3)},
    {PAIR(0), PAIR(2), PAIR(3)},
    {PAIR(1), PAIR(2), PAIR(3)},
    {PAIR(0), PAIR(1), PAIR(2), PAIR(3)},
};

// There is no unsigned comparison: with the sign bits turned over the signed one does it.
#define SIGN (1ull << 63)

// Reads whole groups of four words: up to three words more than count, which do not count.
WIDE INLINE size_t pass_widely(const struct word_filter *filter, const uint64_t *words, size_t count,
                               uint32_t source, uint64_t *passed, uint32_t *sources) {
    const __m256i first0 = _mm256_set1_epi64x((long long)(filter->first[0] ^ SIGN)),
                  first1 = _mm256_set1_epi64x((long long)(filter->first[1] ^ SIGN)),
                  width0 = _mm256_set1_epi64x((long long)(filter->width[0] ^ SIGN)),
                  width1 = _mm256_set1_epi64x((long long)(filter->width[1] ^ SIGN));
    const __m128i here = _mm_set1_epi32((int)source);
    size_t found = 0;
    for (size_t i = 0; i < count; i += 4) {
        __m256i four = _mm256_loadu_si256((const __m256i *)(const void *)(words + i));
        __m256i outside = _mm256_and_si256(_mm256_cmpgt_epi64(_mm256_sub_epi64(four, first0), width0),
                                           _mm256_cmpgt_epi64(_mm256_sub_epi64(four, first1), width1));
        unsigned there = count - i < 4 ? (1u << (count - i)) - 1 : 15;
        unsigned set = ~(unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(outside)) & there;
        __m256i order = _mm256_loadu_si256((const __m256i *)(const void *)together[set]);
        _mm256_storeu_si256((__m256i *)(void *)(passed + found), _mm256_permutevar8x32_epi32(four, order));
        _mm_storeu_si128((__m128i *)(void *)(sources + found), here);
        found += (unsigned)__builtin_popcount(set);
    }
    return found;
}

// The same of eight words, and nothing is read that does not count.
WIDEST INLINE size_t pass_widest(const struct word_filter *filter, const uint64_t *words, size_t count,
                                 uint32_t source, uint64_t *passed, uint32_t *sources) {
    const __m512i first0 = _mm512_set1_epi64((long long)filter->first[0]),
                  first1 = _mm512_set1_epi64((long long)filter->first[1]),
                  width0 = _mm512_set1_epi64((long long)filter->width[0]),
                  width1 = _mm512_set1_epi64((long long)filter->width[1]);
    const __m256i here = _mm256_set1_epi32((int)source);
    size_t found = 0;
    for (size_t i = 0; i < count; i += 8) {
        __mmask8 there = count - i < 8 ? (__mmask8)((1u << (count - i)) - 1) : 0xff;
        __m512i eight = _mm512_maskz_loadu_epi64(there, words + i);
        unsigned set =
            (unsigned)_mm512_mask_cmple_epu64_mask(there, _mm512_sub_epi64(eight, first0), width0) |
            (unsigned)_mm512_mask_cmple_epu64_mask(there, _mm512_sub_epi64(eight, first1), width1);
        _mm512_storeu_si512(passed + found, _mm512_maskz_compress_epi64((__mmask8)set, eight));
        _mm256_storeu_si256((__m256i *)(void *)(sources + found), here);
        found += (unsigned)__builtin_popcount(set);
    }
    return found;
}

WIDEST static void run_blocks_widest(const struct word_filter *filter, struct block_run *run,
                                     struct word_batch *batch) {
    run_blocks(filter, run, batch, pass_widest);
}

WIDEST static size_t run_widest(const struct word_filter *filter, const uint64_t *words, size_t count,
                                uint32_t source, uint64_t *passed, uint32_t *sources) {
    return pass_widest(filter, words, count, source, passed, sources);
}

WIDE static void run_blocks_widely(const struct word_filter *filter, struct block_run *run,
                                   struct word_batch *batch) {
    run_blocks(filter, run, batch, pass_widely);
}

WIDE static size_t run_widely(const struct word_filter *filter, const uint64_t *words, size_t count,
                              uint32_t source, uint64_t *passed, uint32_t *sources) {
    return pass_widely(filter, words, count, source, passed, sources);
}
#endif

void word_filter_blocks(const struct word_filter *filter, struct block_run *run, struct word_batch *batch) {
#if HAS_WIDE
    if (filter->widest) {
        run_blocks_widest(filter, run, batch);
        return;
    }
    if (filter->wide) {
        run_blocks_widely(filter, run, batch);
        return;
    }
#endif
    run_blocks(filter, run, batch, pass_plainly);
}

void word_filter_run(const struct word_filter *filter, const uint64_t *words, size_t count, uint32_t source,
                     struct word_batch *batch) {
    size_t fours = 0;
#if HAS_WIDE
    if (filter->widest) {
        batch->count += run_widest(filter, words, count, source, batch->words + batch->count,
                                   batch->sources + batch->count);
        return;
    }
    if (filter->wide) {
        fours = count & ~(size_t)3; // there need not be more words than these
        batch->count += run_widely(filter, words, fours, source, batch->words + batch->count,
                                   batch->sources + batch->count);
    }
#endif
    batch->count += pass_plainly(filter, words + fours, count - fours, source, batch->words + batch->count,
                                 batch->sources + batch->count);
}
