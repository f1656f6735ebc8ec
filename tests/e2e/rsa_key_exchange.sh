#!/bin/bash
# The classic RSA key exchange: where a listener says so, and nowhere else.
. "$(dirname "$0")/lib.sh"
. "$here/clients.sh"
need openssl
backend_start
client_authority one
client_certificate alice one
listen() {
    printf '[listen %s]\naddress = %s\ncertificate = %s\nkey = %s\nbackend = app\n%s\n' "$1" "$HOST:$2" \
        "$CERTS/rsa2048-encipher.crt" "$CERTS/rsa2048.key" "$3"
}
# shellcheck disable=SC2046 # options, none with a blank
shown_by_alice() { "$@" $(shows alice); }
daemon_start <<CONF
[backend app]
server = $HOST:8080

$(listen off 8443 "")

$(listen on 8444 "rsa-key-exchange = yes")

$(listen required 8445 "rsa-key-exchange = yes
client-certificate = required
client-ca = $scratch/one-ca.crt")
CONF

check_logged "sallyport warns at its start, naming the listener" level=warning 'listen on. takes the classic RSA key exchange'
check "... and in -t" sh -c "'$SALLYPORT' -t -c '$scratch/sallyport.conf' 2>&1 | grep 'warning: .listen on. takes the classic RSA'"
check_equal "... and of no other listener" 0 "$(count_logged 'listen off. takes the classic RSA')"
for cipher in AES128-GCM-SHA256 AES256-GCM-SHA384; do
    begin_log
    check "s_client: $cipher works where it is on" served_full 8444 -tls1_2 -cipher $cipher -sess_out "$scratch/$cipher.pem"
    check "... and is what was agreed" said "Cipher is $cipher"
    check_log_since "... and logged" event=connection version=TLSv1.2 suite=TLS_RSA_WITH_AES_ end=clean
    check "... and resumes" served_resumed 8444 -tls1_2 -cipher $cipher -sess_in "$scratch/$cipher.pem"
    check "s_client: $cipher is handshake_failure where it is off" refused 'handshake failure' 8443 -tls1_2 -cipher $cipher
done
check_logged "... and the log says what was offered" event=handshake_failed reason=no_common_suite \
    offered_suites=TLS_RSA_WITH_AES_128_GCM_SHA256

if command -v gnutls-cli >/dev/null; then
    gnutls() {
        printf '%s\n' "$ORDER" | timeout 30 gnutls-cli --x509cafile "$ROOT_CRT" --sni-hostname app.example \
            --verify-hostname app.example --port 8444 "$HOST" --priority "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA$1" \
            >"$scratch/output" 2>&1
        said $ANSWER 'TLS1.2.*RSA.*GCM'
    }
    check "gnutls-cli: the classic RSA key exchange works" gnutls ""
    check "gnutls-cli: ... without the extended master secret" gnutls ":%NO_SESSION_HASH"
fi
if command -v tstclnt >/dev/null && command -v certutil >/dev/null; then
    tstclnt_gets() {
        printf '%s\n' "$ORDER" >"$scratch/request"
        timeout 30 tstclnt -4 -h "$HOST" -a app.example -p "${AT:-8444}" -d "sql:$scratch/nssdb" -A "$scratch/request" \
            -V tls1.2:tls1.2 "$@" >"$scratch/output" 2>&1
        said $ANSWER
    }
    mkdir "$scratch/nssdb"
    certutil -N -d "sql:$scratch/nssdb" --empty-password || exit 99
    certutil -A -d "sql:$scratch/nssdb" -n root -t C,, -i "$ROOT_CRT" || exit 99
    check "tstclnt: the classic RSA key exchange works" tstclnt_gets -c :009C
    check "tstclnt: ... with the extended master secret" tstclnt_gets -c :009D -G
    # NSS sends Certificate, ClientKeyExchange and CertificateVerify in one record.
    if command -v pk12util >/dev/null; then
        openssl pkcs12 -export -in "$scratch/alice.crt" -inkey "$scratch/alice.key" -name alice -passout pass:p \
            -out "$scratch/alice.p12" || exit 99
        pk12util -i "$scratch/alice.p12" -d "sql:$scratch/nssdb" -W p >"$scratch/pk12util.log" 2>&1 || exit 99
        begin_log
        AT=8445 check "tstclnt: ... with a client certificate" tstclnt_gets -c :009C -G -n alice
        check_log_since "... and the log says who it was" event=connection listener=required 'client_subject=.*CN=alice'
    fi
fi
check "s_client: the classic RSA key exchange works with a client certificate" \
    shown_by_alice served_full 8445 -tls1_2 -cipher AES128-GCM-SHA256
check "s_client: ... and is refused without one" \
    refused 'handshake failure' 8445 -tls1_2 -cipher AES128-GCM-SHA256

check "RSA with CBC is not to be had there" refused 'handshake failure' 8444 -tls1_2 -cipher AES128-SHA256
check "TLS 1.3 is not touched by it" served 8444 -tls1_3
finish
