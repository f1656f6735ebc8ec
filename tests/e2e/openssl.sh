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

# feed "LINE...": the lines one by one (commands like K must come alone), then open until an answer or an end is there
feed() {
    local line tries=200
    while IFS= read -r line; do
        printf '%s\n' "$line"
        sleep 0.3
    done <<<"$1"
    until grep -qaE '^(hello|after)|alert|error|Cannot' "$scratch/output" || [ $((tries -= 1)) -le 0 ]; do sleep 0.05; done
}

# s_client "LINE..." OPTIONS...: what is agreed and what comes back is in $scratch/output
s_client() {
    local lines=$1
    shift
    : >"$scratch/output"
    feed "$lines" | timeout 30 openssl s_client -connect "$HOST:$PORT" -servername app.example -CAfile "$ROOT_CRT" \
        -verify_return_error -verify_hostname app.example "${VERSION:--tls1_3}" "$@" >"$scratch/output" 2>&1
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
        s_client 'say hello' -ciphersuites $suite -groups $group
        check "s_client: $suite with $group" agreed "Cipher is $suite" 'Verification: OK' '^hello'
    done
done
while read -r sigalgs kind bits; do
    s_client 'say hello' -sigalgs "$sigalgs"
    check "s_client: the certificate fits $sigalgs" agreed "Peer signature type: $kind" "Server public key is $bits bit" '^hello'
done <<'LIST'
ECDSA+SHA256 (ECDSA|ecdsa_secp256r1) 256
ECDSA+SHA384 (ECDSA|ecdsa_secp384r1) 384
RSA-PSS+SHA256 (RSA-PSS|rsa_pss_rsae_sha256) 2048
RSA-PSS+SHA384 (RSA-PSS|rsa_pss_rsae_sha384) 2048
RSA-PSS+SHA512 (RSA-PSS|rsa_pss_rsae_sha512) 2048
LIST

s_client 'say hello' -groups P-521:P-384
check "s_client: a HelloRetryRequest is answered" agreed '^hello' 'Temp Key: ECDH, (P-384|secp384r1)'
check_logged "... and logged" event=connection hello_retried=true group=secp384r1

s_client $'echo\nK\nafter the key update'
check "s_client: data flows on after a KeyUpdate with an answer asked for" agreed '^after the key update' 'KEYUPDATE'
s_client $'echo\nk\nafter the key update'
check "s_client: data flows on after a KeyUpdate without one" agreed '^after the key update' 'KEYUPDATE'

s_client 'say hello' -groups P-521
check "s_client: no group in common is handshake_failure" agreed 'alert handshake failure'
check_logged "... and logged with what was offered" event=handshake_failed reason=no_common_group offered_groups=secp521r1
s_client 'say hello' -sigalgs 'ed25519'
check "s_client: no signature in common is handshake_failure" agreed 'alert handshake failure'
check_logged "... and logged with what was offered" event=handshake_failed reason=no_common_scheme offered_signatures=ed25519
s_client 'say hello' -max_send_frag 512 -split_send_frag 512 -no_middlebox
check "s_client: without middlebox compatibility, in small fragments" agreed '^hello'
finish
