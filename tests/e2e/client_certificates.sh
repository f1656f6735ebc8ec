#!/bin/bash
# Client certificates in both versions, with clients of others: none, optional and required; what is refused, with which
# alert; and who the log says it was.
. "$(dirname "$0")/lib.sh"
. "$here/clients.sh"
need openssl
backend_start
client_authority one
client_authority two
client_certificate alice one
client_certificate bob two
client_certificate carol one
client_certificate mallory one 20 serverAuth
client_crl one carol

listen() {
    printf '[listen %s]\naddress = %s\ncertificate = %s\nkey = %s\nbackend = app\n' "$1" "$HOST:$2" "$CERTS/p256.crt" \
        "$CERTS/p256.key"
    shift 2
    printf '%s\n' "$@" ""
}
daemon_start <<CONF
[backend app]
server = $HOST:8080

$(listen none 8443)

$(listen optional 8444 "client-certificate = optional" "client-ca = $scratch/one-ca.crt")

$(listen required 8445 "client-certificate = required" "client-ca = $scratch/one-ca.crt")

$(listen crl 8446 "client-certificate = required" "client-ca = $scratch/one-ca.crt" "client-crl = $scratch/one.crl")

[listen web]
address = $HOST:8447
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = web
client-certificate = required
client-ca = $scratch/one-ca.crt

[backend web]
server = $HOST:8081
CONF

# shown NAME COMMAND...: with the options that show the certificate NAME
shown() {
    local name=$1
    shift
    # shellcheck disable=SC2046 # options, none with a blank
    "$@" $(shows "$name")
}

for version in 1_2 1_3; do
    label="TLS ${version/_/.}"
    missing='handshake failure'
    [ $version = 1_2 ] || missing='certificate required'

    check "$label: none does not ask" served 8443 -tls$version
    check "$label: ... by s_client's word" said 'No client certificate CA names sent'
    check "$label: optional serves who shows none" served 8444 -tls$version
    check "$label: required refuses who shows none" refused "$missing" 8445 -tls$version
    begin_log
    check "$label: required serves who shows a good one" shown alice served 8445 -tls$version
    check_log_since "$label: ... and the log says who it was" event=connection 'client_subject=.*CN=alice' \
        'client_fingerprint=' 'client_names=.*alice'
    begin_log
    check "$label: optional serves who shows a good one" shown alice served 8444 -tls$version
    check_log_since "$label: ... and the log says who it was" event=connection 'client_subject=.*CN=alice'
    for port in 8444 8445; do
        check "$label: a certificate of another authority is refused with unknown_ca ($port)" \
            shown bob refused 'unknown ca' $port -tls$version
        check "$label: a certificate that is not for clients is refused ($port)" \
            shown mallory refused 'unsupported certificate' $port -tls$version
    done
    check_logged "$label: ... and the log says whose and why" event=handshake_failed reason=client_certificate_unknown_ca
    check "$label: with a CRL, who is not on it is served" shown alice served 8446 -tls$version
    check "$label: with a CRL, who is revoked is refused with certificate_revoked" \
        shown carol refused 'certificate revoked' 8446 -tls$version
done

# curl, which has a page behind sallyport
if command -v curl >/dev/null && command -v nginx >/dev/null; then
    PORT=8447
    WEB_PORT=8081 nginx_start
    echo '<html>sallyport</html>' >"$scratch/www/index.html"
    for version in 1.2 1.3; do
        check "curl: TLS $version, who shows a good one gets the page" \
            fetch app.example / --tls-max $version --cert "$scratch/alice.crt" --key "$scratch/alice.key"
        check "curl: TLS $version, who shows none gets nothing" \
            sh -c '! "$@"' - curl --silent --max-time 20 --cacert "$ROOT_CRT" --resolve "app.example:$PORT:$HOST" \
            --tls-max $version "https://app.example:$PORT/"
        check "curl: TLS $version, who shows a stranger's gets nothing" \
            sh -c '! "$@"' - curl --silent --max-time 20 --cacert "$ROOT_CRT" --resolve "app.example:$PORT:$HOST" \
            --tls-max $version --cert "$scratch/bob.crt" --key "$scratch/bob.key" "https://app.example:$PORT/"
    done
    check_equal "curl: the web server saw the good ones alone" 2 "$(grep -c . "$scratch/nginx-access.log")"
fi
check_equal "the backend was reached by the served alone" "$(grep -c ' open$' "$backend_log")" \
    "$(grep -c ' order tell ' "$backend_log")"
daemon_stop
check_logged "the counters tell served, refused and tickets apart" event=counters client_certificates=[1-9] \
    clients_refused=[1-9] tickets_issued=[1-9]
finish
