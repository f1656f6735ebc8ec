#!/bin/bash
# The admin listener: who may connect, who cannot keep others waiting, what it cannot do to the service, and its end.
. "$(dirname "$0")/lib.sh"
need python3 curl
nginx_start
echo hello >"$scratch/www/index.html"
chmod 755 "$scratch"

begin() {
    daemon_start <<CONF
[admin]
address = unix:$scratch/admin.sock
address = $HOST:9100
mode = $1

[listen web]
address = $HOST:$PORT
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = app

[backend app]
server = $HOST:8080
CONF
    admin_pid=$(grep -a 'event=admin ' "$log" | grep -oE 'pid=[0-9]+' | head -n 1 | cut -d= -f2)
}
get() { curl -s --fail --max-time "${SECONDS_AT_MOST:-5}" --unix-socket "$scratch/admin.sock" "http://admin$1"; }
served() { [ "$(fetch app.example /)" = hello ]; }

begin 0600
check_equal "the socket's file is for its owner" 600 "$(stat -c %a "$scratch/admin.sock")"
check "it answers on the unix socket" get /healthz
check "it answers on loopback" curl -s --fail --max-time 5 "http://$HOST:9100/readyz"
check_equal "anything else is not found" 404 "$(curl -s -o /dev/null -w '%{http_code}' "http://$HOST:9100/status")"
check_equal "a POST is not allowed" 405 "$(curl -s -o /dev/null -w '%{http_code}' -d a=b "http://$HOST:9100/metrics")"

# as_another COMMAND...: of a user who is not the owner
as_another() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
get_as_another() { as_another curl -sv --fail --max-time 5 --unix-socket "$scratch/admin.sock" http://admin/healthz; }
if [ "$(id -u)" -eq 0 ] && as_another true 2>/dev/null; then
    check_status "another user is refused" 7 get_as_another
    check "... by the kernel: EACCES" grep -q "Permission denied" "$scratch/output"
else
    echo "skipped: another user: only root can become one"
fi

# ---- clients that do nothing
cat >"$scratch/crowd.py" <<'PY'
# crowd.py PATH COUNT HOW: holds connections; HOW is idle, half (of a request) or deaf (asks, reads nothing)
import socket, sys, time
socks = []
for _ in range(int(sys.argv[2])):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(0.02 if sys.argv[3] == "idle" else 5)
    try:
        sock.connect(sys.argv[1])
        if sys.argv[3] == "half":
            sock.sendall(b"GET /metr")
        if sys.argv[3] == "deaf":
            sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n" * 40)
    except OSError:
        pass  # the queue is full: that many are there
    socks.append(sock)
print("ready", flush=True)
time.sleep(3600)
PY
crowd() {
    start crowd python3 "$scratch/crowd.py" "$scratch/admin.sock" "$1" "$2"
    crowd_pid=$started
    wait_for 60 grep -q ready "$scratch/crowd.log" || not_ok "the crowd comes"
}
for how in idle half; do
    crowd 100 $how
    check "100 clients that are $how keep nobody waiting" get /healthz
    stop "$crowd_pid"
done
crowd 20 deaf # each page that a socket's buffer holds is made first, on a machine that may be busy
SECONDS_AT_MOST=20 check "20 clients that ask and read nothing do not keep others out" get /healthz
stop "$crowd_pid"

# a scraper that was stopped in the middle of what it reads
start scraper sh -c "while :; do curl -s --unix-socket $scratch/admin.sock http://admin/metrics; done >/dev/null"
sleep 0.3
kill -STOP "$started"
for _ in 1 2 3; do check "a scraper that was stopped keeps nobody waiting" get /metrics; done
kill -CONT "$started"
stop "$started"

# more than it has descriptors for: they are let go when they have said nothing for 10 s, and nobody spins meanwhile
crowd 700 idle
before=$(cpu_ticks "$admin_pid")
sleep 2
spent=$(($(cpu_ticks "$admin_pid") - before))
[ $spent -le 20 ] && ok "out of descriptors it does not spin" || not_ok "out of descriptors it spends $spent of 200 ticks"
check "the service goes on beside them" served
check_within "... and so does it, once they were idle for long" 30 get /healthz
stop "$crowd_pid"

# ---- one does not need the other
kill -STOP "$admin_pid"
check "the service does not wait for an admin process that stands still" served
kill -CONT "$admin_pid"
check "the admin process ignores what asks processes to stop" kill -TERM "$admin_pid"
sleep 0.2
check "... and answers" get /healthz
daemon_stop
[ ! -e "$scratch/admin.sock" ] && ok "its file is gone with the service" || not_ok "its file is gone with the service"
alive "$admin_pid" && not_ok "it is gone with the service" || ok "it is gone with the service"

: >"$log"
begin 0666
check_equal "mode = 0666 is for all" 666 "$(stat -c %a "$scratch/admin.sock")"
if [ "$(id -u)" -eq 0 ] && as_another true 2>/dev/null; then
    check "another user may connect then" get_as_another
fi
kill -KILL "$admin_pid"
check "the service goes on without its admin process" served
check_within "... and has another one at once" 5 get /readyz
check_logged "... and tells of the end of the one before" 'admin 1 .*ended by SIGKILL' process=master
crashed() { get /metrics | grep -qx 'sallyport_processes_crashed_total{role="admin"} 1'; }
check "... also on the page" crashed

# ---- a reload: the addresses that stay keep their process and their clients, others come and go
latest_admin() { sed -nE 's/.* event=admin .* pid=([0-9]+) process=.*/\1/p' "$log" | tail -n 1; }
reloaded() { [ "$(count_logged 'msg="reloaded: ')" -ge "$1" ]; }
refused() { [ "$(count_logged 'reload refused')" -ge "$1" ]; }
before=$(latest_admin)
kill -HUP "$daemon_pid"
check_within "a reload" 10 reloaded 1
check_equal "... that changes no address goes on with the process" "$before" "$(latest_admin)"
on_page() { get /metrics | grep -qxF "$1"; }
check "... and is counted" on_page 'sallyport_config_reloads_total{result="applied"} 1'
sed -i "s/^address = $HOST:9100/address = $HOST:9101/" "$scratch/sallyport.conf"
kill -HUP "$daemon_pid"
check_within "a reload with another address" 10 reloaded 2
check_within "... answers there" 5 curl -s --fail --max-time 5 "http://$HOST:9101/readyz"
check_status "... and no more where it was" 7 curl -s --max-time 5 "http://$HOST:9100/readyz"
check "... and still on the socket that stayed" get /readyz
gone_before() { ! alive "$before"; }
check_within "... by another process alone" 5 gone_before
echo nonsense >>"$scratch/sallyport.conf"
kill -HUP "$daemon_pid"
check_within "a reload that is refused" 10 refused 1
check "... is counted" on_page 'sallyport_config_reloads_total{result="refused"} 1'
check "... and the old configuration known for it" on_page 'sallyport_config_last_reload_successful 0'
sed -i '/^nonsense/d; /^address = .*:9101/d; /^address = unix/d' "$scratch/sallyport.conf"
kill -HUP "$daemon_pid"
check_within "a reload without any address" 10 reloaded 3
no_socket() { ! [ -e "$scratch/admin.sock" ]; }
check_within "... leaves none" 5 no_socket
no_admin() { ! alive "$(latest_admin)"; }
check_within "... and no process" 5 no_admin
daemon_stop

: >"$log"
begin 0600
kill -KILL "$daemon_pid"
gone() { ! alive "$admin_pid"; }
check_within "a service that is killed takes its admin process with it" 5 gone
wait "$daemon_pid" 2>/dev/null
: >"$log"
begin 0600 # over the file that was left behind
check "and starts over the file it left behind" get /readyz

# ---- what cannot be
cp "$scratch/sallyport.conf" "$scratch/second.conf"
sed -i "s/^address = $HOST:$PORT/address = $HOST:8444/" "$scratch/second.conf"
check_status "an address in use stops the start, with status 1" 1 "$SALLYPORT" -c "$scratch/second.conf"
check "... and its line" grep -q "second.conf:2: .*in use" "$scratch/output"
check "... and the one who has it goes on" get /readyz
sed -i "s/^address = $HOST:9100/address = 0.0.0.0:9100/" "$scratch/second.conf"
check_status "an address that others reach is a fault of the configuration" 78 "$SALLYPORT" -c "$scratch/second.conf"
check "... with its line" grep -q "second.conf:3: .*not of this machine alone" "$scratch/output"
finish
