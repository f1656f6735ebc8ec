#!/bin/bash
# pq = prefer and require, and a listener without such a group, with a client that knows no post-quantum group and, from
# OpenSSL 3.5 on, with one that does.
. "$(dirname "$0")/lib.sh"
need openssl
backend_start
daemon_start <<CONF
[listen prefer]
address = $HOST:$PORT
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = app
pq = prefer

[listen require]
address = $HOST:8444
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = app
pq = require

[listen classic]
address = $HOST:8445
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = app
groups = x25519, secp256r1

[backend app]
server = $HOST:8080
CONF

# visit PORT OPTIONS...: what is agreed and what comes back is in $scratch/output
visit() {
    local port=$1
    shift
    printf 'tell hello\n' | timeout 30 openssl s_client -connect "$HOST:$port" -servername app.example \
        -CAfile "$ROOT_CRT" -verify_return_error -ign_eof "$@" >"$scratch/output" 2>&1
}

said() { grep -qa "$1" "$scratch/output" || { cat "$scratch/output" && return 1; }; }

logged_twice() { [ "$(count_logged "$1")" -eq 2 ]; }

visit "$PORT" -groups X25519
check "prefer: a client without a post-quantum group is served" said '^hello'
check_logged "... without a retry" event=connection listener=prefer group=x25519
visit "$PORT" -tls1_2
check "prefer: a client of TLS 1.2 is served" said '^hello'
visit 8444 -groups X25519
check "require: a client without a post-quantum group is refused" said 'alert handshake failure'
check_logged "... and told by its groups" event=handshake_failed listener=require reason=no_post_quantum \
    offered_groups=x25519 alert_sent=handshake_failure
visit 8444 -tls1_2
check "require: a client of TLS 1.2 is refused" said 'alert handshake failure'

if openssl s_client -groups X25519MLKEM768 -help >/dev/null 2>&1 &&
    openssl list -kem-algorithms 2>/dev/null | grep -q X25519MLKEM768; then
    for port in "$PORT" 8444; do
        visit "$port"
        check "port $port: OpenSSL as it comes sends a share of X25519MLKEM768" said '^hello'
        visit "$port" -groups X25519:X25519MLKEM768
        check "port $port: with a share of X25519 alone it is asked for the other" said '^hello'
    done
    for listener in prefer require; do
        line="event=connection .*listener=$listener .*group=X25519MLKEM768"
        check_within "$listener: both are logged" 5 logged_twice "$line"
        check_equal "... one of them with a retry" 1 "$(count_logged "$line.* hello_retried=true")"
    done
    visit 8445 -groups X25519MLKEM768:X25519
    check "without it among the groups: a client with a share of it alone is asked for another" said '^hello'
    check_logged "... and logged with the retry" event=connection listener=classic group=x25519 hello_retried=true
else
    echo "not looked at: this OpenSSL has no X25519MLKEM768"
fi
finish
