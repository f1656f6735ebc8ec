#!/bin/bash
# Sockets that move one to three bytes a call, interrupt and find nothing: no byte is lost, doubled or out of order
# (row P09 of the catalogue of faults), and every way to end is still told apart.
. "$(dirname "$0")/lib.sh"
need python3 openssl
chaos=${CHAOS_SO:-$PWD/chaos.so}
[ -e "$chaos" ] || skip "chaos.so is not built (make chaos.so)"
[ "${SANITIZERS:-no}" = no ] || skip "the sanitizers want to be loaded first"
kibibytes=1024
[ "$LONG" = no ] || kibibytes=16384
LIMIT="env LD_PRELOAD=$chaos SALLYPORT_CHAOS_SEED=$$"
backend_start
# The library asks sockets for their type, which no worker has a reason to.
raw_daemon "" "
[sallyport]
sandbox = off"

cat >"$scratch/both.py" <<'PY'
# Up and down at the same time, on one connection.
import hashlib, sys
from tlsclient import Client
host, port, total = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
client = Client(host, port, timeout=300).handshake()
client.send(b"echo\n")
up, down, sent, got = hashlib.sha256(), hashlib.sha256(), 0, 0
while got < total:
    if sent < total and sent - got < 1 << 16:
        piece = hashlib.sha256(b"%d" % sent).digest() * 128
        client.send(piece)
        up.update(piece)
        sent += len(piece)
    else:
        data = client.receive(1 << 16)
        assert data
        down.update(data)
        got += len(data)
assert got == total and up.digest() == down.digest()
client.close_notify()
assert client.receive() == b""
PY
check "$kibibytes KiB go there and back with equal SHA-256" python3 "$scratch/both.py" "$HOST" $PORT $((kibibytes << 10))
check_logged "... and end clean" event=connection "bytes_out=$((kibibytes << 10))" end=clean

cat >"$scratch/half.py" <<'PY'
# close_notify first, the answer afterwards.
import sys
from tlsclient import Client
client = Client(sys.argv[1], int(sys.argv[2]), timeout=60).handshake()
client.send(b"count\n" + b"x" * 20000)
client.close_notify()
answer = client.receive_all()
assert answer.startswith(b"20000 "), answer
PY
check "an answer after close_notify arrives whole" python3 "$scratch/half.py" "$HOST" $PORT

for i in 1 2 3 4 5 6 7 8; do
    openssl s_client -connect "$HOST:$PORT" -CAfile "$ROOT_CRT" -servername app.example -verify_return_error \
        </dev/null >"$scratch/client-$i.log" 2>&1 || echo "$i"
done >"$scratch/failed"
check_equal "eight handshakes succeed" "" "$(cat "$scratch/failed")"
daemon_stop
check "the library was there and meddled" grep -q '^chaos: meddled with [0-9]\{4,\} calls' "$log"
finish
