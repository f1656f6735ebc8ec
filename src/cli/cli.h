/*
 * cli.h: the command line: argv becomes a verb and its configuration, the verb an exit code.
 *
 * One file a verb. Findings about a configuration go to standard error, one a line and beginning with their place,
 * as compilers write them; what was asked for goes to standard output. This folder judges nothing itself: the
 * configuration is judged by config/, certificates and keys by proxy/policy, everything else by daemon/.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

enum cli_exit {
    CLI_EXIT_OK = 0,
    CLI_EXIT_FAILURE = 1, /* also what may pass by itself: a busy port */
    CLI_EXIT_USAGE = 2,
    CLI_EXIT_REFUSED = 3, /* explain: the handshake would be refused */
    CLI_EXIT_CONFIG = 78, /* EX_CONFIG of sysexits.h: starting again is of no use before somebody mends something */
};

/* The whole program. Answers an exit code. */
int cli_main(int argc, char **argv);

#endif
