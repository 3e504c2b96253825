/* What a host builds: installed headers, pkg-config, nothing else. */
#include <stdio.h>
#include <string.h>

#include <strait/strait.h>

int main(void)
{
    char built[32];

    snprintf(built, sizeof built, "%d.%d.%d", STRAIT_VERSION_MAJOR, STRAIT_VERSION_MINOR,
             STRAIT_VERSION_PATCH);
    return strcmp(built, strait_version()) != 0;
}
