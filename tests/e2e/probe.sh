#!/bin/bash
# Our own adversarial client of tests/probe, written from the RFCs: each case names what it sends and the one answer.
. "$(dirname "$0")/lib.sh"
python3 -c 'import cryptography' 2>/dev/null || skip "python3-cryptography is not installed"
backend_start
export PYTHONPATH=$srcdir/tests/probe PROBE_AUTHORITY=$scratch
python3 "$srcdir/tests/probe/identity.py"
# what this build can compress certificates with: "brotli 1.0.9, zlib 1.2.13"
PROBE_COMPRESSION=$("$SALLYPORT" --version | sed -n 's/^certificate compression: //p')
export PROBE_COMPRESSION

# listen NAME ABOVE OPTIONS...: the ports above the first; the cases know them by these numbers
listen() {
    local name=$1 above=$2
    shift 2
    printf '\n[listen %s]\naddress = %s\nbackend = app\n' "$name" "$HOST:$((PORT + above))"
    printf '%s\n' "$@"
}
p256=("certificate = $CERTS/p256.crt" "key = $CERTS/p256.key")
rsa=("certificate = $CERTS/rsa2048-encipher.crt" "key = $CERTS/rsa2048.key" "rsa-key-exchange = yes")
trust=$srcdir/tests/data/client_trust
raw_daemon "" "
$(listen rsa 1 "${rsa[@]}")
$(listen required 2 "${p256[@]}" "client-certificate = required" "client-ca = $trust/root.crt" "client-ca = $scratch/authority.crt")
$(listen optional 3 "${p256[@]}" "client-certificate = optional" "client-ca = $trust/root.crt" "client-ca = $scratch/authority.crt")
$(listen other 4 "${p256[@]}" "client-certificate = required" "client-ca = $trust/other-root.crt")
$(listen twin 5 "${p256[@]}")
$(listen strict 6 "${p256[@]}" "alpn = h2, http/1.1" "unknown-sni = reject")
$(listen crl 7 "${p256[@]}" "client-certificate = required" "client-ca = $trust/root.crt" "client-crl = $trust/root-revokes.crl")
$(listen stapled 8 "${p256[@]}" "ocsp-staple = $scratch/staple.der")
$(listen proven 9 "${rsa[@]}" "client-certificate = required" "client-ca = $trust/root.crt")"
descriptors_before=$(descriptors)
timeout 300 python3 "$srcdir/tests/probe/probe.py" "$HOST" "$PORT" "$log" || failures=$((failures + 1))

# No byte of a handshake that failed reaches a backend: it saw the connections that the log tells of, and no others.
same_connections() { [ "$(grep -c ' open$' "$backend_log")" -eq "$(count_logged 'event=connection ')" ]; }
check_within "the backend saw the connections whose handshake held, and no others" 5 same_connections
check "sallyport is still the process that began" alive "$daemon_pid"
! can_look_inside || check_within "no descriptor was left open" 5 descriptors_below $((descriptors_before + 6))
finish
