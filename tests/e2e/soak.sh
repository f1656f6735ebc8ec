#!/bin/bash
# A long mixed load, with reloads, some of them refused: neither memory nor descriptors grow. SOAK_SECONDS says
# how long (./dev soak); the short form shows that the measurement works. The backend has a name, in an /etc/hosts of its
# own, so that there is a process that asks for it.
if [ "${OWN_MOUNTS:-no}" = no ] && [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
    OWN_MOUNTS=yes exec unshare -m --propagation private bash "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
need python3
seconds=${SOAK_SECONDS:-25}
[ "$(id -u)" -eq 0 ] || skip "only root reads the memory of processes that are not to be read"
[ "${SANITIZERS:-no}" = no ] || skip "a build with sanitizers keeps what was freed"
[ "${OWN_MOUNTS:-no}" = yes ] || skip "an /etc/hosts of its own takes a mount namespace"
echo "$HOST app.test" >"$scratch/hosts"
mount --bind "$scratch/hosts" /etc/hosts || exit 99
backend_start
conf=$scratch/sallyport.conf
cat >"$conf" <<CONF
[sallyport]
workers = 2
log-level = warning
resolve-interval = 1s

[listen web]
address = $HOST:$PORT
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = app

[backend app]
server = app.test:8080

[admin]
address = unix:$scratch/admin.sock
CONF
daemon_begin
wait_for 20 daemon_is_up
start slopes python3 "$here/slopes.py" "$daemon_pid" "$seconds" "$scratch/samples"
slopes=$started
start load python3 "$here/soak.py" "$HOST" "$PORT" "$seconds"
load=$started

# Every minute (in the short form every five seconds) a reload, each fifth of which is refused.
pause=60
[ "$seconds" -ge 600 ] || pause=5
number=0
while alive "$load"; do
    sleep "$pause"
    number=$((number + 1))
    [ $((number % 5)) -ne 0 ] || echo "nonsense = yes" >>"$conf"
    kill -HUP "$daemon_pid"
    sleep 1
    sed -i '/^nonsense/d' "$conf"
done
wait "$load"
wait "$slopes"
grown=$?
tail -n 1 "$scratch/load.log"
cat "$scratch/slopes.log"
[ -z "${SOAK_KEEP:-}" ] || cp "$scratch/samples" "$SOAK_KEEP"
failed() { python3 -c 'import json, sys; print(json.loads(sys.stdin.readlines()[-1])["failed"])' <"$scratch/load.log"; }
check_equal "no honest client failed" 0 "$(failed)"
check "there was one that asks for names" grep -q '^resolver: ' "$scratch/slopes.log"
check_equal "neither memory nor descriptors grow" 0 "$grown"
check_equal "all its processes are still the first" 0 "$(grep -cE 'ended by (itself|SIG)' "$log")"
finish
