#!/bin/bash
# The program takes primitives (and, where it needs them, certificates) from mbedTLS, never its TLS, nor anyone else's.
# What it may link is a list; what is not on it is an accident.
. "$(dirname "$0")/lib.sh"

allowed='^lib(mbedcrypto|mbedx509|event_(core|extra)-2\.[0-9]+|inih|crypto|sodium|IPSec_MB|z|brotli(enc|common)|c|m|gcc_s|asan|ubsan)\.so'

needed() {
    readelf -d "$1" | sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p'
}

forbidden() {
    needed "$1" | grep -vE "$allowed" | sed 's/$/: linked/'
}

missing() {
    needed "$1" | grep -q '^libmbedcrypto\.so' || echo "libmbedcrypto: not linked"
}

command -v readelf >/dev/null || skip "no readelf here"

echo 'void mbedtls_ssl_init(void *); int main(void) { mbedtls_ssl_init(0); return 0; }' >"$scratch/probe.c"
${CC:-cc} -o "$scratch/probe" "$scratch/probe.c" -lmbedtls -lmbedx509 -lmbedcrypto || exit 99
expect_fires "the guard sees libmbedtls" "libmbedtls" forbidden "$scratch/probe"
echo 'int main(void) { return 0; }' >"$scratch/nothing.c"
${CC:-cc} -o "$scratch/nothing" "$scratch/nothing.c" || exit 99
expect_fires "the guard misses libmbedcrypto where it is not" "libmbedcrypto: not linked" missing "$scratch/nothing"

expect_clean "sallyport links libevent's core and HTTP server, inih, zlib, brotli's encoder and mbedTLS's primitives, and no TLS library" forbidden sallyport
expect_clean "sallyport links libmbedcrypto" missing sallyport
finish
