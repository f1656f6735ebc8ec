#!/bin/bash
# No byte and no connection reaches a backend before the client's Finished has been verified.
. "$(dirname "$0")/lib.sh"
need python3
backend_start
raw_daemon "handshake-timeout = 2s
client-hello-timeout = 1s"

cat >"$scratch/unfinished.py" <<'PY'
# Everything of a handshake but the client's last flight; then garbage in its place; then a flight with one bit wrong.
import socket, ssl, sys, time
from tlsclient import Client
host, port, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]
client = Client(host, port)
try:
    client.tls.do_handshake()
except ssl.SSLWantReadError:
    pass
client.sock.sendall(client.outgoing.read())
while True:
    client.incoming.write(client.sock.recv(65536))
    try:
        client.tls.do_handshake()
        break
    except ssl.SSLWantReadError:
        client.outgoing.read()
client.tls.write(b"count\nnever to arrive")
flight = bytearray(client.outgoing.read())
if how == "late":
    pass
elif how == "garbage":
    client.sock.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
elif how == "flipped":
    flight[-40 if len(flight) > 60 else -1] ^= 1
    at = flight.find(b"\x17\x03\x03")
    flight[at + 10] ^= 1
    client.sock.sendall(flight)
elif how == "swapped":  # data before Finished
    at = flight.find(b"\x17\x03\x03")
    size = 5 + int.from_bytes(flight[at + 3 : at + 5], "big")
    client.sock.sendall(flight[:at] + flight[at + size :] + flight[at : at + size])
began = time.monotonic()
try:
    while client.sock.recv(4096):
        pass
except ConnectionResetError:
    pass
assert time.monotonic() - began < 6
PY
for how in garbage flipped swapped late; do
    check "a client whose last flight is $how is closed" python3 "$scratch/unfinished.py" "$HOST" "$PORT" $how
done
check_logged "... as a bad record" event=handshake_failed reason=.*record.*mac
check_logged "... or as too late" event=handshake_failed reason=timeout_handshake stage=client_finished
check_equal "and the backend never saw a connection" 0 "$(grep -c open "$backend_log")"
finish
