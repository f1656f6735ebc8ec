#!/bin/bash
# Headless Chromium opens a page, with the test root in its store of authorities.
. "$(dirname "$0")/lib.sh"
need chromium certutil
nginx_start
cat >"$scratch/www/index.html" <<'HTML'
<html><body><p id="said"></p><script>
fetch('/other.txt').then(r => r.text()).then(text => { document.getElementById('said').textContent = 'the script got ' + text; });
</script></body></html>
HTML
printf 'the other file' >"$scratch/www/other.txt"
web_daemon "alpn = http/1.1"

export HOME=$scratch/home
mkdir -p "$HOME/.pki/nssdb"
certutil -N -d "sql:$HOME/.pki/nssdb" --empty-password || exit 99
certutil -A -d "sql:$HOME/.pki/nssdb" -n root -t C,, -i "$ROOT_CRT" || exit 99

# browse NAME PORT WORDS: the page at PORT, once its scripts have run, shows WORDS
browse() {
    local name=$1 port=$2 words=$3
    timeout 90 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync --disable-dev-shm-usage \
        --user-data-dir="$scratch/profile-$name" --host-resolver-rules="MAP app.example $HOST" \
        --virtual-time-budget=10000 --dump-dom "https://app.example:$port/" >"$scratch/$name.dom" 2>"$scratch/$name.log"
    grep -q "$words" "$scratch/$name.dom" && return
    cat "$scratch/$name.dom" "$scratch/$name.log"
    return 1
}

check "Chromium opens the page, trusts the chain, and its script fetches another" \
    browse plain "$PORT" "the script got the other file"
check_logged "... with TLS 1.3, the name and ALPN" event=connection version=TLSv1.3 sni=app.example alpn=http/1.1
# Chromium's ClientHello with a post-quantum share takes two TCP segments.
check_logged "... with its post-quantum share" event=connection group=X25519MLKEM768

start demo "$SALLYPORT" -f "$HOST:8445" --cert "$CERTS/p256.crt" --key "$CERTS/p256.key"
wait_for 20 is_listening "$HOST" 8445
check "Chromium is shown its own handshake by the demo page" browse demo 8445 CertificateVerify
finish
