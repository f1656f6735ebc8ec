#!/bin/bash
# openssl s_client: every suite, group and signature, HelloRetryRequest, key updates.
. "$(dirname "$0")/lib.sh"
need openssl
backend_start
daemon_start <<CONF
[listen raw]
address = $HOST:$PORT
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
certificate = $CERTS/rsa2048.crt
key = $CERTS/rsa2048.key
certificate = $CERTS/p384.crt
key = $CERTS/p384.key
backend = app

[backend app]
server = $HOST:8080
CONF

# s_client INPUT OPTIONS...: what is agreed and what comes back, in $scratch/output
s_client() {
    local input=$1
    shift
    { printf '%b' "$input"; sleep "${LINGER:-0.6}"; } | timeout 30 openssl s_client -connect "$HOST:$PORT" \
        -servername app.example -CAfile "$ROOT_CRT" -verify_return_error -verify_hostname app.example -tls1_3 \
        "$@" >"$scratch/output" 2>&1
}

agreed() {
    local pattern
    for pattern in "$@"; do
        grep -qE "$pattern" "$scratch/output" || {
            cat "$scratch/output"
            return 1
        }
    done
}

for suite in TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256; do
    for group in X25519 P-256 P-384; do
        s_client 'say hello\n' -ciphersuites $suite -groups $group
        check "s_client: $suite with $group" agreed "Cipher is $suite" 'Verification: OK' '^hello'
    done
done
for pair in 'ECDSA+SHA256 ECDSA id-ecPublicKey.*256.bit' 'ECDSA+SHA384 ECDSA id-ecPublicKey.*384.bit' \
    'RSA-PSS+SHA256 RSA-PSS rsaEncryption.*2048.bit' 'RSA-PSS+SHA384 RSA-PSS rsaEncryption' 'RSA-PSS+SHA512 RSA-PSS rsaEncryption'; do
    read -r sigalgs kind key <<<"$pair"
    # The chain's own signatures are ECDSA or RSA whatever the leaf: name them apart.
    s_client 'say hello\n' -sigalgs "$sigalgs"
    check "s_client: the certificate fits $sigalgs" agreed "Peer signature type: $kind" "$key" '^hello'
done

s_client 'say hello\n' -groups P-521:P-384
check "s_client: a HelloRetryRequest is answered" agreed '^hello' 'Server Temp Key: ECDH, (P-384|secp384r1)'
check_logged "... and logged" event=connection hello_retried=true group=secp384r1

LINGER=1.5 s_client 'echo\nK\nafter the key update\n'
check "s_client: data flows on after a KeyUpdate with an answer asked for" agreed '^after the key update' 'KEYUPDATE'
LINGER=1.5 s_client 'echo\nk\nafter the key update\n'
check "s_client: data flows on after a KeyUpdate without one" agreed '^after the key update' 'KEYUPDATE'

s_client 'say hello\n' -groups P-521
check "s_client: no group in common is handshake_failure" agreed 'alert handshake failure'
check_logged "... and logged with what was offered" event=handshake_failed reason=no_common_group offered_groups=secp521r1
s_client 'say hello\n' -sigalgs 'ed25519'
check "s_client: no signature in common is handshake_failure" agreed 'alert handshake failure'
check_logged "... and logged with what was offered" event=handshake_failed reason=no_common_scheme offered_signatures=ed25519
s_client 'say hello\n' -tls1_2
check "s_client: TLS 1.2 is protocol_version for now" agreed 'alert protocol version'
s_client 'say hello\n' -max_send_frag 512 -split_send_frag 512 -no_middlebox
check "s_client: without middlebox compatibility, in small fragments" agreed '^hello'
finish
