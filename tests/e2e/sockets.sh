#!/bin/bash
# Unix sockets and IPv6, before and behind.
. "$(dirname "$0")/lib.sh"
need python3
port6=$((20000 + $$ % 20000))
back6=$((40000 + $$ % 20000))
has_ipv6=no
python3 -c 'import socket; socket.socket(socket.AF_INET6).bind(("::1", 0))' 2>/dev/null && has_ipv6=yes
backend_start "$scratch/backend.sock"
unix_log=$backend_log
sections="
[listen unix]
address = unix:$scratch/front.sock
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = unix

[listen inet]
address = $HOST:8443
address = $HOST:8444
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = unix

[backend unix]
server = unix:$scratch/backend.sock
"
if [ $has_ipv6 = yes ]; then
    backend_start "[::1]:$back6"
    sections="$sections
[listen inet6]
address = [::1]:$port6
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = inet6

[backend inet6]
server = [::1]:$back6
"
fi
daemon_start <<<"$sections"

cat >"$scratch/say.py" <<'PY'
import sys
from tlsclient import Client
client = Client(sys.argv[1], int(sys.argv[2])).handshake()
client.send(b"say hello\n")
assert client.receive_exactly(5) == b"hello"
client.close_notify()
assert client.receive() == b""
PY
check "a backend on a unix socket" python3 "$scratch/say.py" "$HOST" 8443
check_logged "... and the log names it" event=connection "server=unix:$scratch/backend.sock"
check "a listener with two addresses answers on the second too" python3 "$scratch/say.py" "$HOST" 8444
if [ $has_ipv6 = yes ]; then
    check "IPv6 before and behind" python3 "$scratch/say.py" ::1 "$port6"
    check_logged "... and the log has the client's address" event=connection 'client=\[::1\]:'
else
    echo "skipped: IPv6: there is none on this machine"
fi

cat >"$scratch/unix.py" <<'PY'
import socket, ssl, sys
from tlsclient import context
raw = socket.socket(socket.AF_UNIX)
raw.settimeout(20)
raw.connect(sys.argv[1])
with context().wrap_socket(raw, server_hostname="app.example") as tls:
    tls.sendall(b"say hello\n")
    assert tls.recv(5) == b"hello"
PY
check "a listener on a unix socket" python3 "$scratch/unix.py" "$scratch/front.sock"
daemon_stop
check_status "the unix socket of a listener is gone after the end" 1 test -e "$scratch/front.sock"
finish
