/* Any bytes as a STUN message; what parses must point into the bytes and survive the readers. */
#include <stdlib.h>

#include "ice/stun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void within(const uint8_t *data, size_t size, const uint8_t *p, size_t len)
{
    if (p != NULL && (p < data || len > size || (size_t)(p - data) > size - len)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct strait__stun_message m;
    if (strait__stun_parse(&m, data, size) != STRAIT_OK) {
        return 0;
    }
    within(data, size, m.username, m.username_len);
    within(data, size, m.software, m.software_len);
    for (size_t i = 0; i < m.n_unknown_optional; i++) {
        within(data, size, m.unknown_optional[i].value, m.unknown_optional[i].len);
    }
    size_t len;
    within(data, size, strait__stun_local_ufrag(&m, &len), len);
    strait__stun_username_is(&m, "evtj", "h6vY");
    strait__stun_verify(&m, "VOkJxbRl1RmTxUk/WvJxBt", 22);

    /* What it says can be said again. */
    uint8_t out[STRAIT__STUN_MAX];
    struct strait__stun_writer w;
    strait__stun_begin(&w, out, sizeof out, m.class_, m.method, m.transaction);
    if (m.has_mapped) {
        strait__stun_add_xor_mapped(&w, &m.mapped);
    }
    if (m.error_code != 0) {
        strait__stun_add_error(&w, m.error_code, NULL);
    }
    strait__stun_add_unknown(&w, m.unknown_required, m.n_unknown_required);
    struct strait__stun_message again;
    int n = strait__stun_finish(&w, "password", 8);
    if (n < 0 || strait__stun_parse(&again, out, (size_t)n) != STRAIT_OK ||
        !strait__stun_verify(&again, "password", 8) || again.error_code != m.error_code) {
        abort();
    }
    return 0;
}
