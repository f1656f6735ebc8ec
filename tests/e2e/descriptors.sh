#!/bin/bash
# Running out of descriptors pauses accepting without spinning, harms nobody inside, and ends by itself.
. "$(dirname "$0")/lib.sh"
need python3 prlimit
backend_start
LIMIT="prlimit --nofile=64" raw_daemon "client-hello-timeout = 60s
handshake-timeout = 60s"

cat >"$scratch/scene.py" <<'PY'
import os, socket, sys, time
from tlsclient import Client
host, port, pid, log = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]

def ticks():
    fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])

inside = Client(host, port).handshake()
inside.send(b"echo\n")
crowd = []
for _ in range(200):
    sock = socket.socket()
    sock.settimeout(5)
    try:
        sock.connect((host, port))
    except OSError:
        break
    crowd.append(sock)
time.sleep(1)
before = ticks()
began = time.monotonic()
while time.monotonic() - began < 3:
    inside.send(b"still here")
    assert inside.receive_exactly(10) == b"still here"
    time.sleep(0.1)
spent = ticks() - before
assert spent <= 30, f"{spent} ticks of 10 ms in 3 s: it spins"
assert len(os.listdir(f"/proc/{pid}/fd")) <= 64
for sock in crowd:
    sock.close()
began = time.monotonic()
fresh = Client(host, port, timeout=5).handshake()
fresh.send(b"say hello\n")
assert fresh.receive_exactly(5) == b"hello"
assert time.monotonic() - began < 5
PY
check "with 64 descriptors and 200 clients a connection inside goes on, nothing spins, and new ones are served after" \
    python3 "$scratch/scene.py" "$HOST" "$PORT" "$daemon_pid" "$log"
check "... and sallyport is still there" alive "$daemon_pid"
check_within "... and its descriptors come back" 10 sh -c "[ \$(find /proc/$daemon_pid/fd | wc -l) -lt 24 ]"
check "the log tells of it, in few lines" sh -c "n=\$(grep -ciE 'descriptor|EMFILE|too many open' '$log'); [ \$n -ge 1 ] && [ \$n -le 20 ]"
finish
