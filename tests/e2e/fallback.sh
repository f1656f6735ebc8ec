#!/bin/bash
# TLS_FALLBACK_SCSV (RFC 7507) and the profiles: a client that fell back although both sides speak TLS 1.3 is told so.
. "$(dirname "$0")/lib.sh"
. "$here/clients.sh"
need openssl
backend_start
listen() {
    printf '[listen %s]\naddress = %s\ncertificate = %s\nkey = %s\nbackend = app\n%s\n' "$1" "$HOST:$2" "$CERTS/p256.crt" \
        "$CERTS/p256.key" "$3"
}
daemon_start <<CONF
[backend app]
server = $HOST:8080

$(listen intermediate 8443 "profile = intermediate")

$(listen modern 8444 "profile = modern")

$(listen only12 8445 "suites = TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")
CONF

check "a client that fell back to TLS 1.2 is refused with inappropriate_fallback" \
    refused 'inappropriate fallback' 8443 -tls1_2 -fallback_scsv
check_logged "... and the log says why" event=handshake_failed reason=inappropriate_fallback
check "a client whose best is TLS 1.2 is served" served 8443 -tls1_2
check "the signal in a ClientHello of TLS 1.3 means nothing" served 8443 -fallback_scsv
check "a listener whose best is TLS 1.2 serves a client that fell back to it" served 8445 -tls1_2 -fallback_scsv
check "profile = modern refuses TLS 1.2 with protocol_version" refused 'protocol version' 8444 -tls1_2
check "profile = modern serves TLS 1.3" served 8444 -tls1_3

# RFC 8446 4.1.3: a server of TLS 1.3 that answers in TLS 1.2 says so in its random, where a client that speaks both sees
# that somebody cut its hello down; one that knows no TLS 1.3 says nothing there.
sentinel() {
    timeout 30 openssl s_client -connect "$HOST:$1" -tls1_2 -servername app.example -msg </dev/null 2>&1 |
        awk '/ServerHello/ { on = 1; next } /^(<<<|>>>)/ { on = 0 } on' | tr -d ' \n' | cut -c1-76 | grep -q "$2"
}
check "the downgrade sentinel is in the random of a TLS 1.2 ServerHello" sentinel 8443 444f574e47524401
check "... of a listener that speaks TLS 1.3, alone" sh -c '! "$@"' - bash -c "$(declare -f sentinel); HOST=$HOST
    sentinel 8445 444f574e47524401"
finish
