/* fingerprint.h: an identity as words to be read over the phone, or as hex to be compared by eye.
 *
 * digest(identity) = T("fingerprint", identity), a tagged SHA-512 (PROTOCOL 1.3, 3.6).
 *
 * Words: the first 80 bits as ten words of the PGP word list (lower case), which alternates between
 * two lists (two and three syllables) so that a word left out, doubled or swapped is heard. To find
 * a second identity with the same ten words takes 2^80 key generations (2^80 / n against any of n
 * nodes). Hex: the first 256 bits in 16 groups of 4.
 *
 * Pair: the words of both identities, lower identity first, so that both sides read the same text.
 * It is not a hash of both: an attacker in the middle chooses a key towards each side, and to make
 * two 80-bit hashes of pairs collide would take 2^40 only. This way each half stands at 2^80.
 *
 * Pure functions; cannot fail. The output is always NUL-terminated.
 */
#ifndef MANDORLA_FINGERPRINT_H
#define MANDORLA_FINGERPRINT_H

#include <mandorla/signer.h>
#include <stddef.h>
#include <stdint.h>

#define MDL_FINGERPRINT_WORDS    10
#define MDL_FINGERPRINT_WORD_MAX 11 /* letters of the longest word */
#define MDL_FINGERPRINT_TEXT     ((size_t)MDL_FINGERPRINT_WORDS * (MDL_FINGERPRINT_WORD_MAX + 1))
#define MDL_FINGERPRINT_PAIR     (2 * MDL_FINGERPRINT_TEXT)
#define MDL_FINGERPRINT_HEX      80

/* Ten words with one space between. */
void mdl_fingerprint_words(const uint8_t identity[MDL_IDENTITY_BYTES],
                           char out[MDL_FINGERPRINT_TEXT]);
/* Twenty words; a line feed between the two halves. The order of the arguments does not matter. */
void mdl_fingerprint_pair(const uint8_t a[MDL_IDENTITY_BYTES], const uint8_t b[MDL_IDENTITY_BYTES],
                          char out[MDL_FINGERPRINT_PAIR]);
/* "1a2b 3c4d ...": 79 characters. */
void mdl_fingerprint_hex(const uint8_t identity[MDL_IDENTITY_BYTES], char out[MDL_FINGERPRINT_HEX]);

#endif
