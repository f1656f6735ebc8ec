#!/bin/bash
# With the rights of its kind, and with no more, each process does all that it is there for; one that cannot give up being
# root does not start. What is given up is looked at by confinement.sh.
. "$(dirname "$0")/lib.sh"
need curl openssl strace

nginx_start
head -c 5000000 /dev/urandom >"$scratch/www/big"
echo hello >"$scratch/www/hello"
web_daemon "client-certificate = optional
client-ca = $ROOT_CRT

[sallyport]
log-level = debug"
check_logged "the rights are given up, and that is told" 'event=rights role=worker no_new_privs=yes'
if ! logged 'event=rights role=worker .* seccomp=yes'; then
    check_logged "why system calls are not filtered is told" 'event=rights .* seccomp="not in a build with sanitizers'
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
daemon_stop

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
