#include "authority.h"

#include <string.h>
#include <sys/stat.h>

#include "say.h"

static int add(struct strait_trust *trust, const char *name)
{
    struct stat status;

    if (strcmp(name, "system") == 0) {
        return strait_trust_add_system(trust);
    }
    return stat(name, &status) == 0 && S_ISDIR(status.st_mode)
               ? strait_trust_add_directory(trust, name)
               : strait_trust_add_file(trust, name);
}

int authority_open(struct strait_trust **out, const char *name)
{
    int error = strait_trust_create(out, NULL);

    if (error == STRAIT_OK) {
        error = add(*out, name);
    }
    if (error < 0) {
        const char *detail = *out ? strait_trust_error_detail(*out) : "";

        complain("--ca %s: %s (%s).", name, *detail ? detail : strait_strerror(error),
                 strait_error_name(error));
        return -1;
    }
    return 0;
}
