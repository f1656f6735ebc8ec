#!/bin/bash
# The program takes primitives and certificates from mbedTLS, never its TLS, nor anyone else's.
. "$(dirname "$0")/lib.sh"

needed() {
    readelf -d "$1" | sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p'
}

forbidden() {
    needed "$1" | grep -E '^lib(mbedtls|ssl|gnutls|nss3|wolfssl|s2n)(-[0-9.]+)?\.so' | sed 's/$/: linked/'
}

missing() {
    for library in libmbedcrypto libmbedx509; do
        needed "$1" | grep -q "^$library\.so" || echo "$library: not linked"
    done
}

command -v readelf >/dev/null || skip "no readelf here"
[ -x sallyport ] || skip "the program is not part of the build yet"

echo 'void mbedtls_ssl_init(void *); int main(void) { mbedtls_ssl_init(0); return 0; }' >"$scratch/probe.c"
${CC:-cc} -o "$scratch/probe" "$scratch/probe.c" -lmbedtls -lmbedx509 -lmbedcrypto || exit 99
expect_fires "the guard sees libmbedtls" "libmbedtls" forbidden "$scratch/probe"
echo 'int main(void) { return 0; }' >"$scratch/nothing.c"
${CC:-cc} -o "$scratch/nothing" "$scratch/nothing.c" || exit 99
expect_fires "the guard misses libmbedcrypto where it is not" "libmbedcrypto: not linked" missing "$scratch/nothing"

expect_clean "sallyport links no TLS library" forbidden sallyport
expect_clean "sallyport links libmbedcrypto and libmbedx509" missing sallyport
finish
