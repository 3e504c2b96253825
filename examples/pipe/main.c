/* A pipe of datagrams through DTLS, in the manner of netcat. */
#include "options.h"
#include "pipe.h"

int main(int argc, char **argv)
{
    static struct options options;
    static struct pipe pipe;
    int status = 1;

    switch (options_read(&options, argc, argv)) {
    case OPTIONS_DONE:
        return 0;
    case OPTIONS_WRONG:
        return 1;
    case OPTIONS_RUN:
        break;
    }
    if (pipe_open(&pipe, &options) == 0) {
        status = pipe_run(&pipe);
    }
    pipe_close(&pipe);
    return status;
}
