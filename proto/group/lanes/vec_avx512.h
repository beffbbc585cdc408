/* vec_avx512.h: eight 64-bit lanes in a 512-bit register (AVX-512F and nothing beyond it).
 * See vec_avx2.h. */
#ifndef MANDORLA_GROUP_VEC_H
#define MANDORLA_GROUP_VEC_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define LANES ((size_t)8)

typedef __m512i vec;

static inline vec vec_set1(uint64_t a)
{
    return _mm512_set1_epi64((long long)a);
}

static inline vec vec_load(const uint64_t *p)
{
    return _mm512_loadu_si512(p);
}

static inline void vec_store(uint64_t *p, vec a)
{
    _mm512_storeu_si512(p, a);
}

/* The product of the low halves; the high halves are to be zero. */
static inline vec vec_mul(vec a, vec b)
{
    return _mm512_mul_epu32(a, b);
}

static inline vec vec_add(vec a, vec b)
{
    return _mm512_add_epi64(a, b);
}

static inline vec vec_sub(vec a, vec b)
{
    return _mm512_sub_epi64(a, b);
}

static inline vec vec_and(vec a, vec b)
{
    return _mm512_and_si512(a, b);
}

static inline vec vec_or(vec a, vec b)
{
    return _mm512_or_si512(a, b);
}

static inline vec vec_xor(vec a, vec b)
{
    return _mm512_xor_si512(a, b);
}

static inline vec vec_shl(vec a, int n)
{
    return _mm512_slli_epi64(a, (unsigned)n);
}

static inline vec vec_shr(vec a, int n)
{
    return _mm512_srli_epi64(a, (unsigned)n);
}

/* All ones in the lanes where a equals b, else zero. */
static inline vec vec_eq(vec a, vec b)
{
    return _mm512_maskz_set1_epi64(_mm512_cmpeq_epi64_mask(a, b), -1);
}

/* acc | (m & a) */
static inline vec vec_pick(vec acc, vec m, vec a)
{
    return _mm512_ternarylogic_epi64(acc, m, a, 0xf8);
}

/* m ? a : b, for a mask m */
static inline vec vec_select(vec m, vec a, vec b)
{
    return _mm512_ternarylogic_epi64(m, a, b, 0xca);
}

static inline __m256i vec_half(const uint64_t *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

/* The j-th four words of two lanes that are four lanes apart. */
static inline vec vec_pair(const uint64_t *low, const uint64_t *high)
{
    return _mm512_inserti64x4(_mm512_castsi256_si512(vec_half(low)), vec_half(high), 1);
}

/* Column j of out is the j-th word behind each lane's pointer; n is a multiple of 4. */
static inline void vec_gather(vec *out, const uint64_t *const p[LANES], size_t n)
{
    const vec even = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
    const vec odd = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);

    for (size_t j = 0; j < n; j += 4) {
        vec a = vec_pair(p[0] + j, p[4] + j);
        vec b = vec_pair(p[1] + j, p[5] + j);
        vec c = vec_pair(p[2] + j, p[6] + j);
        vec d = vec_pair(p[3] + j, p[7] + j);
        vec ab0 = _mm512_unpacklo_epi64(a, b);
        vec ab1 = _mm512_unpackhi_epi64(a, b);
        vec cd0 = _mm512_unpacklo_epi64(c, d);
        vec cd1 = _mm512_unpackhi_epi64(c, d);

        out[j] = _mm512_permutex2var_epi64(ab0, even, cd0);
        out[j + 1] = _mm512_permutex2var_epi64(ab1, even, cd1);
        out[j + 2] = _mm512_permutex2var_epi64(ab0, odd, cd0);
        out[j + 3] = _mm512_permutex2var_epi64(ab1, odd, cd1);
    }
}

static inline void vec_part(uint64_t *low, uint64_t *high, vec a)
{
    _mm256_storeu_si256((__m256i *)(void *)low, _mm512_castsi512_si256(a));
    _mm256_storeu_si256((__m256i *)(void *)high, _mm512_extracti64x4_epi64(a, 1));
}

/* The other way round. */
static inline void vec_scatter(uint64_t *const p[LANES], const vec *in, size_t n)
{
    const vec even = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
    const vec odd = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);

    for (size_t j = 0; j < n; j += 4) {
        vec ab0 = _mm512_unpacklo_epi64(in[j], in[j + 1]);
        vec ab1 = _mm512_unpackhi_epi64(in[j], in[j + 1]);
        vec cd0 = _mm512_unpacklo_epi64(in[j + 2], in[j + 3]);
        vec cd1 = _mm512_unpackhi_epi64(in[j + 2], in[j + 3]);

        vec_part(p[0] + j, p[4] + j, _mm512_permutex2var_epi64(ab0, even, cd0));
        vec_part(p[1] + j, p[5] + j, _mm512_permutex2var_epi64(ab1, even, cd1));
        vec_part(p[2] + j, p[6] + j, _mm512_permutex2var_epi64(ab0, odd, cd0));
        vec_part(p[3] + j, p[7] + j, _mm512_permutex2var_epi64(ab1, odd, cd1));
    }
}

/* The compiler may not move the making of a .. j behind this point, nor keep what it has read from
 * memory, the array's among it, in registers. Costs nothing itself. */
#define VEC_PIN(array, a, b, c, d, e, f, g, h, i, j)                                               \
    __asm__ volatile(""                                                                            \
                     : "+v"(a), "+v"(b), "+v"(c), "+v"(d), "+v"(e), "+v"(f), "+v"(g), "+v"(h),     \
                       "+v"(i), "+v"(j)                                                            \
                     : "r"(array)                                                                  \
                     : "memory")

/* Before code of another compilation unit runs: no penalty for its SSE instructions. */
static inline void vec_leave(void)
{
    _mm256_zeroupper();
}

#endif
