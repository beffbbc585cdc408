/* check_z85.c: Z85 against the RFC's vector, and everything it must refuse. */
#include "support.h"

#include <sodium.h>
#include <string.h>

START_TEST(the_vector_of_the_rfc)
{
    json_t *j = load_vectors("zmq/z85.json");
    json_t *cases = json_object_get(j, "z85");

    ck_assert_uint_ge(json_array_size(cases), 1);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        uint8_t raw[64];
        uint8_t back[64];
        char text[81];
        size_t len = bytes_of(c, "hex", raw, sizeof raw);
        ck_assert(mdl_z85_encode(raw, len, text));
        ck_assert_str_eq(text, text_of(c, "text"));
        ck_assert(mdl_z85_decode(text, strlen(text), back));
        ck_assert_mem_eq(back, raw, len);
    }
    json_decref(j);
}
END_TEST

START_TEST(keys_come_back)
{
    uint8_t key[MDL_CURVE_KEY_BYTES];
    uint8_t back[MDL_CURVE_KEY_BYTES];
    char text[MDL_CURVE_Z85_CHARS + 1];

    for (int i = 0; i < 200; i++) {
        randombytes_buf(key, sizeof key);
        mdl_z85_encode_key(key, text);
        ck_assert_uint_eq(strlen(text), MDL_CURVE_Z85_CHARS);
        ck_assert_int_eq(mdl_z85_decode_key(text, back, NULL), MDL_OK);
        ck_assert_mem_eq(back, key, sizeof key);
    }
}
END_TEST

START_TEST(the_example_of_libzmq)
{
    /* The server's pair of the zmq_curve(7) manual page; published, so no secret. */
    static const char public_text[] = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";
    static const char secret_text[] = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6";
    uint8_t public_key[MDL_CURVE_KEY_BYTES];
    uint8_t secret_key[MDL_CURVE_KEY_BYTES];
    uint8_t point[MDL_CURVE_KEY_BYTES];
    char text[MDL_CURVE_Z85_CHARS + 1];

    ck_assert_int_eq(mdl_z85_decode_key(public_text, public_key, NULL), MDL_OK);
    ck_assert_int_eq(mdl_z85_decode_key(secret_text, secret_key, NULL), MDL_OK);
    ck_assert_int_eq(crypto_scalarmult_base(point, secret_key), 0);
    ck_assert_mem_eq(point, public_key, sizeof point);
    mdl_z85_encode_key(point, text);
    ck_assert_str_eq(text, public_text);
}
END_TEST

START_TEST(refused)
{
    struct mdl_error err = {0};
    uint8_t key[MDL_CURVE_KEY_BYTES];
    uint8_t before[MDL_CURVE_KEY_BYTES];
    char text[MDL_CURVE_Z85_CHARS + 2] = "0000000000000000000000000000000000000000";
    char out[8];
    uint8_t raw[8] = {0};

    memset(key, 0xaa, sizeof key);
    memcpy(before, key, sizeof key);
    expect(mdl_z85_decode_key("", key, &err), MDL_U_ARGUMENT, &err, "fewer");
    text[40] = '0';
    expect(mdl_z85_decode_key(text, key, &err), MDL_U_ARGUMENT, &err, "more");
    text[40] = '\0';
    for (int c = 1; c < 256; c++) {
        static const char alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyz"
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
        text[7] = (char)c;
        const bool good = strchr(alphabet, c) != NULL;
        ck_assert_int_eq(mdl_z85_decode_key(text, key, NULL), good ? MDL_OK : MDL_U_ARGUMENT);
        if (!good) {
            ck_assert_int_ne(c, 0);
        }
    }
    memcpy(key, before, sizeof key);
    memcpy(text + 5, "%nSc1", 5); /* 2^32: one over what four bytes hold */
    expect(mdl_z85_decode_key(text, key, &err), MDL_U_ARGUMENT, &err, "over 32 bits");
    ck_assert_mem_eq(key, before, sizeof key);
    memcpy(text + 5, "%nSc0", 5); /* 2^32 - 1 */
    ck_assert_int_eq(mdl_z85_decode_key(text, key, NULL), MDL_OK);
    ck_assert(!mdl_z85_encode(raw, 7, out));
    ck_assert(!mdl_z85_decode("0000", 4, raw));
    ck_assert(mdl_z85_encode(raw, 0, out));
    ck_assert_str_eq(out, "");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("keys/z85");
    TCase *t = tcase_create("z85");

    tcase_add_test(t, the_vector_of_the_rfc);
    tcase_add_test(t, keys_come_back);
    tcase_add_test(t, the_example_of_libzmq);
    tcase_add_test(t, refused);
    suite_add_tcase(s, t);
    return run_suite(s);
}
