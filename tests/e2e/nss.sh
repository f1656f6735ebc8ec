#!/bin/bash
# NSS tstclnt, the library of Firefox, completes the handshake and gets a page.
. "$(dirname "$0")/lib.sh"
need tstclnt certutil
nginx_start
echo '<html>sallyport</html>' >"$scratch/www/index.html"

# NSS takes an RSA certificate only when it may encipher keys, too, as those that authorities sell do.
web_daemon "
[listen rsa]
address = $HOST:8444
certificate = $CERTS/rsa2048-encipher.crt
key = $CERTS/rsa2048.key
backend = app"

mkdir "$scratch/nssdb"
certutil -N -d "sql:$scratch/nssdb" --empty-password || exit 99
certutil -A -d "sql:$scratch/nssdb" -n root -t C,, -i "$ROOT_CRT" || exit 99
printf 'GET / HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n' >"$scratch/request"

tstclnt_gets() {
    timeout 30 tstclnt -4 -h "$HOST" -a app.example -p "${AT:-$PORT}" -d "sql:$scratch/nssdb" -A "$scratch/request" \
        -V "${VERSION:-tls1.3}:${VERSION:-tls1.3}" "$@" >"$scratch/nss.log" 2>&1
    grep -aq '<html>sallyport</html>' "$scratch/nss.log" && return
    cat "$scratch/nss.log"
    return 1
}

check "tstclnt is served and trusts the chain" tstclnt_gets
check_logged "... with TLS 1.3" event=connection version=TLSv1.3 end=clean
for group in x25519 P256 P384; do
    check "tstclnt is served with $group" tstclnt_gets -I "$group"
done
check "tstclnt is served with ChaCha20-Poly1305" tstclnt_gets -c :1303
check "tstclnt is served with AES-256-GCM" tstclnt_gets -c :1302
VERSION=tls1.2 check "tstclnt is served in TLS 1.2" tstclnt_gets
check_logged "... which the log says" event=connection version=TLSv1.2 end=clean
VERSION=tls1.2 check "tstclnt is served in TLS 1.2 with the extended master secret and tickets" tstclnt_gets -G -u
AT=8444 check "tstclnt is served with an RSA certificate" tstclnt_gets
check_logged "... which the log says" event=connection listener=rsa signature=rsa_pss_rsae_sha256 end=clean
AT=8444 VERSION=tls1.2 check "tstclnt is served with an RSA certificate in TLS 1.2" tstclnt_gets
finish
