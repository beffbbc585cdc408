/* fingerprint.c: identities as words and as hex. Public keys only.
 * May not shorten: the number of words is the security level stated in the header. */
#include "fingerprint.h"

#include "internal.h"
#include "words.h"

#include <mandorla/role.h>
#include <stdio.h>
#include <string.h>

static void digest(const uint8_t identity[MDL_IDENTITY_BYTES], uint8_t out[MDL_TAGGED_BYTES])
{
    const struct mdl_part part = {identity, MDL_IDENTITY_BYTES};

    mdl_tagged("fingerprint", &part, 1, out);
}

void mdl_fingerprint_words(const uint8_t identity[MDL_IDENTITY_BYTES],
                           char out[MDL_FINGERPRINT_TEXT])
{
    uint8_t d[MDL_TAGGED_BYTES];
    const size_t size = MDL_FINGERPRINT_TEXT;
    size_t used = 0;

    digest(identity, d);
    for (size_t i = 0; i < MDL_FINGERPRINT_WORDS; i++) {
        const char *word = i % 2 == 0 ? mdl_words_even[d[i]] : mdl_words_odd[d[i]];
        used += (size_t)snprintf(out + used, size - used, "%s%s", i > 0 ? " " : "", word);
    }
}

void mdl_fingerprint_pair(const uint8_t a[MDL_IDENTITY_BYTES], const uint8_t b[MDL_IDENTITY_BYTES],
                          char out[MDL_FINGERPRINT_PAIR])
{
    const bool a_first = mdl_role_of(a, b) == MDL_ROLE_A;

    mdl_fingerprint_words(a_first ? a : b, out);
    size_t len = strlen(out);
    out[len] = '\n';
    mdl_fingerprint_words(a_first ? b : a, out + len + 1);
}

void mdl_fingerprint_hex(const uint8_t identity[MDL_IDENTITY_BYTES], char out[MDL_FINGERPRINT_HEX])
{
    uint8_t d[MDL_TAGGED_BYTES];

    digest(identity, d);
    for (size_t group = 0; group < 16; group++) {
        (void)snprintf(out + 5 * group, MDL_FINGERPRINT_HEX - 5 * group, "%02x%02x%s", d[2 * group],
                       d[2 * group + 1], group < 15 ? " " : "");
    }
}
