#!/bin/bash
# curl gets a page of a real web server through sallyport.
. "$(dirname "$0")/lib.sh"
need curl
nginx_start
echo '<html>sallyport</html>' >"$scratch/www/index.html"
web_daemon "alpn = http/1.1"

check_equal "curl is served a page of nginx" '<html>sallyport</html>' "$(fetch app.example /)"
check_equal "curl agrees on TLS 1.3 and HTTP/1.1 by ALPN" '200 1.1' \
    "$(fetch app.example / -o /dev/null -w '%{http_code} %{http_version}' --tlsv1.3)"
for group in X25519 P-256 P-384; do
    check "curl is served with $group" fetch app.example / --curves "$group"
    check_logged "... and the log says so" event=connection "group=(x25519|secp256r1|secp384r1)" end=clean
done
for suite in TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256; do
    check "curl is served with $suite" fetch app.example / --tls13-ciphers $suite
    check_logged "... and the log says so" event=connection "suite=$suite"
done
check "curl keeps the connection for a second request" \
    sh -c "curl --silent --fail --max-time 20 --cacert '$ROOT_CRT' --resolve app.example:$PORT:$HOST -w '%{num_connects} ' \
        -o /dev/null https://app.example:$PORT/ -o /dev/null https://app.example:$PORT/ | grep -qx '1 0 '"
check "curl is served in TLS 1.2" fetch app.example / --tls-max 1.2
check_logged "... and the log says so" event=connection version=TLSv1.2 suite=TLS_ECDHE_ECDSA end=clean
check_equal "a client that only speaks TLS 1.1 is refused with protocol_version" 35 \
    "$(fetch app.example / --tls-max 1.1 --tlsv1.1 --ciphers ALL@SECLEVEL=0 >/dev/null 2>"$scratch/curl.log"; echo $?)"
check_logged "... and the log gives the reason, what was offered and what is allowed" event=handshake_failed \
    reason=no_common_version alert_sent=protocol_version offered_versions= allowed_versions=
check_equal "curl refuses a name that the certificate does not carry" 60 \
    "$(fetch other.example / >/dev/null 2>&1; echo $?)"
finish
