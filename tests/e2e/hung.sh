#!/bin/bash
# Who stands still is ended and replaced: a keyholder, for which handshakes wait meanwhile while relays go on, and an
# admin process. Of workers: workers.sh; who never comes to work: tests/daemon/check_daemon.c.
. "$(dirname "$0")/lib.sh"
need python3
backend_start
raw_daemon "handshake-timeout = 20s" "
[sallyport]
workers = 2
drain-timeout = 1s

[admin]
address = unix:$scratch/admin.sock"
cat >"$scratch/waits.py" <<'PY'
# waits.py HOST PORT FILE: an echo that is kept, many times a second; and one full handshake once FILE is there
import os, sys, threading, time
from tlsclient import Client
host, port, file = sys.argv[1], int(sys.argv[2]), sys.argv[3]
kept = Client(host, port).handshake()
kept.send(b"echo\n")
took = []

def visit():
    began = time.monotonic()
    client = Client(host, port, timeout=20).handshake()
    client.send(b"say hello\n")
    assert client.receive_exactly(5) == b"hello"
    took.append(time.monotonic() - began)

visitor, longest = threading.Thread(target=visit), 0
print("begun", flush=True)
while not os.path.exists(file):
    time.sleep(0.01)
visitor.start()
while visitor.is_alive():
    began = time.monotonic()
    kept.send(b"x")
    assert kept.receive_exactly(1) == b"x"
    longest = max(longest, time.monotonic() - began)
    time.sleep(0.02)
assert took, "the handshake failed"
assert longest < 1, f"an echo took {longest:.1f} s"
print(f"served after {took[0]:.1f} s; the longest echo {longest * 1000:.0f} ms", flush=True)
PY
# replaced ROLE PID: another one is there
replaced() { [ "$(of_role "$1" | grep -cvx "$2")" -eq 1 ] && [ "$(of_role "$1" | wc -l)" -eq 1 ]; }

start waits python3 "$scratch/waits.py" "$HOST" "$PORT" "$scratch/go"
waits=$started
wait_for 20 grep -q begun "$scratch/waits.log"
still=$(of_role keyholder)
kill -STOP "$still"
touch "$scratch/go"
check_within "a keyholder that stands still is ended" 8 \
    logged 'keyholder 1 .*has stood still for more than 5 s' level=error
check_within "... and replaced" 5 replaced keyholder "$still"
wait "$waits"
check "a handshake waits for the next one, a relay notices nothing: $(tail -n 1 "$scratch/waits.log")" \
    grep -q '^served' "$scratch/waits.log"

still=$(of_role admin)
kill -STOP "$still"
check_within "an admin process that stands still is ended" 8 \
    logged 'admin 1 .*has stood still for more than 5 s' level=error
check_within "... and replaced" 5 replaced admin "$still"
answers() { "$SALLYPORT" healthcheck --admin "unix:$scratch/admin.sock"; }
check_within "... and the next one answers" 5 answers

still=$(of_role keyholder)
kill -STOP "$still"
kill -HUP "$daemon_pid"
check_logged "a reload does without the keyholder before it" 'msg="reloaded: '
check_within "... which is ended when it stands still in leaving" 10 \
    logged "keyholder 1 .pid $still. does not end by itself: killing it" level=error
check_within "... and no other comes in its place" 5 replaced keyholder "$still"

workers=$(worker_pids)
kills() { count_logged 'killing it'; }
before=$(kills)
for pid in "$daemon_pid" $(of_role keyholder) $(of_role admin); do kill -STOP "$pid"; done
sleep 6
for pid in $(of_role keyholder) $(of_role admin) "$daemon_pid"; do kill -CONT "$pid"; done
sleep 3
check_equal "all of them stopped and continued are forgiven" "$before" "$(kills)"
check_equal "no worker had anything to do with it" "$workers" "$(worker_pids)"

# a question of the master that was, answered to the one that came after it
still=$(of_role keyholder)
kill -STOP "$still"
sleep 2
kill -USR2 "$daemon_pid"
tries=0
until logged 'SIGUSR2: executed anew'; do
    [ $((tries += 1)) -le 2000 ] || break
done
kill -CONT "$still"
check_logged "an upgrade in the middle of a question to a keyholder ..." 'msg="reloaded: .*generation 3'
check_equal "... takes its late answer" "$before" "$(kills)"
finish
