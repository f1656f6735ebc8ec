#!/bin/bash
# unused_calls.sh [SCRIPT...]: which calls of each role's list nothing made while end-to-end scripts ran under strace. To be
# read, not to pass: a call may be there for what cannot be provoked (restart_syscall), for another C library (poll or
# ppoll, fstat or newfstatat), for what a name server may be asked with, or for what hardly ever happens (abort). Under
# strace nothing is executed anew, so that of the master those of USR2 are missing. Run in the build directory, after
# `make all check_rights_calls chaos.so clock.so misbehave.so`; it takes some minutes.
set -u
srcdir=$(cd "$(dirname "$0")/../.." && pwd)
roles="master worker keyholder admin resolver"
[ -x sallyport ] && [ -x check_rights_calls ] || {
    echo "make all check_rights_calls first" >&2
    exit 2
}
[ $# -gt 0 ] || set -- admin alpn before_finished client_certificates curl demo descriptors drain failover half_close hung \
    keyholder metrics names ocsp_staple openssl post_quantum proxy_protocol readiness reload resolver resumption \
    rsa_key_exchange service_manager shared_listeners silent sockets ticket_binding timeouts tls12 transfer watch workers
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

# "ROLE CALL" of what came after the filter was laid. Who was not executed as somebody is of the master, and under its
# filter: the loader, and a process until it is executed.
awk '{ who = FILENAME $1 }
     match($0, /execve(at)?\(.*"--process", "[a-z]+"/) {
         role[who] = substr($0, RSTART, RLENGTH)
         sub(/.*"--process", "/, "", role[who])
         sub(/"$/, "", role[who])
         next
     }
     /seccomp\(SECCOMP_SET_MODE_FILTER.*\) = 0/ { on[role[who] ? who : FILENAME] = 1; next }
     on[role[who] ? who : FILENAME] && match($0, / [a-z0-9_]+\(/) {
         print (role[who] ? role[who] : "master"), substr($0, RSTART + 1, RLENGTH - 2)
     }' "$scratch"/trace.* | sort -u >"$scratch/made"
for role in $roles; do
    ./check_rights_calls "$role" | sed "s/^/$role /"
done | sort -u >"$scratch/allowed"
comm -23 "$scratch/allowed" "$scratch/made" >"$scratch/unused"
for role in $roles; do
    echo "$role made: $(sed -n "s/^$role //p" "$scratch/made" | paste -sd' ')"
    echo "$role might have made, and never did: $(sed -n "s/^$role //p" "$scratch/unused" | paste -sd' ')"
done
