#!/bin/bash
# A process with the rights of a worker, and with no more, relays as one that has them all; one that cannot give up being
# root does not start. Needs the program `confined`: the whole daemon as one process that drops its rights.
. "$(dirname "$0")/lib.sh"
need curl openssl strace
confined=$PWD/confined
[ -x "$confined" ] || skip "confined is not built (make confined)"
SALLYPORT=$confined

nginx_start
head -c 5000000 /dev/urandom >"$scratch/www/big"
echo hello >"$scratch/www/hello"
web_daemon "client-certificate = optional
client-ca = $ROOT_CRT

[sallyport]
log-level = debug"
check_logged "the rights are given up, and that is told" 'event=rights role=worker no_new_privs=yes'

# status KEY
status() { sed -nE "s/^$1:[[:space:]]*//p" "/proc/$daemon_pid/status"; }
check_equal "no_new_privs is set" 1 "$(status NoNewPrivs)"
check_equal "no capability is left" 0000000000000000 "$(status CapEff)"
if logged 'event=rights .* seccomp=yes'; then
    check_equal "system calls are filtered" 2 "$(status Seccomp)"
    check_logged "Landlock is there, where the kernel has it" 'event=rights .* landlock=(yes|"the kernel has none")'
    [ "$(id -u)" -ne 0 ] ||
        check_equal "its root directory is one of a process that is no more" "" "$(ls "/proc/$daemon_pid/root/" 2>/dev/null)"
else
    check_logged "why system calls are not filtered is told" 'event=rights .* seccomp="not in a build with sanitizers'
fi
if [ "$(id -u)" -eq 0 ]; then
    check_equal "it is nobody" "$(for _ in 1 2 3 4; do id -u nobody; done | paste -s)" "$(status Uid)"
    check_equal "no other group is left" "" "$(status Groups)"
fi

relays() { cmp "$scratch/www/big" <(fetch app.example /big "$@"); }
check "it relays under TLS 1.3" relays --tlsv1.3
check "it relays under TLS 1.2" relays --tlsv1.2 --tls-max 1.2
check "it relays with RSA" relays --tlsv1.2 --tls-max 1.2 --ciphers ECDHE-RSA-AES128-GCM-SHA256
check "it relays with P-384" relays --curves P-384
check "it relays after a HelloRetryRequest" relays --curves P-521:P-384
check "it reads a client's certificate" relays --cert "$CERTS/client-auth.crt" --key "$CERTS/p256.key"
resumes() {
    openssl s_client -connect "$HOST:$PORT" -CAfile "$ROOT_CRT" -sess_out "$scratch/session" <<<"GET /hello HTTP/1.0

" -ign_eof >/dev/null 2>&1
    openssl s_client -connect "$HOST:$PORT" -CAfile "$ROOT_CRT" -sess_in "$scratch/session" </dev/null 2>&1 | grep -q '^Reused'
}
check "it resumes" resumes
many() {
    local i
    for i in $(seq 20); do fetch app.example "/hello?$i" >"$scratch/many.$i" & done
    wait $(jobs -p | tail -n 20)
    [ "$(cat "$scratch"/many.* | grep -c hello)" -eq 20 ]
}
check "it serves many at once" many
# What it opened itself: not what this shell had handed down, and not its log.
files_of() { find "/proc/$1/fd" -mindepth 1 -printf '%l\n' | grep '^/'; }
opened() { files_of "$daemon_pid" | grep -vxFf <(files_of $$; echo /dev/null) | grep -v "^$scratch/"; }
if can_look_inside; then check_equal "it holds no file but its log" "" "$(opened)"; fi
daemon_stop

# ---- other roles: what is no server's has no socket to accept by
CONFINED_AS=keyholder
export CONFINED_AS
if logged 'event=rights .* seccomp=yes'; then
    web_daemon ""
    fetch app.example /hello >/dev/null 2>&1
    daemon_wait
    check_equal "a keyholder's rights do not suffice to accept: the kernel ends it (SIGSYS)" 159 "$daemon_status"
fi
unset CONFINED_AS

# ---- injected faults (reliability O04)
if [ "$(id -u)" -eq 0 ]; then
    for call in setgroups setresgid setresuid; do
        LIMIT="strace -D -f -qq -o /dev/null -e inject=$call:error=EAGAIN"
        daemon_begin
        check_within "where $call fails, the start ends and says so" 20 \
            logged 'level=error event=rights_not_dropped .* ids="failed: Resource temporarily unavailable"'
        daemon_wait
        check_equal "... with a status that is not success" 1 "$daemon_status"
        : >"$log"
    done
fi
finish
