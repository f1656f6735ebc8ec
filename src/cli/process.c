#include "cli/verbs.h"
#include "daemon/daemon.h"

int verb_process(const char *name)
{
    if (daemon_is_child(name))
        return (int)daemon_run_child(name);
    cli_tell("--process is how sallyport starts its own processes, and nothing to be used by hand");
    return CLI_EXIT_USAGE;
}
