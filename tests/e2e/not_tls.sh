#!/bin/bash
# What is no TLS is recognised, logged and closed at once; nothing of it reaches the backend.
. "$(dirname "$0")/lib.sh"
need python3 curl
backend_start
raw_daemon "profile = modern"

cat >"$scratch/knock.py" <<'PY'
# knock.py HOST PORT HEX: sends it, tells how long until the other end closed
import socket, sys, time
sock = socket.create_connection((sys.argv[1], int(sys.argv[2])), 20)
began = time.monotonic()
sock.sendall(bytes.fromhex(sys.argv[3]))
got = b""
try:
    while piece := sock.recv(4096):
        got += piece
except ConnectionResetError:
    sys.exit("reset: the alert may be lost")
took = time.monotonic() - began
assert took < 3, f"closed after {took:.2f} s"
assert b"HTTP" not in got
PY
knock() { python3 "$scratch/knock.py" "$HOST" "$PORT" "$(printf "$1" | od -An -tx1 | tr -d ' \n')"; }
check "plain HTTP is closed at once" knock 'GET / HTTP/1.1\r\nHost: app.example\r\n\r\n'
check_logged "... and the log knows it for HTTP and says what to do" event=handshake_failed reason=not_tls_http hint=
check "an SSH client is closed at once" knock 'SSH-2.0-OpenSSH_9.2p1\r\n'
check_logged "... and the log knows it for SSH" event=handshake_failed reason=not_tls_ssh
check "a PROXY header is closed at once" knock 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n'
check_logged "... and the log knows it" event=handshake_failed reason=not_tls_proxy
check "random bytes are closed at once" knock '\303\021\001\377\312\376\272\276 random bytes'
check_logged "... and the log says that it is no TLS" event=handshake_failed 'reason=not_tls '
check "a record of an unknown version is closed at once" knock '\026\001\001\000\005\001\000\000\001\000'
check_equal "curl with http:// is not served" 1 "$(curl -s --max-time 5 -o /dev/null "http://$HOST:$PORT/" && echo 0 || echo 1)"
check_equal "nothing of all that reached the backend" 0 "$(grep -c open "$backend_log")"

cat >"$scratch/flood.py" <<'PY'
# A ClientHello that must be refused, and 60,000 bytes right behind it, more than is ever read: the alert arrives, and
# an ordinary end after it.
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.maximum_version = ssl.TLSVersion.TLSv1_2
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(incoming, outgoing, server_hostname="app.example")
try:
    tls.do_handshake()
except ssl.SSLWantReadError:
    pass
hello = outgoing.read()
for _ in range(20):
    sock = socket.create_connection((sys.argv[1], int(sys.argv[2])), 20)
    sock.sendall(hello + bytes(60000))
    got = b""
    while piece := sock.recv(4096):
        got += piece
    assert got == b"\x15\x03\x03\x00\x02\x02\x46", got  # alert, fatal, protocol_version
PY
check "a refused ClientHello with much behind it still gets its alert" python3 "$scratch/flood.py" "$HOST" "$PORT"

cat >"$scratch/say.py" <<'PY'
import sys
from tlsclient import Client
client = Client(sys.argv[1], int(sys.argv[2])).handshake()
client.send(b"say hello\n")
assert client.receive_exactly(5) == b"hello"
PY
check "and TLS is served as before" python3 "$scratch/say.py" "$HOST" "$PORT"
finish
