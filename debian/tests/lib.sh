# lib.sh: a certificate, a server in plain and a configuration, for both tests. $dir is the scratch directory.
set -eu
dir=$(mktemp -d)
server=
proxy=

finish() {
    status=$?
    for pid in $proxy $server; do kill "$pid" 2>/dev/null || true; done
    [ "$status" -eq 0 ] || cat "$dir"/*.log >&2
    rm -rf "$dir"
    exit "$status"
}
trap finish EXIT

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test.example \
    -addext subjectAltName=DNS:test.example -keyout "$dir/tls.key" -out "$dir/tls.crt" 2>"$dir/openssl.log"

mkdir "$dir/www"
echo "from behind sallyport" >"$dir/www/index.html"
python3 -m http.server --bind 127.0.0.1 --directory "$dir/www" 8081 >"$dir/server.log" 2>&1 &
server=$!
curl --silent --fail --retry 20 --retry-delay 1 --retry-connrefused --output /dev/null http://127.0.0.1:8081/

# configuration DIRECTORY-OF-THE-CERTIFICATE
configuration() {
    cat <<CONF
[listen web]
address = 127.0.0.1:8443
certificate = $1/tls.crt
key = $1/tls.key
backend = app

[backend app]
server = 127.0.0.1:8081
CONF
}

# request OPTIONS-OF-CURL...: by TLS, the certificate verified
request() {
    curl --silent --show-error --fail --retry 20 --retry-delay 1 --retry-connrefused --cacert "$dir/tls.crt" \
        --resolve test.example:8443:127.0.0.1 "$@" https://test.example:8443/
}
