#!/bin/bash
# Names of servers are asked for by a process that has no rights, and followed while they change: with a name server and
# an /etc of its own, which takes root.
if [ "${OWN_MOUNTS:-no}" = no ]; then
    if [ "$(id -u)" -ne 0 ] || ! unshare -m true 2>/dev/null; then
        echo "skipped: an /etc/resolv.conf of its own takes root, and a mount namespace"
        exit 77
    fi
    OWN_MOUNTS=yes exec unshare -m --propagation private bash "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
need python3

OTHER=127.251.${HOST#127.*.}
zone=$scratch/zone
put() {
    cat >"$zone.new"
    mv "$zone.new" "$zone"
}
own_etc() {
    cat >"$scratch/$1"
    mount --bind "$scratch/$1" "/etc/$1"
}
own_etc nsswitch.conf <<<'hosts: files dns'
own_etc resolv.conf <<<"nameserver $HOST"
own_etc hosts <<<"127.0.0.1 localhost
$HOST listen.test"

start nameserver python3 "$here/nameserver.py" "$HOST" "$zone"
wait_for 10 grep -q ready "$scratch/nameserver.log" || exit 99
put <<<'slow.test silent'
backend_start "$HOST:8080"
here_log=$backend_log
backend_start "$OTHER:8080"
other_log=$backend_log

listener() {
    cat <<CONF
[listen $1]
address = listen.test:$2
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = $1
[backend $1]
CONF
    shift 2
    printf 'server = %s\n' "$@"
}
configuration() {
    cat <<CONF
[sallyport]
workers = 2
resolve-interval = 1s
$(listener app 8443 app.test:8080)
$(listener both 8444 missing.test:8080 "$HOST:8080")
$(listener slow 8445 slow.test:8080)
CONF
}
resolver_pid() { of_role resolver; }
has_resolver() { [ -n "$(resolver_pid)" ]; }
has_no_resolver() { ! has_resolver; }

cat >"$scratch/say.py" <<'PY'
import ssl, sys
from tlsclient import Client
client = Client(sys.argv[1], int(sys.argv[2])).handshake()
try:
    client.send(b"say hello\n")
    print(client.receive_exactly(5).decode())
except ssl.SSLError as error:
    print("alert" if "internal" in str(error).lower() else error)
PY
say() { python3 "$scratch/say.py" "$HOST" "$1" 2>&1 | tail -n 1; }
is_served() { [ "$(say "$1")" = hello ]; }
opened() { grep -c ' open' "$1"; }
is_served_by() {
    local before
    before=$(opened "$1")
    is_served 8443 && [ "$(opened "$1")" -gt "$before" ]
}

# ---- names that are not there yet
began=$(date +%s)
daemon_start < <(configuration)
took=$(($(date +%s) - began))
check "it starts in time, though one name is unknown and one never answered ($took s)" test "$took" -le 8
place="sallyport.conf:[0-9]+: warning: server"
check_logged "... and tells of the unknown one with its place" "$place 'app.test:8080' .*there is no such name"
check_logged "... and of the silent one" "$place 'slow.test:8080' .*there is no answer yet"
check_equal "a client gets an alert while the name is unknown" alert "$(say 8443)"
check_logged "... and the log says why" event=backend_failed backend=app "the backend's name does not resolve"
check_logged "... as the connection's end, too" event=connection end=backend_unresolved
check_equal "the same for a name that is never answered" alert "$(say 8445)"
for i in 1 2 3 4; do
    check_equal "a server without an address is passed over ($i)" hello "$(say 8444)"
done

put <<<"slow.test silent
app.test $HOST"
check_within "it is served once the name is there, while another one is never answered" 5 is_served_by "$here_log"
check_logged "... and the log says so" event=addresses name=app.test "now=$HOST" before=none

# ---- other addresses
mkfifo "$scratch/order"
python3 "$here/hold.py" "$HOST" 8443 <"$scratch/order" >"$scratch/hold.log" 2>&1 &
pids+=($!)
exec 5>"$scratch/order"
check_within "a connection is held" 10 grep -q echoed "$scratch/hold.log"
put <<<"slow.test silent
app.test $OTHER"
check_logged "an address that has changed is told" event=addresses name=app.test "now=$OTHER" "before=$HOST"
for i in 1 2 3 4; do # of whichever worker
    check "... and used ($i)" is_served_by "$other_log"
done
echo >&5
held_twice() { [ "$(grep -c echoed "$scratch/hold.log")" -eq 2 ]; }
check_within "... while the connection to the old one goes on" 5 held_twice
changes=$(count_logged event=addresses)
put <<<"slow.test silent
app.test $HOST $OTHER"
check_logged "more addresses are told as one change" event=addresses name=app.test "now=$HOST,$OTHER" "before=$OTHER"
put <<<"slow.test silent
app.test $OTHER $HOST"
sleep 3
check_equal "another order of the same is none" $((changes + 1)) "$(count_logged event=addresses)"
put <<<"slow.test silent"
check_logged "a name that is gone keeps its addresses, and the log says so" "'app.test' does not resolve any more"
check "... and is served on" is_served 8443
sleep 3
check_equal "... said once" 1 "$(count_logged "'app.test' does not resolve any more")"
put <<<"slow.test silent
app.test $HOST $OTHER"
check_logged "it is told when the name is back" "'app.test' resolves again"

# ---- processes
before=$(resolver_pid)
check_equal "the resolver is nobody" 65534 "$(awk '/^Uid:/ { print $2 }' "/proc/$before/status")"
filter_of() { awk '/^Seccomp:/ { print $2 }' "/proc/$1/status"; }
check_equal "... under a list of system calls, where workers are" "$(filter_of "$(worker_pid)")" "$(filter_of "$before")"
kill -KILL "$before"
is_replaced() { has_resolver && [ "$(resolver_pid)" != "$before" ]; }
check_within "a resolver that is killed is replaced" 5 is_replaced
put <<<"slow.test silent
app.test $OTHER"
check_logged "... and the next one follows names" event=addresses name=app.test "now=$OTHER" "before=$HOST,$OTHER"
for pid in $(worker_pids); do kill -KILL "$pid"; done
has_two() { [ "$(worker_pids | wc -w)" -eq 2 ]; }
sleep 0.5
check_within "workers that are killed are replaced" 10 has_two
for i in 1 2 3 4; do
    check_within "... and know the addresses of now, not those of the start ($i)" 5 is_served_by "$other_log"
done
check_equal "nobody was ended for what it said" 0 "$(count_logged 'killing it')"

before=$(resolver_pid)
kill -STOP "$before"
check_within "a resolver that stands still is ended, long before its answers would be missed" 8 \
    logged "resolver 1 .pid $before. has stood still for more than 5 s" level=error
check_within "... and replaced" 5 is_replaced
put <<<"slow.test silent
app.test $HOST"
check_logged "... by one that follows names" event=addresses name=app.test "now=$HOST" "before=$OTHER"
put <<<"slow.test silent
app.test $OTHER"
check_within "... on and on" 5 is_served_by "$other_log"

put <<<"slow.test silent
listen.test silent
app.test $OTHER"
echo "127.0.0.1 localhost" >"$scratch/hosts"
kill -USR2 "$daemon_pid"
executed_anew() { logged "reloaded: .*generation 2"; }
check_within "after an upgrade, though a name to listen on is not answered now ..." 15 executed_anew
check_equal "... there is one resolver" 1 "$(resolver_pid | wc -w)"
echo "$HOST listen.test" >>"$scratch/hosts"
put <<<"slow.test silent
app.test $HOST"
check_within "... which follows names" 5 is_served_by "$here_log"

asked() { grep -c ' app.test' "$scratch/nameserver.log"; } # the silent one's last question may be on its way still
sed -i 's/^resolve-interval.*/resolve-interval = 0/; /slow.test/s/slow/app/; /missing.test/d' "$scratch/sallyport.conf"
kill -HUP "$daemon_pid"
check_logged "with resolve-interval = 0 ..." "reloaded: .*generation 3"
sleep 1
before=$(asked)
sleep 3
check_equal "... nobody is asked again" "$before" "$(asked)"
sed -i "s/[a-z]*\.test/$HOST/" "$scratch/sallyport.conf"
kill -HUP "$daemon_pid"
check_logged "without a name ..." "reloaded: .*generation 4"
check_within "... there is no resolver" 5 has_no_resolver
check_equal "... and it serves" hello "$(say 8443)"
configuration >"$scratch/sallyport.conf"
kill -HUP "$daemon_pid"
check_within "with names again there is one" 5 has_resolver
check_logged "... and all is served" "reloaded: .*generation 5"
daemon_stop

# ---- names to listen on
sed -i 's/^address = listen.test:8443/address = nowhere.test:8443/' "$scratch/sallyport.conf"
check_status "a name to listen on that does not resolve ends the start" 1 timeout 20 "$SALLYPORT" -c "$scratch/sallyport.conf"
check "... and is told with its place" grep -qE \
    "sallyport.conf:[0-9]+: address 'nowhere.test:8443' cannot be used: there is no such name" "$scratch/output"
finish
