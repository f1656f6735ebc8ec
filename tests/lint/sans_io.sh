#!/bin/bash
# The engine is "sans-I/O": libtls.a names nothing of the C library but functions of their arguments alone. No
# sockets, no clock, no environment, no allocation of its own (that is base/alloc.h), no log.
. "$(dirname "$0")/lib.sh"

# Pure functions of the C library, and what compilers and their instrumentation put in.
pure='^(mem(cpy|move|set|cmp|chr)|bcmp|explicit_bzero|str(len|nlen|cmp|ncmp|chr|rchr|casecmp|ncasecmp|str)|v?snprintf|qsort|bsearch|tolower|toupper|__ctype_(b|tolower|toupper)_loc|__stack_chk_fail|__(mem|str|v?snprintf)[a-z]*_chk|_GLOBAL_OFFSET_TABLE_|__tls_get_addr|__(asan|ubsan|sanitizer|gcov|llvm|sancov|start___sancov|stop___sancov)_.*|__(start|stop)___.*)$'

# defined LIBRARY...: what the libraries of the house give
defined() {
    nm --defined-only "$@" 2>/dev/null | awk 'NF == 3 && $2 ~ /[TDRBVW]/ {print $3}'
}

impure() {
    local library=$1
    shift
    nm -u "$library" | awk '$1 == "U" {print $2}' | sort -u | while read -r symbol; do
        if [[ $symbol == log_* ]]; then
            echo "$symbol: the engine never logs"
        elif ! grep -qxF "$symbol" "$scratch/defined" && ! [[ $symbol =~ $pure ]]; then
            echo "$symbol: not a pure function"
        fi
    done
}

command -v nm >/dev/null || skip "no nm here"
defined libbase.a libcrypto.a libtls.a >"$scratch/defined"

cat >"$scratch/probe.c" <<'C'
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "base/log.h"
void probe(char *at);
void probe(char *at)
{
    struct timespec now;
    if (read(0, at, 1) < 0 || socket(AF_INET, SOCK_STREAM, 0) < 0 || getenv("HOME"))
        clock_gettime(CLOCK_MONOTONIC, &now);
    at = malloc((size_t)time(NULL));
    log_message(LOG_LEVEL_INFO, "%s", at);
}
C
${CC:-cc} -D_GNU_SOURCE -I"$srcdir/src" -c -o "$scratch/probe.o" "$scratch/probe.c" || exit 99
for symbol in read socket getenv clock_gettime time malloc; do
    expect_fires "the guard sees $symbol()" "$symbol: not a pure function" impure "$scratch/probe.o"
done
expect_fires "the guard sees a log line" "log_message: the engine never logs" impure "$scratch/probe.o"

expect_clean "libtls.a reads no socket, no clock, no environment and allocates through base/ alone" impure libtls.a
finish
