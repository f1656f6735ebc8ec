#!/bin/bash
# Without any configuration: the demo page over a development certificate, which stays out of the tree.
. "$(dirname "$0")/lib.sh"
. "$here/clients.sh"
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
check "the page says that this was a full handshake" grep -q '>full handshake<' "$scratch/page.html"
get --tls-max 1.2 >"$scratch/12.html"
for words in '>TLS 1.2<' ServerKeyExchange 'not in TLS 1.2' 'the certificate crosses the network in the open'; do
    check "TLS 1.2: the page says $words" grep -q "$words" "$scratch/12.html"
done
for words in 'not agreed' 'already held a key share' 'what it can do, and a key share'; do
    check "TLS 1.2: the page does not say $words" sh -c '! grep -q "$1" "$2"' - "$words" "$scratch/12.html"
done

# ask VERSION PATH OPTIONS...: by s_client, which keeps sessions
ask() {
    printf 'GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' "$2" |
        timeout 20 openssl s_client -connect 127.0.0.1:8443 -tls"$1" -quiet -ign_eof "${@:3}" 2>/dev/null
}
for version in 1_2 1_3; do
    label="TLS ${version/_/.}"
    ask $version / -sess_out "$scratch/session.pem" >/dev/null
    ask $version / -sess_in "$scratch/session.pem" >"$scratch/resumed.html"
    check "$label: the page of a resumed connection says so" grep -q '>resumed<' "$scratch/resumed.html"
    check "$label: ... and that nothing was signed" grep -q 'Nothing had to be signed' "$scratch/resumed.html"
    check "$label: ... and does not say not agreed" sh -c '! grep -q "not agreed" "$1"' - "$scratch/resumed.html"
    ask $version /handshake.json -sess_in "$scratch/session.pem" >"$scratch/resumed.json"
    check "$label: ... nor do programs hear otherwise" grep -q '"is_resumed": true' "$scratch/resumed.json"
    check "$label: ... and nobody showed a certificate" grep -q '"client_certificate": null' "$scratch/resumed.json"
done
check "TLS 1.3: a resumed connection has a fresh key" grep -q 'A fresh key was agreed' "$scratch/resumed.html"

openssl s_client -connect 127.0.0.1:8443 </dev/null 2>/dev/null | openssl x509 -noout -subject -issuer >"$scratch/certificate"
check "the certificate says that it is for development" grep -qi 'development' "$scratch/certificate"
first=$(openssl s_client -connect 127.0.0.1:8443 </dev/null 2>/dev/null | openssl x509 -noout -fingerprint)
daemon_stop
start sallyport "$SALLYPORT"
daemon_pid=$started
wait_for 20 is_listening 127.0.0.1 8443
check_equal "the development certificate is made once and used again" "$first" \
    "$(openssl s_client -connect 127.0.0.1:8443 </dev/null 2>/dev/null | openssl x509 -noout -fingerprint)"
daemon_stop

# behind certificates of one's own: a client with one, and the classic RSA key exchange
client_authority one
client_certificate alice one
daemon_start <<CONF
[listen clients]
address = $HOST:8443
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
client-certificate = required
client-ca = $scratch/one-ca.crt
backend = demo

[listen rsa]
address = $HOST:8444
certificate = $CERTS/rsa2048-encipher.crt
key = $CERTS/rsa2048.key
rsa-key-exchange = yes
backend = demo
CONF
fetch_page() { curl --silent --show-error --fail --insecure --max-time 20 "$@" >"$scratch/page"; }
alice=(--cert "$scratch/alice.crt" --key "$scratch/alice.key")
fetch_page "${alice[@]}" "https://$HOST:8443/"
check "the page says who the client is" grep -q '>CN=alice<' "$scratch/page"
fetch_page "${alice[@]}" "https://$HOST:8443/handshake.json"
check "programs hear who the client is" grep -q '"client_certificate": "CN=alice"' "$scratch/page"
check "... and that it was verified" grep -q '"is_client_verified": true' "$scratch/page"
fetch_page --tls-max 1.2 --ciphers AES128-GCM-SHA256 "https://$HOST:8444/"
check "the page knows the classic RSA key exchange" grep -q 'none (RSA key exchange)' "$scratch/page"
check "... and speaks of no key share" sh -c '! grep -q "key share" "$1"' - "$scratch/page"
finish
