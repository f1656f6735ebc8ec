#!/bin/bash
# Each deadline ends a connection that keeps it waiting, and no other.
. "$(dirname "$0")/lib.sh"
need python3
backend_start
raw_daemon "client-hello-timeout = 700ms
handshake-timeout = 1400ms
idle-timeout = 2100ms" "
[sallyport]
log-level = debug"

cat >"$scratch/wait.py" <<'PY'
# wait.py HOST PORT HOW FROM TO: the other end closes between FROM and TO seconds
import socket, ssl, sys, time
from tlsclient import Client
host, port, how, low, high = sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4]), float(sys.argv[5])
began = time.monotonic()
if how == "silent":
    sock = socket.create_connection((host, port), 20)
elif how == "trickle":  # a byte now and then does not buy time
    client = Client(host, port)
    try:
        client.tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    hello = client.outgoing.read()
    sock = client.sock
    sock.settimeout(0.1)
    for byte in hello:
        try:
            sock.send(bytes([byte]))
            if sock.recv(1) == b"":
                break
        except TimeoutError:
            continue
        except OSError:
            break
    sock.settimeout(20)
elif how == "idle":
    client = Client(host, port).handshake()
    client.send(b"hold\n")
    began = time.monotonic()
    sock = client.sock
elif how == "busy":  # data now and then keeps it open
    client = Client(host, port).handshake()
    client.send(b"echo\n")
    for _ in range(8):
        time.sleep(0.5)
        client.send(b"x")
        assert client.receive_exactly(1) == b"x"
    sys.exit()
try:
    while sock.recv(4096):
        pass
except OSError:
    pass
took = time.monotonic() - began
assert low <= took <= high, f"closed after {took:.2f} s"
PY
check "a silent client is closed after client-hello-timeout" python3 "$scratch/wait.py" "$HOST" "$PORT" silent 0.6 3
check "a client that trickles its ClientHello is closed at the same time" python3 "$scratch/wait.py" "$HOST" "$PORT" trickle 0.6 3
check_logged "... and logged, for those who look closely" level=debug event=handshake_failed reason=timeout_client_hello
check "an idle connection is closed after idle-timeout" python3 "$scratch/wait.py" "$HOST" "$PORT" idle 1.9 6
check_logged "... and logged" event=connection end=timeout_idle
check "a connection with data now and then stays" python3 "$scratch/wait.py" "$HOST" "$PORT" busy 0 0
finish
