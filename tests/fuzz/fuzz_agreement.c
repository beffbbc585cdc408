/* fuzz_agreement.c: any bytes as an agreement. What decodes must make sense, encode to the very
 * same bytes, describe itself, and not differ from itself. */
#include <mandorla/agreement.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hear(void *ctx, enum mdl_disclosure section, const char *sentence)
{
    size_t *total = ctx;

    (void)section;
    *total += strlen(sentence);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mdl_agreement a;
    struct mdl_error err = {0};
    uint8_t again[MDL_AGREEMENT_MAX];
    size_t len;
    size_t heard = 0;

    enum mdl_status st = mdl_agreement_decode(data, size, &a, &err);
    if (st != MDL_OK) {
        if (err.status != st || err.text[0] == '\0' || mdl_status_class(st) != MDL_CLASS_PEER) {
            abort();
        }
        return 0;
    }
    if (mdl_agreement_encode(&a, again, &len, &err) != MDL_OK || len != size ||
        memcmp(again, data, size) != 0) {
        abort();
    }
    mdl_agreement_describe(&a, MDL_ROLE_A, hear, &heard);
    if (heard == 0 || mdl_agreement_compare(&a, &a, NULL, NULL) != 0) {
        abort();
    }
    return 0;
}
