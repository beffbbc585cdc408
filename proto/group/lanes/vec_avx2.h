/* vec_avx2.h: four 64-bit lanes in a 256-bit register (AVX2).
 * One of the four versions of the same few operations: vec_word.h, vec_avx2.h, vec_avx512.h,
 * vec_checked.h. Included by one .c file, which alone is compiled for that instruction set. */
#ifndef MANDORLA_GROUP_VEC_H
#define MANDORLA_GROUP_VEC_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define LANES ((size_t)4)

typedef __m256i vec;

static inline vec vec_set1(uint64_t a)
{
    return _mm256_set1_epi64x((long long)a);
}

static inline vec vec_load(const uint64_t *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

static inline void vec_store(uint64_t *p, vec a)
{
    _mm256_storeu_si256((__m256i *)(void *)p, a);
}

/* The product of the low halves; the high halves are to be zero. */
static inline vec vec_mul(vec a, vec b)
{
    return _mm256_mul_epu32(a, b);
}

static inline vec vec_add(vec a, vec b)
{
    return _mm256_add_epi64(a, b);
}

static inline vec vec_sub(vec a, vec b)
{
    return _mm256_sub_epi64(a, b);
}

static inline vec vec_and(vec a, vec b)
{
    return _mm256_and_si256(a, b);
}

static inline vec vec_or(vec a, vec b)
{
    return _mm256_or_si256(a, b);
}

static inline vec vec_xor(vec a, vec b)
{
    return _mm256_xor_si256(a, b);
}

static inline vec vec_shl(vec a, int n)
{
    return _mm256_slli_epi64(a, n);
}

static inline vec vec_shr(vec a, int n)
{
    return _mm256_srli_epi64(a, n);
}

/* All ones in the lanes where a equals b, else zero. */
static inline vec vec_eq(vec a, vec b)
{
    return _mm256_cmpeq_epi64(a, b);
}

/* acc | (m & a) */
static inline vec vec_pick(vec acc, vec m, vec a)
{
    return vec_or(acc, vec_and(m, a));
}

/* m ? a : b, for a mask m */
static inline vec vec_select(vec m, vec a, vec b)
{
    return _mm256_blendv_epi8(b, a, m);
}

/* Column j of out is the j-th word behind each lane's pointer; n is a multiple of 4. */
static inline void vec_gather(vec *out, const uint64_t *const p[LANES], size_t n)
{
    for (size_t j = 0; j < n; j += 4) {
        vec a = vec_load(p[0] + j);
        vec b = vec_load(p[1] + j);
        vec c = vec_load(p[2] + j);
        vec d = vec_load(p[3] + j);
        vec ab0 = _mm256_unpacklo_epi64(a, b);
        vec ab1 = _mm256_unpackhi_epi64(a, b);
        vec cd0 = _mm256_unpacklo_epi64(c, d);
        vec cd1 = _mm256_unpackhi_epi64(c, d);

        out[j] = _mm256_permute2x128_si256(ab0, cd0, 0x20);
        out[j + 1] = _mm256_permute2x128_si256(ab1, cd1, 0x20);
        out[j + 2] = _mm256_permute2x128_si256(ab0, cd0, 0x31);
        out[j + 3] = _mm256_permute2x128_si256(ab1, cd1, 0x31);
    }
}

/* The other way round. */
static inline void vec_scatter(uint64_t *const p[LANES], const vec *in, size_t n)
{
    for (size_t j = 0; j < n; j += 4) {
        vec ab0 = _mm256_unpacklo_epi64(in[j], in[j + 1]);
        vec ab1 = _mm256_unpackhi_epi64(in[j], in[j + 1]);
        vec cd0 = _mm256_unpacklo_epi64(in[j + 2], in[j + 3]);
        vec cd1 = _mm256_unpackhi_epi64(in[j + 2], in[j + 3]);

        vec_store(p[0] + j, _mm256_permute2x128_si256(ab0, cd0, 0x20));
        vec_store(p[1] + j, _mm256_permute2x128_si256(ab1, cd1, 0x20));
        vec_store(p[2] + j, _mm256_permute2x128_si256(ab0, cd0, 0x31));
        vec_store(p[3] + j, _mm256_permute2x128_si256(ab1, cd1, 0x31));
    }
}

/* The compiler may not move the making of a .. j behind this point, nor keep what it has read from
 * memory, the array's among it, in registers. Costs nothing itself. */
#define VEC_PIN(array, a, b, c, d, e, f, g, h, i, j)                                               \
    __asm__ volatile(""                                                                            \
                     : "+x"(a), "+x"(b), "+x"(c), "+x"(d), "+x"(e), "+x"(f), "+x"(g), "+x"(h),     \
                       "+x"(i), "+x"(j)                                                            \
                     : "r"(array)                                                                  \
                     : "memory")

/* Before code of another compilation unit runs: no penalty for its SSE instructions. */
static inline void vec_leave(void)
{
    _mm256_zeroupper();
}

#endif
