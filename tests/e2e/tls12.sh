#!/bin/bash
# TLS 1.2 with clients of others: every suite and group, data both ways, and what it refuses.
. "$(dirname "$0")/lib.sh"
. "$here/clients.sh"
need openssl
backend_start
raw_daemon "certificate = $CERTS/rsa2048.crt
key = $CERTS/rsa2048.key"

for certificate in ECDSA RSA; do
    for cipher in AES128-GCM-SHA256 AES256-GCM-SHA384 CHACHA20-POLY1305; do
        check "s_client: TLS 1.2 with ECDHE-$certificate-$cipher" \
            served $PORT -tls1_2 -cipher "ECDHE-$certificate-$cipher"
        check "... which is what was agreed" said "Cipher is ECDHE-$certificate-$cipher" 'Extended master secret: yes'
    done
done
for group in X25519 P-256 P-384; do
    begin_log
    check "s_client: TLS 1.2 with $group" served $PORT -tls1_2 -groups $group
    check_log_since "... and logged" event=connection version=TLSv1.2 group= suite=TLS_ECDHE_ signature= end=clean
done
check "s_client: a client without the ticket extension is served" served $PORT -tls1_2 -no_ticket
check "s_client: a client that offers only TLS 1.2's suites of CBC is refused" \
    refused 'handshake failure' $PORT -tls1_2 -cipher ECDHE-ECDSA-AES128-SHA256
check_logged "... and the log says what was offered" event=handshake_failed reason=no_common_suite \
    offered_suites=TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256
check "s_client: TLS 1.1 is refused with protocol_version" \
    refused 'protocol version' $PORT -tls1_1 -cipher ALL:@SECLEVEL=0
check "s_client: both versions offered end in TLS 1.3" served $PORT
check "... which is what was agreed" said 'New, TLSv1.3'

# renegotiation: s_client's command R asks for one in the open connection, and ours refuses with a warning
renegotiates() {
    { printf 'echo\n' && sleep 0.3 && printf 'R\n' && sleep 1; } | timeout 30 openssl s_client -connect "$HOST:$PORT" \
        -servername app.example -CAfile "$ROOT_CRT" -tls1_2 >"$scratch/output" 2>&1
    said RENEGOTIATING 'no renegotiation'
}
check "s_client: renegotiation is refused with no_renegotiation" renegotiates
check "s_client: renegotiation_info is answered" said 'Secure Renegotiation IS supported'

if command -v gnutls-cli >/dev/null; then
    gnutls() {
        printf '%s\n' "$ORDER" | timeout 30 gnutls-cli --x509cafile "$ROOT_CRT" --sni-hostname app.example \
            --verify-hostname app.example --port $PORT "$HOST" --priority "NORMAL:-VERS-ALL:+VERS-TLS1.2:$1" \
            >"$scratch/output" 2>&1
        said $ANSWER
    }
    for cipher in AES-128-GCM AES-256-GCM CHACHA20-POLY1305; do
        check "gnutls-cli: TLS 1.2 with $cipher" gnutls "-CIPHER-ALL:+$cipher"
        check "... which is what was agreed" said "TLS1.2.*$cipher"
    done
    check "gnutls-cli: TLS 1.2 with an RSA certificate" gnutls "-KX-ALL:+ECDHE-RSA"
    check "... which is what was agreed" said 'ECDHE.*RSA'
    check "gnutls-cli: a client without the extended master secret is served" gnutls "%NO_SESSION_HASH"
fi
finish
