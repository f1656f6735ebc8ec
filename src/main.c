#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "cli/cli.h"

/* Started without standard descriptors, a socket would become number 2 and receive the log. */
static bool fill_standard_descriptors(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    return fd >= 0 && close(fd) == 0;
}

int main(int argc, char **argv)
{
    if (!fill_standard_descriptors())
        return 1;
    return cli_main(argc, argv);
}
