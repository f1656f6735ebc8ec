#!/bin/bash
# As process 1 of a container: it serves, reaps who is left to it, replaces a worker, drains and ends with its status.
. "$(dirname "$0")/lib.sh"
need python3 unshare
unshare -pf --mount-proc true 2>/dev/null || unshare -Urpf --mount-proc true 2>/dev/null ||
    skip "this machine gives no process namespaces"
namespace=(unshare -pf --kill-child --mount-proc)
"${namespace[@]}" true 2>/dev/null || namespace=(unshare -Urpf --kill-child --mount-proc)
backend_start
LIMIT="${namespace[*]}" raw_daemon "" "
[sallyport]
workers = 2"
cat >"$scratch/say.py" <<'PY'
import sys
from tlsclient import Client
client = Client(sys.argv[1], int(sys.argv[2])).handshake()
client.send(b"say hello\n")
assert client.receive_exactly(5) == b"hello"
PY
check_logged "it is process 1" 'msg="ready: pid 1, 2 workers'
check "it serves" python3 "$scratch/say.py" "$HOST" "$PORT"
unshare_pid=$daemon_pid
children_of() { cat "/proc/$1/task/$1/children"; }
daemon_pid=$(children_of "$unshare_pid" | tr -d ' ')
kill -KILL "$(worker_pid)"
two_workers() { [ "$(worker_pids | wc -l)" -eq 2 ]; }
check_within "a killed worker is replaced" 5 two_workers
check "... and it serves on" python3 "$scratch/say.py" "$HOST" "$PORT"

# An orphan: its parent ends, and it is process 1 that it is left to.
nsenter -t "$daemon_pid" -p -- sh -c 'sleep 0.3 & exec true' 2>/dev/null && {
    no_zombie() { ! grep -qs '^State:.Z' $(printf '/proc/%s/status ' $(children_of "$daemon_pid")); }
    sleep 0.6
    check_within "who is left to it is reaped" 5 no_zombie
}
kill -TERM "$daemon_pid"
daemon_pid=$unshare_pid
daemon_wait
check_equal "TERM ends it with 0" 0 "$daemon_status"
finish
