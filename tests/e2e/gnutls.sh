#!/bin/bash
# gnutls-cli completes the handshake and gets a page.
. "$(dirname "$0")/lib.sh"
need gnutls-cli
nginx_start
echo '<html>sallyport</html>' >"$scratch/www/index.html"
web_daemon "alpn = http/1.1"

gnutls() {
    : >"$scratch/gnutls.log"
    {
        printf 'GET / HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n'
        wait_for 10 grep -aqE '</html>|rror' "$scratch/gnutls.log"
    } |
        timeout 30 gnutls-cli --x509cafile "$ROOT_CRT" --sni-hostname app.example --verify-hostname app.example \
            --port "$PORT" "$HOST" "$@" 2>&1 | tee "$scratch/gnutls.log" | grep -a '<html>sallyport</html>'
}

for group in X25519 SECP256R1 SECP384R1; do
    for cipher in AES-128-GCM AES-256-GCM CHACHA20-POLY1305; do
        check "gnutls-cli is served with $group and $cipher" \
            gnutls --priority "NORMAL:-VERS-ALL:+VERS-TLS1.3:-GROUP-ALL:+GROUP-$group:-CIPHER-ALL:+$cipher"
        check "... and agrees on it" grep -aE "TLS1.3.*($cipher|GROUP-$group)" "$scratch/gnutls.log"
    done
done
check "gnutls-cli is served with an RSA certificate" \
    gnutls --priority 'NORMAL:-VERS-ALL:+VERS-TLS1.3:-SIGN-ALL:+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-SHA256:+SIGN-ECDSA-SHA256'
check "gnutls-cli agrees on ALPN" gnutls --alpn http/1.1
check "... and says so" grep -a 'Application protocol: http/1.1' "$scratch/gnutls.log"
finish
