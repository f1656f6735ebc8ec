#!/bin/bash
# Running out of descriptors pauses accepting without spinning, harms nobody inside, and ends by itself.
. "$(dirname "$0")/lib.sh"
need python3 prlimit
backend_start

cat >"$scratch/crowd.py" <<'PY'
# More silent clients than there are descriptors: those who say nothing make place for those who do.
import socket, sys, time
from tlsclient import Client
host, port = sys.argv[1], int(sys.argv[2])
inside = Client(host, port).handshake()
inside.send(b"echo\n")
crowd = []
for _ in range(400):
    sock = socket.create_connection((host, port), 10)
    crowd.append(sock)
for _ in range(10):
    fresh = Client(host, port, timeout=5).handshake()
    fresh.send(b"say hello\n")
    assert fresh.receive_exactly(5) == b"hello"
    fresh.close()
    inside.send(b"still here")
    assert inside.receive_exactly(10) == b"still here"
PY
cat >"$scratch/full.py" <<'PY'
# Every descriptor is held by a connection that works: who comes then waits, and is served when one leaves.
import socket, ssl, sys, time
from tlsclient import Client
host, port, pids = sys.argv[1], int(sys.argv[2]), sys.argv[3:]

def ticks():
    fields = [open(f"/proc/{pid}/stat").read().rpartition(")")[2].split() for pid in pids]
    return sum(int(of_one[11]) + int(of_one[12]) for of_one in fields)

inside = []
while True:
    client = Client(host, port, timeout=2)
    try:
        client.handshake()
        client.send(b"echo\n0123456789")
        assert client.receive_exactly(10) == b"0123456789"
    except (TimeoutError, ssl.SSLError, OSError):
        break
    inside.append(client)
    assert len(inside) < 64
assert len(inside) > 10, len(inside)
waiting = []
for _ in range(20):
    sock = socket.create_connection((host, port), 10)
    waiting.append(sock)
time.sleep(0.5)
before, began = ticks(), time.monotonic()
while time.monotonic() - began < 3:
    for client in inside:
        client.send(b"x")
        assert client.receive_exactly(1) == b"x"
    time.sleep(0.3)
spent = ticks() - before
assert spent < 30, f"{spent} ticks of 10 ms in 3 s, which is 10 % and more: it spins"
for sock in waiting:
    sock.close()
for client in inside[:6]:
    client.close_notify()
    client.close()
began = time.monotonic()
fresh = Client(host, port, timeout=5).handshake()
fresh.send(b"say hello\n")
assert fresh.receive_exactly(5) == b"hello"
took = time.monotonic() - began
print(f"{len(inside)} connections held all descriptors; {spent / 3:.1f} % of a CPU; served {took:.2f} s after one left")
assert took < 1, f"served {took:.2f} s after one left"
PY
cat >"$scratch/theirs.py" <<'PY'
# The master connects to unix sockets: what is short there is no reason to let go of those who shake hands here.
import socket, sys
from tlsclient import Client
host, port, count = sys.argv[1], int(sys.argv[2]), 20
silent = [socket.create_connection((host, port), 10) for _ in range(count)]
client = Client(host, port, timeout=5).handshake()
try:
    assert client.receive() == b"", "a backend without a descriptor"
except OSError:
    pass
gone = 0
for sock in silent:
    sock.setblocking(False)
    try:
        sock.recv(1)
        gone += 1
    except BlockingIOError:
        pass
assert gone == 0, f"{gone} of {count} are gone"
PY
LIMIT="prlimit --nofile=256" raw_daemon "client-hello-timeout = 60s
handshake-timeout = 60s" "
[sallyport]
workers = 1"
check "with 256 descriptors and 400 silent clients, those who speak are served, those inside go on" \
    python3 "$scratch/crowd.py" "$HOST" "$PORT"
! can_look_inside || check_within "... and the descriptors come back" 10 descriptors_below 24
daemon_stop

# The limit of connections does not keep descriptors free for the backends.
unix_daemon() {
    daemon_start <<CONF
[sallyport]
workers = 1
max-connections = 1000

[listen raw]
address = $HOST:$PORT
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = app
client-hello-timeout = 60s
handshake-timeout = 60s

[backend app]
server = unix:$scratch/backend.sock
CONF
}
backend_start "$scratch/backend.sock"
: >"$log"
LIMIT="prlimit --nofile=256" unix_daemon
check "... also when the backend is on a unix socket" python3 "$scratch/crowd.py" "$HOST" "$PORT"
daemon_stop

: >"$log"
unix_daemon
prlimit --pid "$daemon_pid" --nofile=3:
check "when it is the master who has no descriptor for a unix socket, no handshake has to go" \
    python3 "$scratch/theirs.py" "$HOST" "$PORT"
check_logged "... and the log tells of it" event=backend_failed 'error="Too many open files"'
prlimit --pid "$daemon_pid" --nofile=256:
daemon_stop

# An even and an odd number: with one descriptor left the next client is taken in, and lets go for the one after; with
# none left nobody is.
for limit in 64 65; do
    : >"$log"
    LIMIT="prlimit --nofile=$limit" raw_daemon "" "
[sallyport]
workers = 1
max-connections = 1000"
    check_logged "a limit of connections that the descriptors do not carry is told at start" \
        level=warning max-connections
    check "with all of $limit descriptors in use less than 10 % of a CPU is, relays go on, the next is in within 1 s" \
        python3 "$scratch/full.py" "$HOST" "$PORT" "$(worker_pid)" "$daemon_pid"
    check "... and sallyport is still there" alive "$daemon_pid"
    ! can_look_inside || check_within "... and the descriptors come back" 10 descriptors_below 24
    check_logged "... and the log tells of it" 'descriptor|too many open'
    check "... in few lines" [ "$(count_logged 'accept')" -le 20 ]
    daemon_stop
done

: >"$log"
raw_daemon "" "
[sallyport]
workers = 2
memory-limit = 64m"
check_logged "the start tells how many connections memory-limit carries" 'ready: .*up to 2048 connections'
finish
