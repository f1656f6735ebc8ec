#!/bin/bash
# AES without instructions of the processor: not offered unless asked for, and then behind ChaCha20. libcrypto is told by
# its environment to leave the instructions for AES and for the multiplications of GCM alone.
. "$(dirname "$0")/lib.sh"
need openssl
"$SALLYPORT" -V | grep -q 'AES-128-GCM *libcrypto' || skip "this build has no libcrypto"
without_aes='~0x200000200000000' # bits 57 and 33
case $(uname -m) in
x86_64) ;;
*) skip "OPENSSL_ia32cap is of x86-64" ;;
esac

version_without() { OPENSSL_ia32cap=$1 "$SALLYPORT" -V; }
says() { "$@" | grep -q "$words"; }
words='^AES: from tables'
for bits in "$without_aes" '~0x200000000000000' '~0x200000000'; do
    check "-V says that AES comes from tables (OPENSSL_ia32cap=$bits)" says version_without "$bits"
done
if grep -qw aes /proc/cpuinfo && grep -qw pclmulqdq /proc/cpuinfo; then
    words='^AES: by instructions'
    check "-V says that it does not" says version_without "~0x0"
fi

backend_start
export OPENSSL_ia32cap=$without_aes
daemon_start <<CONF
[listen default]
address = $HOST:$PORT
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = app

[listen asked]
address = $HOST:8444
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = app
suites = TLS_AES_128_GCM_SHA256, TLS_CHACHA20_POLY1305_SHA256
suites = ECDHE-ECDSA-AES128-GCM-SHA256, ECDHE-ECDSA-CHACHA20-POLY1305

[backend app]
server = $HOST:8080
CONF
check_logged "the start says it of the profile's suites" level=warning 'listen default.: AES is computed from tables'
check_logged "... and of those that were asked for" level=warning 'listen asked. takes suites of AES'
check_logged "... and who serves AES" event=crypto provider=.libcrypto 'serves=.*AES-128-GCM'
unset OPENSSL_ia32cap

visit() {
    local port=$1
    shift
    printf 'tell hello\n' | timeout 30 openssl s_client -connect "$HOST:$port" -servername app.example \
        -CAfile "$ROOT_CRT" -verify_return_error -ign_eof "$@" >"$scratch/output" 2>&1
}
said() { grep -qa "$1" "$scratch/output" || { cat "$scratch/output" && return 1; }; }

AES13="-tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256" AES12="-tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256"
BOTH13="$AES13:TLS_CHACHA20_POLY1305_SHA256" BOTH12="$AES12:ECDHE-ECDSA-CHACHA20-POLY1305"
# shellcheck disable=SC2086 # options, none with a blank
for version in 13 12; do
    both=BOTH$version only=AES$version
    for port in "$PORT" 8444; do
        visit "$port" ${!both}
        check "port $port, TLS 1.${version#1}: a client that has AES first gets ChaCha20" said 'Cipher is .*CHACHA20'
        check "... and its answer" said '^hello'
    done
    visit "$PORT" ${!only}
    check "TLS 1.${version#1}: a client of AES alone is refused" said 'alert handshake failure'
    visit 8444 ${!only}
    check "TLS 1.${version#1}: ... and served where AES was asked for" said 'Cipher is .*AES.128.GCM\|Cipher is .*AES128-GCM'
    check "... with its answer" said '^hello'
done
check_logged "the refusal says what was offered" event=handshake_failed listener=default reason=no_common_suite \
    offered_suites=TLS_AES_128_GCM_SHA256
finish
