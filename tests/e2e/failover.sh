#!/bin/bash
# Backends that refuse, are dead or do not exist: the next server gets the connection, or the client a clean answer.
. "$(dirname "$0")/lib.sh"
need python3
backend_start 8080
first_log=$backend_log
backend_start 8081
second_log=$backend_log
second_pid=$backend_pid
# Nobody listens on 8082. On 8083 a full queue takes no connection: its SYNs are not answered.
cat >"$scratch/full.py" <<'PY'
import socket, sys, time
listener = socket.socket()
listener.bind((sys.argv[1], 8083))
listener.listen(0)
held = []
for _ in range(4):
    sock = socket.socket()
    sock.setblocking(False)
    sock.connect_ex((sys.argv[1], 8083))
    held.append(sock)
print("ready", flush=True)
time.sleep(3600)
PY
start full python3 "$scratch/full.py" "$HOST"
wait_for 5 grep -q ready "$scratch/full.log"

listener() {
    cat <<CONF
[listen $1]
address = $HOST:$2
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = $1

[backend $1]
connect-timeout = 500ms
CONF
    shift 2
    printf 'server = %s\n' "$@"
}
daemon_start <<CONF
[sallyport]
# each worker takes turns of its own
workers = 1

$(listener turns 8443 "$HOST:8080" "$HOST:8081")
$(listener refused 8444 "$HOST:8082" "$HOST:8081")
$(listener dead 8445 "$HOST:8083" "$HOST:8081")
$(listener none 8446 "$HOST:8082")
$(listener deadend 8447 "$HOST:8083")
$(listener missing 8448 "unix:$scratch/nowhere.sock" "$HOST:8081")
CONF

cat >"$scratch/say.py" <<'PY'
import sys, time
from tlsclient import Client
for _ in range(int(sys.argv[3])):
    began = time.monotonic()
    client = Client(sys.argv[1], int(sys.argv[2])).handshake()
    client.send(b"say hello\n")
    assert client.receive_exactly(5) == b"hello"
    assert time.monotonic() - began < 3, "too slow"
    client.close_notify()
    client.close()
PY
check "ten connections are served by two servers" python3 "$scratch/say.py" "$HOST" 8443 10
check_equal "... in turns" "5 5" "$(grep -c ' open' "$first_log") $(grep -c ' open' "$second_log")"
check "when one refuses, the next one gets the connection" python3 "$scratch/say.py" "$HOST" 8444 4
check_logged "... and the refusal is logged" event=backend_failed "server=$HOST:8082"
check "when one does not answer in time, the next one gets the connection" python3 "$scratch/say.py" "$HOST" 8445 2
check_logged "... and the silence is logged" event=backend_failed "server=$HOST:8083"
check "when a unix socket does not exist, the next one gets the connection" python3 "$scratch/say.py" "$HOST" 8448 2

cat >"$scratch/refused.py" <<'PY'
# The handshake completes, then an alert tells that nobody is there: no hang, no ordinary end.
import ssl, sys, time
from tlsclient import Client
began = time.monotonic()
client = Client(sys.argv[1], int(sys.argv[2])).handshake()
try:
    client.send(b"say hello\n")
    data = client.receive()
except ssl.SSLError as error:
    assert "internal" in str(error).lower(), error
    assert time.monotonic() - began < 3
    sys.exit(0)
sys.exit(f"an ordinary end: {data!r}")
PY
check "when no server takes it, the client gets an internal_error alert" python3 "$scratch/refused.py" "$HOST" 8446
check_logged "... and the log says backend_refused" event=connection end=backend_refused
check "when no server answers in time, the same" python3 "$scratch/refused.py" "$HOST" 8447
check_logged "... and the log says backend_timeout" event=connection end=backend_timeout

stop "$second_pid"
check "a server that dies while running is passed over" python3 "$scratch/say.py" "$HOST" 8443 6
backend_start 8081
check "... and used again when it is back" python3 "$scratch/say.py" "$HOST" 8444 3
finish
