/* fuzz_wire.c: any bytes as a message. What decodes must print, and encode to the very same bytes:
 * there is one encoding of a message and no other. */
#include <stdlib.h>
#include <string.h>
#include <wire.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mdl_msg m;
    struct mdl_error err = {0};
    char line[300];
    uint8_t *again;
    size_t len;

    enum mdl_status st = mdl_msg_decode(data, size, &m, &err);
    if (st != MDL_OK) {
        if (err.status != st || err.text[0] == '\0' || mdl_status_class(st) != MDL_CLASS_PEER) {
            abort();
        }
        return 0;
    }
    if (mdl_msg_print(&m, line, sizeof line) != strlen(line)) {
        abort();
    }
    if (mdl_msg_encode(&m, &again, &len, &err) != MDL_OK || len != size ||
        memcmp(again, data, size) != 0) {
        abort();
    }
    free(again);
    return 0;
}
