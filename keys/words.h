/* words.h: the PGP word list, indexed by byte. Even places take one list, odd places the other, so
 * that a word left out, doubled or swapped is heard. */
#ifndef MANDORLA_WORDS_H
#define MANDORLA_WORDS_H

extern const char *const mdl_words_even[256];
extern const char *const mdl_words_odd[256];

#endif
