#include "transport/dtls/listener.h"
#include "transport/dtls/suites.h"

static uint16_t choose_suite(const struct strait_dtls_config *config,
                             const struct strait__hello *hello)
{
    for (size_t i = 0; i < config->n_cipher_suites; i++) {
        uint16_t suite = config->cipher_suites[i];
        if (strait__suite_find(suite)->kind == STRAIT__SUITE_13 &&
            strait__numbers_have(&hello->cipher_suites, suite)) {
            return suite;
        }
    }
    return 0;
}

/* A share counts where the client also lists its group (RFC 8446, 4.2.8). */
static uint16_t choose_group(const struct strait_dtls_config *config,
                             const struct strait__hello *hello, bool with_share)
{
    for (size_t i = 0; i < config->n_groups; i++) {
        uint16_t group = (uint16_t)config->groups[i];
        if (strait__numbers_have(&hello->groups, group) &&
            (!with_share || strait__hello_has_share(hello, group))) {
            return group;
        }
    }
    return 0;
}

int strait__listener_choose(const struct strait_dtls_config *config,
                            const struct strait__hello *hello, uint16_t *suite, uint16_t *group)
{
    /* RFC 8446, 9.2 */
    if (hello->groups.data == NULL || hello->shares.data == NULL) {
        return STRAIT__ALERT_MISSING_EXTENSION;
    }
    *suite = choose_suite(config, hello);
    *group = 0;
    if (choose_group(config, hello, true) == 0) {
        *group = choose_group(config, hello, false);
        if (*group == 0) {
            return STRAIT__ALERT_HANDSHAKE_FAILURE;
        }
    }
    return *suite != 0 ? -1 : STRAIT__ALERT_HANDSHAKE_FAILURE;
}
