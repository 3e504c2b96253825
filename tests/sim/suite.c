#include "tests/sim/suite.h"

#include <stdlib.h>

#include "srtp/library.h"
#include "tests/sim/random.h"

static struct strait_certificate *certificates[SIM_CERTIFICATES];

static int seeded(void *user, uint8_t *out, size_t bytes)
{
    sim_random_fill(user, out, bytes);
    return 0;
}

struct strait_certificate *sim_certificate(uint32_t number)
{
    sim_check(number < SIM_CERTIFICATES);
    if (certificates[number] == NULL) {
        struct sim_random random;
        sim_random_init(&random, number, 99);
        struct strait_hooks hooks = { .size = sizeof hooks, .user = &random, .random = seeded };
        struct strait_certificate_config config = { .size = sizeof config, .hooks = &hooks };
        sim_check(strait_certificate_create(&certificates[number], &config) == STRAIT_OK);
    }
    return strait_certificate_ref(certificates[number]);
}

void sim_forget_certificates(void)
{
    for (size_t i = 0; i < SIM_CERTIFICATES; i++) {
        strait_certificate_unref(certificates[i]);
        certificates[i] = NULL;
    }
}

size_t sim_seeds(size_t usual)
{
    const char *text = getenv("STRAIT_SIM_SEEDS");
    unsigned long seeds = text != NULL ? strtoul(text, NULL, 10) : 0;
    return seeds > 0 ? seeds : usual;
}

int sim_run(const struct CMUnitTest *tests, size_t n)
{
    /* Held all the time: libsrtp's start takes longer than a whole run. */
    if (strait__srtp_library_acquire() != STRAIT_OK) {
        return 1;
    }
    int failed = _cmocka_run_group_tests("sim", tests, n, NULL, NULL);
    sim_forget_certificates();
    strait__srtp_library_release();
    return failed;
}
