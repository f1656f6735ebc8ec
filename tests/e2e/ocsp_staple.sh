#!/bin/bash
# An OCSP response from a file is stapled in both versions, for clients that ask.
. "$(dirname "$0")/lib.sh"
. "$here/clients.sh"
need openssl
backend_start

# A response by the certificate's own issuer, as its authority's responder would give it.
serial=$(openssl x509 -in "$CERTS/p256.crt" -noout -serial | cut -d= -f2)
printf 'V\t460101000000Z\t\t%s\tunknown\t/CN=app.example\n' "$serial" >"$scratch/index"
openssl ocsp -index "$scratch/index" -CA "$CERTS/intermediate.crt" -rsigner "$CERTS/intermediate.crt" -rkey \
    "$CERTS/intermediate.key" -issuer "$CERTS/intermediate.crt" -cert "$CERTS/p256.crt" -ndays 7 \
    -respout "$scratch/staple.der" >"$scratch/ocsp.log" 2>&1 || exit 99
raw_daemon "ocsp-staple = $scratch/staple.der"

for version in 1_2 1_3; do
    check "TLS ${version/_/.}: s_client -status sees the staple" served $PORT -tls$version -status
    check "TLS ${version/_/.}: ... which is the file's: good, and verified" said 'OCSP Response Status: successful' \
        'Cert Status: good' 'Verification: OK'
    check "TLS ${version/_/.}: a client that does not ask is served" served $PORT -tls$version
done
if command -v gnutls-cli >/dev/null; then
    gnutls_sees() {
        printf '%s\n' "$ORDER" | timeout 30 gnutls-cli --x509cafile "$ROOT_CRT" --sni-hostname app.example \
            --verify-hostname app.example --port $PORT "$HOST" --ocsp --priority "NORMAL:-VERS-ALL:+VERS-$1" \
            >"$scratch/output" 2>&1
        said $ANSWER 'OCSP'
    }
    check "gnutls-cli verifies it in TLS 1.2" gnutls_sees TLS1.2
    check "gnutls-cli verifies it in TLS 1.3" gnutls_sees TLS1.3
fi
finish
