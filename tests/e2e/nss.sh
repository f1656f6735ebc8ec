#!/bin/bash
# NSS tstclnt, the library of Firefox, completes the handshake and gets a page.
. "$(dirname "$0")/lib.sh"
need tstclnt certutil
nginx_start
echo '<html>sallyport</html>' >"$scratch/www/index.html"
web_daemon

mkdir "$scratch/nssdb"
certutil -N -d "sql:$scratch/nssdb" --empty-password || exit 99
certutil -A -d "sql:$scratch/nssdb" -n root -t C,, -i "$ROOT_CRT" || exit 99
printf 'GET / HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n' >"$scratch/request"

tstclnt_gets() {
    timeout 30 tstclnt -4 -h "$HOST" -a app.example -p "$PORT" -d "sql:$scratch/nssdb" -V tls1.3:tls1.3 \
        -A "$scratch/request" "$@" >"$scratch/nss.log" 2>&1
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
check "tstclnt is served with an RSA certificate" tstclnt_gets -J rsa_pss_rsae_sha256,rsa_pkcs1_sha256,ecdsa_secp256r1_sha256
finish
