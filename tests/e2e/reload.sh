#!/bin/bash
# HUP: a new configuration and new files are served at once, by all workers and over the same sockets; what has faults is
# refused with its reason while the old goes on; connections keep what they began with; nothing grows.
. "$(dirname "$0")/lib.sh"
need python3 openssl
reloads=50 least_rate=1
[ "$LONG" = no ] || reloads=1000 least_rate=200
backend_start
backend_start 8081
conf=$scratch/sallyport.conf
cp "$CERTS/p256.crt" "$scratch/site.crt"
cp "$CERTS/p256.key" "$scratch/site.key"
chmod 600 "$scratch/site.key"

# write BACKEND-PORT [MORE]: the configuration
write() {
    cat >"$conf" <<CONF
[sallyport]
workers = 2
watch-files = no

[listen web]
address = $HOST:$PORT
certificate = $scratch/site.crt
key = $scratch/site.key
backend = app
${2:-}

[backend app]
server = $HOST:$1

[admin]
address = unix:$scratch/admin.sock
CONF
}
# reloaded N, refused N: that many times so far
reloaded() { [ "$(count_logged 'msg="reloaded: ')" -ge "$1" ]; }
refused() { [ "$(count_logged 'msg="reload refused: ')" -ge "$1" ]; }
served_key() {
    openssl s_client -connect "$HOST:${1:-$PORT}" -servername app.example </dev/null 2>/dev/null |
        openssl x509 -noout -pubkey | openssl sha256
}
key_of() { openssl x509 -in "$1" -noout -pubkey | openssl sha256; }

write 8080
daemon_begin
wait_for 20 daemon_is_up
workers_before=$(worker_pids)
mkfifo "$scratch/order"
python3 "$here/hold.py" "$HOST" "$PORT" <"$scratch/order" >"$scratch/hold.log" 2>&1 &
pids+=($!)
exec 5>"$scratch/order"
wait_for 20 grep -q echoed "$scratch/hold.log"

# another certificate in the same place, and another backend
check_equal "it serves the certificate it began with" "$(key_of "$CERTS/p256.crt")" "$(served_key)"
cp "$CERTS/rsa2048.crt" "$scratch/site.crt"
cp "$CERTS/rsa2048.key" "$scratch/site.key"
check_equal "a file that changed is nothing before it is told" "$(key_of "$CERTS/p256.crt")" "$(served_key)"
write 8081
kill -HUP "$daemon_pid"
check_within "HUP reloads" 10 reloaded 1
for _ in 1 2 3 4 5 6; do served_key; done | sort -u >"$scratch/keys"
check_equal "every new connection is shown the new certificate" "$(key_of "$CERTS/rsa2048.crt")" "$(cat "$scratch/keys")"
check_equal "the workers are the same processes" "$workers_before" "$(worker_pids)"
echo again >&5
two_echoes() { [ "$(grep -c echoed "$scratch/hold.log")" -eq 2 ]; }
check_within "a connection from before goes on" 5 two_echoes
check "... with the backend that it had" sh -c '! grep -q " order echo" "$1"' - "$backend_log"

# what has faults
broken() {
    local sentence=$1 pattern=$2
    number=$((${number:-0} + 1))
    kill -HUP "$daemon_pid"
    check_within "$sentence is refused" 10 refused "$number"
    check_logged "... in words" "$pattern" level=error
    check_equal "... and the old goes on" "$(key_of "$CERTS/rsa2048.crt")" "$(served_key)"
}
write 8081 "alpm = h2"
broken "an unknown option" "sallyport.conf:10: unknown key 'alpm'"
write 8081
echo broken >"$scratch/site.crt"
broken "a certificate that is none" 'site.crt.*(PEM|certificate)'
cp "$CERTS/p256.crt" "$scratch/site.crt"
broken "a new certificate beside the old key" 'does not belong to certificate'
cp "$CERTS/rsa2048.crt" "$scratch/site.crt"
write 8081 "address = 192.0.2.77:1"
broken "an address of another machine" 'cannot listen on 192.0.2.77:1'

# sockets come and go with their addresses
write 8081 "address = $HOST:8444"
kill -HUP "$daemon_pid"
check_within "a new address is bound" 10 is_listening "$HOST" 8444
check_within "... and served by the reload" 10 reloaded 2
check_equal "... with the same certificate" "$(key_of "$CERTS/rsa2048.crt")" "$(served_key 8444)"
write 8081
kill -HUP "$daemon_pid"
not_listening() { ! is_listening "$HOST" 8444; }
check_within "an address that is not named any more is closed" 10 not_listening
check "... the other is not" is_listening "$HOST" "$PORT"

# more workers, and fewer
sed -i 's/^workers = .*/workers = 3/' "$conf"
kill -HUP "$daemon_pid"
count_is() { [ "$(worker_pids | wc -l)" -eq "$1" ]; }
check_within "a third worker is started" 10 count_is 3
sed -i 's/^workers = .*/workers = 1/' "$conf"
kill -HUP "$daemon_pid"
wait_for 10 reloaded 5
echo again >&5
check_equal "it serves with one worker" "$(key_of "$CERTS/rsa2048.crt")" "$(served_key)"
exec 5>&-
check_within "those that are too many end when their connections have" 20 count_is 1
check_within "the connection from the very beginning ended in order" 10 grep -q finished "$scratch/hold.log"

# many reloads beside clients, some of them broken: no failed connection, no growth
sed -i 's/^workers = .*/workers = 2/' "$conf"
kill -HUP "$daemon_pid"
wait_for 10 reloaded 6
# A keyholder that is about to end, and a loader, are of no weight: there are 5 when all is settled.
all_of_it() {
    echo "$daemon_pid"
    of_role 'worker|keyholder|admin'
}
is_settled() { [ "$(all_of_it | wc -l)" -eq 5 ]; }
descriptors_of_all() { for pid in $(all_of_it); do find "/proc/$pid/fd" -mindepth 1 -maxdepth 1; done 2>/dev/null | wc -l; }
memory_of_all() {
    for pid in $(all_of_it); do cat "/proc/$pid/smaps_rollup"; done | awk '/^Private_Dirty:/ { sum += $2 } END { print sum }'
}
done_so_far() { [ $(($(count_logged 'msg="reloaded: ') + $(count_logged 'msg="reload refused: '))) -ge "$1" ]; }
# reload_beside_clients COUNT: so many under requests, one in ten of them broken
reload_beside_clients() {
    local i churn before=$(($(count_logged 'msg="reloaded: ') + $(count_logged 'msg="reload refused: ')))
    rm -f "$scratch/end"
    start churn python3 "$here/churn.py" "$HOST" "$PORT" "$scratch/end"
    churn=$started
    wait_for 20 grep -q begun "$scratch/churn.log"
    for ((i = 1; i <= $1; i++)); do
        if [ $((i % 10)) -eq 0 ]; then echo "nonsense" >>"$conf"; else write 808$((i % 2)); fi
        kill -HUP "$daemon_pid"
        wait_for 20 done_so_far $((before + i)) && alive "$churn" || break
    done
    check "$1 reloads, one in ten of them broken, were each done or refused" done_so_far $((before + $1))
    touch "$scratch/end"
    wait "$churn"
    check_equal "the clients beside them noticed nothing" "0 " "$? $(grep '^fault' "$scratch/churn.log")"
}
reload_beside_clients 10
if can_look_inside; then
    check_within "all processes that are to be looked at are there" 10 is_settled
    descriptors_then=$(descriptors_of_all)
    memory_then=$(memory_of_all)
fi
began=$(date +%s)
reload_beside_clients $reloads
read -r _ requests rate connections < <(grep '^good' "$scratch/churn.log")
echo "measured: $reloads reloads in $(($(date +%s) - began)) s; ${requests:-0} requests, ${rate:-0} a second," \
    "over ${connections:-0} connections"
check "they made $least_rate requests a second or more" [ "${rate:-0}" -ge $least_rate ]
if [ -n "${descriptors_then:-}" ]; then
    few_descriptors() { is_settled && [ "$(descriptors_of_all)" -le $((descriptors_then + 2)) ]; }
    check_within "descriptors do not grow" 10 few_descriptors
    grown=$(($(memory_of_all) - memory_then))
    echo "measured: $grown KiB of memory more than $memory_then after $reloads reloads, $(descriptors_of_all) descriptors"
    # the sanitizers keep what was freed for a while, to see who still uses it
    [ "${SANITIZERS:-no}" != no ] || check "memory does not grow" [ "$grown" -le 2048 ]
fi
finish
