/* The radio: music for every browser that opens its page, through one UDP port. */
#include <locale.h>

#include "options.h"
#include "radio.h"

int main(int argc, char **argv)
{
    static struct radio radio = { .signals = -1 };
    int status = 1;

    /* How wide a title is on the terminal depends on it. */
    (void)setlocale(LC_CTYPE, "");
    switch (options_read(&radio.options, argc, argv)) {
    case OPTIONS_RUN:
        break;
    case OPTIONS_DONE:
        return 0;
    default:
        return 2;
    }
    if (radio_open(&radio) == 0) {
        status = radio_run(&radio);
    }
    radio_close(&radio);
    return status;
}
