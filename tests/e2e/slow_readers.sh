#!/bin/bash
# Clients that ask for much and read nothing hold little memory, stand in nobody's way, and are cut after a minute
# (reliability D08; the minute is waited for in the long form alone).
. "$(dirname "$0")/lib.sh"
need python3 prlimit
clients=100
[ "$LONG" = no ] || clients=1000
prlimit --pid $$ --nofile=$((4 * clients + 500)): 2>/dev/null ||
    skip "$((4 * clients + 500)) descriptors are more than this machine allows"
backend_start
raw_daemon "" "
[sallyport]
workers = 1"

cat >"$scratch/greedy.py" <<'PY'
# greedy.py HOST PORT CLIENTS FILE: each asks for 8 MiB and reads none of it, until FILE is there
import os, resource, sys, time
from tlsclient import Client
host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
clients = []
for _ in range(count):
    clients.append(Client(host, port, receive_buffer=4096).handshake())
    clients[-1].send(b"send 8388608\n")
print("ready", flush=True)
while not os.path.exists(sys.argv[4]):
    time.sleep(0.2)
PY
anonymous() { awk '/^Pss_Anon:/ { print $2 }' "/proc/$(worker_pid)/smaps_rollup"; }
can_look_inside && is_open=yes || is_open=no
echoes() {
    python3 - "$HOST" "$PORT" <<'PY'
import sys
from tlsclient import Client
client = Client(sys.argv[1], int(sys.argv[2]), timeout=5).handshake()
client.send(b"say hello\n")
assert client.receive_exactly(5) == b"hello"
client.close()
PY
}
check "a client is served" echoes
[ $is_open = no ] || before=$(anonymous)
start greedy python3 "$scratch/greedy.py" "$HOST" "$PORT" $clients "$scratch/end"
greedy=$started
check_within "$clients clients that read nothing come" 120 grep -q ready "$scratch/greedy.log"
check_within "beside them others are served" 60 echoes # by a backend that is busy with them
if [ $is_open = yes ]; then
    grown=$(($(anonymous) - before))
    echo "measured: $grown KiB of anonymous memory (PSS) for $clients clients that read nothing"
    check "each holds at most 64 KiB" [ "$grown" -le $((clients * 64 + 1024)) ]
fi
# By TCP_USER_TIMEOUT of the kernel, or by our own look at what it still holds. (Who dropped what came too much for its
# buffer does not hear of the reset: so it is looked for on this side.)
gone() { [ "$(count_logged 'event=connection .*end=(timeout_write|truncated)')" -ge $clients ]; }
if [ "$LONG" != no ]; then
    check_within "all of them are gone" 110 gone
    echo "measured: after $(sed -nE 's/.*t_total=([0-9]+)\..*end=(timeout_write|truncated).*/\1/p' "$log" | sort -n |
        sed -n '1p;$p' | paste -sd' ') s, the first and the last"
    [ $is_open = no ] || check_within "... and so are their descriptors" 5 descriptors_below 40
fi
touch "$scratch/end"
wait "$greedy"
[ $is_open = no ] || check_within "their descriptors come back" 20 descriptors_below 40
check "and others are served" echoes
finish
