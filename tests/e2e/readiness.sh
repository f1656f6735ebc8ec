#!/bin/bash
# Ready means that new connections are wanted and served: from the first word of it on, over every reload and an upgrade,
# until the order to stop, when it goes first. And `sallyport healthcheck` believes nobody who does not say so.
. "$(dirname "$0")/lib.sh"
need python3 curl
backend_start
at=$HOST:9100

cat >"$scratch/sallyport.conf" <<CONF
[sallyport]
drain-delay = 2s
drain-timeout = 10s

[admin]
address = $at

[listen raw]
address = $HOST:$PORT
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = app

[backend app]
server = $HOST:8080
CONF
cat >"$scratch/say.py" <<'PY'
import sys
from tlsclient import Client
client = Client(sys.argv[1], int(sys.argv[2])).handshake()
client.send(b"say hello\n")
assert client.receive_exactly(5) == b"hello"
PY
cat >"$scratch/poll.py" <<'PY'
# poll.py HOST PORT FILE: asks /readyz over and over until FILE is there; anything but 200 and "ready" is told of
import os, socket, sys, time
asked, wrong = 0, []
while not os.path.exists(sys.argv[3]):
    try:
        with socket.create_connection((sys.argv[1], int(sys.argv[2])), 10) as sock:
            sock.sendall(b"GET /readyz HTTP/1.0\r\n\r\n")
            reply = b""
            while part := sock.recv(4096):
                reply += part
    except OSError as error:
        reply = repr(error).encode()
    asked += 1
    if not reply.startswith((b"HTTP/1.0 200 ", b"HTTP/1.1 200 ")) or not reply.endswith(b"\r\n\r\nready\n"):
        wrong.append(reply[-120:])
    time.sleep(0.005)
print(f"{asked} asked, {len(wrong)} not ready: {wrong[:3]}")
sys.exit(asked < 50 or len(wrong) > 0)
PY
served() { python3 "$scratch/say.py" "$HOST" "$PORT"; }
asked() { "$SALLYPORT" healthcheck --admin "$at" "$@"; }
status_of() { curl -s -o "$scratch/body" -w '%{http_code}' --max-time 5 "http://$at$1"; }
reloaded() { [ "$(count_logged 'msg="reloaded: ')" -ge "$1" ]; }
refused() { [ "$(count_logged 'reload refused')" -ge "$1" ]; }

# ---- the start
check_status "nobody is there, and not ready" 1 asked --ready
daemon_begin
wait_for 20 asked --ready
check "the moment it says that it is ready, it serves" served

# ---- reloads: good ones, a refused one, an upgrade
start poll python3 "$scratch/poll.py" "$HOST" 9100 "$scratch/enough"
poll=$started
for i in 1 2 3 4; do
    kill -HUP "$daemon_pid"
    wait_for 20 reloaded $i || not_ok "reload $i"
done
echo nonsense >>"$scratch/sallyport.conf"
kill -HUP "$daemon_pid"
wait_for 20 refused 1 || not_ok "a reload is refused"
sed -i '/^nonsense/d' "$scratch/sallyport.conf"
kill -USR2 "$daemon_pid"
wait_for 30 reloaded 5 || not_ok "an upgrade"
sleep 0.5
: >"$scratch/enough"
wait "$poll"
check_equal "over four reloads, one that was refused, and an upgrade it stays ready ($(cat "$scratch/poll.log"))" 0 $?

# ---- the order to stop
kill -TERM "$daemon_pid"
check_within "after the order to stop it is not ready" 1 eval '[ "$(status_of /readyz)" = 503 ]'
check_equal "... which the body says" draining "$(cat "$scratch/body")"
check "... while it still serves who comes, until drain-delay is over" served
check_equal "... and is alive" 200 "$(status_of /healthz)"
check_equal "... as /metrics says" "sallyport_ready 0" "$(curl -s --max-time 5 "http://$at/metrics" | grep '^sallyport_ready ')"
daemon_wait
check_equal "it ends in order" 0 "$daemon_status"

# ---- a configuration in the environment
export SALLYPORT_LISTEN="$HOST:$PORT" SALLYPORT_BACKEND="$HOST:8080" SALLYPORT_CERT="$CERTS/p256.crt" \
    SALLYPORT_KEY="$CERTS/p256.key" SALLYPORT_ADMIN="$HOST:9101"
: >"$log"
start sallyport "$SALLYPORT"
daemon_pid=$started
check_within "by the environment alone it is healthy" 20 "$SALLYPORT" healthcheck
check_status "... and ready" 0 "$SALLYPORT" healthcheck --ready
check "... at the address of SALLYPORT_ADMIN" grep -qxF "healthy: ready ($HOST:9101)" "$scratch/output"
daemon_stop
check_status "... and no more when it has ended" 1 "$SALLYPORT" healthcheck
SALLYPORT_LISTEN=nonsense check_status "a faulty variable is a faulty configuration" 78 "$SALLYPORT" healthcheck
unset "${!SALLYPORT_@}"

# ---- somebody else in its place
cat >"$scratch/other.py" <<'PY'
# other.py HOST PORT HOW: takes connections and says nothing, a byte now and then, or that all is well with another status
import socket, sys, threading, time
def serve(sock):
    try:
        sock.recv(4096)
        if sys.argv[3] == "drip":
            for byte in b"HTTP/1.1 200 OK\r\n\r\n" + b"ok" * 1000:
                sock.sendall(bytes([byte]))
                time.sleep(0.3)
        elif sys.argv[3] == "other":
            sock.sendall(b"HTTP/1.1 204 No Content\r\n\r\nok\n")
            sock.close()
        else:
            time.sleep(60)
    except OSError:
        pass
listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
print("ready", flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
PY
for how in silent drip other; do
    start other python3 "$scratch/other.py" "$HOST" 9102 $how
    other=$started
    wait_for 10 grep -q ready "$scratch/other.log"
    began=$SECONDS
    check_status "who is $how is not healthy" 1 "$SALLYPORT" healthcheck --admin "$HOST:9102"
    took=$((SECONDS - began))
    [ $took -le 5 ] && ok "... which takes no longer than the timeout" || not_ok "it took $took s"
    stop "$other"
done
finish
