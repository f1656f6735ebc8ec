#!/bin/bash
# Clients that want small records get them: max_fragment_length and record_size_limit, in both versions, both ways.
. "$(dirname "$0")/lib.sh"
. "$here/clients.sh"
need openssl
backend_start
raw_daemon

# An s_client that asked for it ends with an error at a record that is longer.
long_answer() {
    timeout 30 openssl s_client -connect "$HOST:$PORT" -servername app.example -CAfile "$ROOT_CRT" -quiet -no_ign_eof \
        -ign_eof "$@" <"$scratch/order" 2>"$scratch/output" | wc -c
}
printf 'half 200000\n' >"$scratch/order"
for version in 1_2 1_3; do
    for length in 512 1024 2048 4096; do
        check_equal "TLS ${version/_/.}: s_client gets 200,000 bytes in fragments of $length at most" 200000 \
            "$(long_answer -tls$version -maxfraglen $length)"
    done
done

if command -v gnutls-cli >/dev/null; then
    # At the end of its input it says goodbye, and throws away what still comes: so that ends later than the answer.
    gnutls_gets() {
        timeout 30 gnutls-cli --x509cafile "$ROOT_CRT" --sni-hostname app.example --verify-hostname app.example --port $PORT \
            "$HOST" --logfile="$scratch/gnutls.log" --recordsize "$2" --priority "NORMAL:-VERS-ALL:+VERS-$1" \
            < <(cat "$scratch/order" && sleep 3) | wc -c
    }
    for version in TLS1.2 TLS1.3; do
        check_equal "gnutls-cli: $version with a record_size_limit of 600 gets 200,000 bytes" 200000 "$(gnutls_gets $version 600)"
    done
fi
finish
