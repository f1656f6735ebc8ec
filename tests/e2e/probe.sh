#!/bin/bash
# Our own adversarial client of tests/probe, written from the RFCs: each case names what it sends and the one answer.
. "$(dirname "$0")/lib.sh"
python3 -c 'import cryptography' 2>/dev/null || skip "python3-cryptography is not installed"
backend_start
# The listener beside it, a port higher, has the classic RSA key exchange.
raw_daemon "" "
[listen rsa]
address = $HOST:$((PORT + 1))
certificate = $CERTS/rsa2048-encipher.crt
key = $CERTS/rsa2048.key
rsa-key-exchange = yes
backend = app"
PYTHONPATH=$srcdir/tests/probe timeout 300 python3 "$srcdir/tests/probe/probe.py" "$HOST" "$PORT" "$log" || failures=$((failures + 1))
finish
