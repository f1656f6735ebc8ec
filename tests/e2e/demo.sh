#!/bin/bash
# Without any configuration: the demo page over a development certificate, which stays out of the tree.
. "$(dirname "$0")/lib.sh"
need curl openssl
export HOME=$scratch/home XDG_STATE_HOME=$scratch/state XDG_CACHE_HOME=$scratch/cache XDG_DATA_HOME=$scratch/data
mkdir "$HOME"
start sallyport "$SALLYPORT"
daemon_pid=$started
if ! wait_for 20 is_listening 127.0.0.1 8443; then
    grep -qi 'in use' "$log" && skip "something else holds 127.0.0.1:8443"
    not_ok "sallyport without arguments listens on 127.0.0.1:8443"
    exit 1
fi
get() { curl --silent --show-error --fail --insecure --max-time 20 "$@" https://127.0.0.1:8443/; }
get >"$scratch/page.html"
check "sallyport without arguments serves the demo page on 127.0.0.1:8443" grep -qi '<html' "$scratch/page.html"
for word in TLSv1.3 TLS_ x25519 ClientHello ServerHello EncryptedExtensions Certificate CertificateVerify Finished; do
    check "the page shows $word" grep -qi "$word" "$scratch/page.html"
done
curl --silent --insecure --max-time 20 --resolve demo.example:8443:127.0.0.1 https://demo.example:8443/ >"$scratch/named.html"
check "the page shows the name that was asked for" grep -q 'demo.example' "$scratch/named.html"
openssl s_client -connect 127.0.0.1:8443 </dev/null 2>/dev/null | openssl x509 -noout -subject -issuer >"$scratch/certificate"
check "the certificate says that it is for development" grep -qi 'development' "$scratch/certificate"
first=$(openssl s_client -connect 127.0.0.1:8443 </dev/null 2>/dev/null | openssl x509 -noout -fingerprint)
daemon_stop
start sallyport "$SALLYPORT"
daemon_pid=$started
wait_for 20 is_listening 127.0.0.1 8443
check_equal "the development certificate is made once and used again" "$first" \
    "$(openssl s_client -connect 127.0.0.1:8443 </dev/null 2>/dev/null | openssl x509 -noout -fingerprint)"
finish
