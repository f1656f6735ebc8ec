#!/bin/bash
# One direction may end while the other goes on, either way; an end without close_notify is told apart from it.
. "$(dirname "$0")/lib.sh"
need python3
backend_start
daemon_start <<CONF
[listen reset]
address = $HOST:$PORT
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = app

[listen eof]
address = $HOST:8444
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = app
on-truncation = eof

[backend app]
server = $HOST:8080
CONF

cat >"$scratch/client_first.py" <<'PY'
# RFC 8446 6.1: close_notify ends one direction; what the other side has to say may still come.
import sys
from tlsclient import Client
client = Client(sys.argv[1], int(sys.argv[2])).handshake()
client.send(b"count\n" + b"x" * 100000)
client.close_notify()
answer = client.receive_all()
assert answer.startswith(b"100000 "), answer
PY
check "after the client's close_notify the backend's answer still arrives" \
    python3 "$scratch/client_first.py" "$HOST" "$PORT"
check_logged "... and the connection ended clean" event=connection bytes_in=100006 end=clean

cat >"$scratch/backend_first.py" <<'PY'
import sys, time
from tlsclient import Client
client = Client(sys.argv[1], int(sys.argv[2])).handshake()
client.send(b"half 5\n")
assert len(client.receive_exactly(5)) == 5
assert client.receive() == b"", "close_notify of the backend's end"
time.sleep(0.2)
client.send(b"y" * 70000)
client.close_notify()
PY
check "after the backend's end (as close_notify) the client may go on sending" \
    python3 "$scratch/backend_first.py" "$HOST" "$PORT"
check_within "... and all of it arrives" 5 grep -q ' eof 70000 ' "$backend_log"

cat >"$scratch/cut.py" <<'PY'
# how: fin (a TCP end without close_notify) or rst
import sys, time
from tlsclient import Client
host, port, how, length = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
client = Client(host, port).handshake()
client.send(b"count\n" + b"z" * length)
time.sleep(0.3)
client.end() if how == "fin" else client.reset()
time.sleep(0.3)
PY
for how in fin rst; do
    [ $how = fin ] && length=50001 || length=50002
    check "a client cuts the connection off ($how)" python3 "$scratch/cut.py" "$HOST" "$PORT" $how $length
    check_within "... the backend gets what arrived intact, then a reset, never an ordinary end ($how)" 5 \
        grep -qE "^[0-9]+ reset $length " "$backend_log"
    check_logged "... and the log calls it truncated ($how)" event=connection "bytes_in=$((length + 6))" end=truncated
done
check "the same with on-truncation = eof" python3 "$scratch/cut.py" "$HOST" 8444 fin 50003
check_within "... the backend sees an ordinary end" 5 grep -qE "^[0-9]+ eof 50003 " "$backend_log"

cat >"$scratch/backend_resets.py" <<'PY'
import ssl, sys
from tlsclient import Client
client = Client(sys.argv[1], int(sys.argv[2])).handshake()
client.send(b"reset\n")
try:
    data = client.receive()
except (ssl.SSLError, OSError):
    sys.exit(0)
sys.exit(f"an ordinary end after the backend's reset: {data!r}")
PY
check "a reset of the backend is no close_notify for the client" python3 "$scratch/backend_resets.py" "$HOST" "$PORT"
check_logged "... and logged" event=connection end=backend_reset
finish
