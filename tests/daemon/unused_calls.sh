#!/bin/bash
# unused_calls.sh [SCRIPT...]: which calls of a worker's list nothing made while the end-to-end scripts ran (all that
# need no unix socket, unless some are named). To be read, not to pass: a call may be there for what cannot be provoked
# (restart_syscall), for another C library (poll or ppoll, fstat or newfstatat), or for what hardly ever happens (abort).
# Run in the build directory, after `make all check_rights_calls`.
set -u
srcdir=$(cd "$(dirname "$0")/../.." && pwd)
[ -x sallyport ] && [ -x check_rights_calls ] || {
    echo "make all check_rights_calls first" >&2
    exit 2
}
[ $# -gt 0 ] || set -- alpn before_finished chaos client_certificates curl demo descriptors drain fragments gnutls half_close \
    log_forgery names not_tls ocsp_staple openssl post_quantum proxy_protocol python resumption rsa_key_exchange silent \
    ticket_binding timeouts tls12 transfer
scratch=$(mktemp -d "${TMPDIR:-/tmp}/sallyport-calls.XXXXXX") || exit 99
trap 'rm -rf "$scratch"' EXIT

# -D: the program keeps the process id that the scripts signal
printf '#!/bin/bash\nexec strace -D -f -qq -o %s/trace.$$ %s/sallyport "$@"\n' "$scratch" "$PWD" >"$scratch/sallyport"
chmod +x "$scratch/sallyport"
for script; do
    SALLYPORT=$scratch/sallyport bash "$srcdir/tests/e2e/$script.sh" >"$scratch/output" 2>&1
    echo "$script: status $?, $(grep -c '^ok' "$scratch/output") ok, $(grep -c '^not ok' "$scratch/output") not ok"
done
[ -n "$(ls "$scratch"/trace.* 2>/dev/null)" ] || {
    echo "nothing was traced" >&2
    exit 1
}

# What came after the filter was laid, of the processes that were executed as workers
awk '{ who = FILENAME $1 }
     /execveat\(.*"--process", "worker"/ { is_worker[who] = 1 }
     is_worker[who] && /seccomp\(SECCOMP_SET_MODE_FILTER.*\) = 0/ { on[who] = 1; next }
     on[who]' "$scratch"/trace.* |
    sed -nE 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' | sort -u >"$scratch/made"
./check_rights_calls worker | sort -u >"$scratch/allowed"
echo "made: $(paste -sd' ' "$scratch/made")"
echo "allowed and never made: $(comm -23 "$scratch/allowed" "$scratch/made" | paste -sd' ')"
echo "made and answered with an errno: $(comm -13 "$scratch/allowed" "$scratch/made" | paste -sd' ')"
