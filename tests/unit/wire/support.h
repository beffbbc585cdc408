/* support.h: MessagePack written by hand, so that the tests do not lean on what they test. */
#ifndef MANDORLA_TEST_WIRE_SUPPORT_H
#define MANDORLA_TEST_WIRE_SUPPORT_H

#include <engine.h>

#define OUT_MAX 400000

struct out {
    uint8_t b[OUT_MAX];
    size_t n;
};

void put_byte(struct out *o, uint8_t b);
void put_uint(struct out *o, uint64_t v);
void put_bin(struct out *o, size_t len, uint8_t fill);
void put_str(struct out *o, const char *s, size_t len);
void put_array(struct out *o, size_t n);

/* How a field is written. */
enum variant {
    SMALLEST,
    LARGEST,
    KIND,       /* another kind of value */
    OVER,       /* one above the maximum */
    UNDER,      /* one below the minimum */
    ITEM_KIND,  /* an array with a first item of another kind */
    ITEM_OVER,  /* an array with a first item above its maximum */
    ITEM_UNDER, /* an array with a first item below its minimum */
    VARIANTS
};
/* Writes a field; false (and nothing written) if the variant does not exist for it. */
bool put_field(struct out *o, const struct mdl_field *f, enum variant v);
/* A whole message; field `odd` as variant `v`, the others as `rest`. odd >= n: none. */
bool put_message(struct out *o, uint8_t type, size_t odd, enum variant v, enum variant rest);
void put_envelope(struct out *o, uint8_t type, const uint8_t round[16], uint32_t seq, uint32_t ack);

#endif
