#!/bin/bash
# Every local port to the server is in use: connections are refused with a word, counted, and taken again when one is free
# (reliability D06). In a network of its own with few ports, which only root can make.
. "$(dirname "$0")/lib.sh"
need python3 unshare ip
ports=60
if [ "${1:-}" != inside ]; then
    [ "$(id -u)" -eq 0 ] && unshare -n true 2>/dev/null || skip "a network of its own: only root can make one"
    exec unshare -n "$0" inside
fi
ip link set lo up && echo "32768 $((32768 + ports - 1))" >/proc/sys/net/ipv4/ip_local_port_range ||
    skip "the range of ports cannot be set"
backend_start
raw_daemon "" "
[sallyport]
workers = 1"

cat >"$scratch/many.py" <<'PY'
# many.py HOST PORT PORTS: more connections than ports, from ports beyond the range; then one goes and one more comes
import ssl, sys, socket, time
import tlsclient
at, ports, number = (sys.argv[1], int(sys.argv[2])), int(sys.argv[3]), 0

def come():
    """A connection that is served; None: it was ended."""
    global number
    number += 1
    sock = socket.socket()
    sock.settimeout(10)
    sock.bind((sys.argv[1], 40000 + number))
    sock.connect(at)
    try:
        tls = tlsclient.context().wrap_socket(sock, server_hostname="app.example")
        tls.sendall(b"echo\nx")
        if tls.recv(1) == b"x":
            return tls
    except OSError as error:
        assert not isinstance(error, TimeoutError), "it waits"
    sock.close()
    return None

held = [come() for _ in range(ports + 20)]
served = [one for one in held if one]
print(f"{len(served)} served, {len(held) - len(served)} refused", flush=True)
assert ports - 5 <= len(served) <= ports, len(served)
assert all(one is None for one in held[len(served):]), "served again while no port was free"
for one in served:
    one.sendall(b"y")
    assert one.recv(1) == b"y"
served[0].close()
fresh, until = None, time.monotonic() + 20
while not fresh and time.monotonic() < until:
    time.sleep(0.2)
    fresh = come()
assert fresh, "no port came free"
PY
check "with $ports ports and more connections those are served, the others refused at once, and one more when one has gone" \
    python3 "$scratch/many.py" "$HOST" "$PORT" $ports
check_logged "the log says in words what is used up" event=backend_failed 'no local port is left'
daemon_stop
check_logged "and it is counted" event=counters 'backend_ports_exhausted=[1-9]'
finish
