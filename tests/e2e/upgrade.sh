#!/bin/bash
# USR2: the binary that lies in its place is executed, in the same process: nobody's connection is lost, nor who waits to
# be accepted; workers of the old one drain. A binary that does not run, or refuses its configuration, changes nothing.
. "$(dirname "$0")/lib.sh"
need python3
upgrades=4 least_rate=1
[ "$LONG" = no ] || upgrades=40 least_rate=200
original=$SALLYPORT
cp "$original" "$scratch/sallyport"
SALLYPORT=$scratch/sallyport
backend_start
raw_daemon "" "
[sallyport]
workers = 2

[backend spare]
server = 127.0.0.1:1"
start churn python3 "$here/churn.py" "$HOST" "$PORT" "$scratch/end" brief
churn=$started
wait_for 20 grep -q begun "$scratch/churn.log"
mkfifo "$scratch/order"
python3 "$here/hold.py" "$HOST" "$PORT" <"$scratch/order" >"$scratch/hold.log" 2>&1 &
pids+=($!)
exec 5>"$scratch/order"
wait_for 20 grep -q echoed "$scratch/hold.log"

executed() { [ "$(count_logged 'SIGUSR2: executed anew')" -ge "$1" ]; }
reloaded() { [ "$(count_logged 'msg="reloaded: ')" -ge "$1" ]; }
refused() { [ "$(count_logged 'level=error.*SIGUSR2: .*nothing has changed')" -ge "$1" ]; }
replace_binary() {
    cp "$1" "$scratch/sallyport.new"
    mv "$scratch/sallyport.new" "$scratch/sallyport"
}
runs_binary() { [ "$(stat -Lc %i "/proc/$1/exe")" -eq "$(stat -c %i "$scratch/sallyport")" ]; }
places_of_warnings() { grep -oE 'sallyport\.conf(:[0-9]+)?: warning: (no .listen|user)' "$log" | sort -u; }
warned=$(places_of_warnings)
old=$(worker_pids)
replace_binary "$original"
kill -USR2 "$daemon_pid"
check_within "USR2 executes the binary anew" 10 executed 1
check_within "... which serves with workers of its own" 10 reloaded 1
check "... in the same process" alive "$daemon_pid"
check "... and it is the new binary" runs_binary "$daemon_pid"
check_logged "... which says its version" "SIGUSR2: executed anew as $("$SALLYPORT" -V | sed -n '1s/^sallyport //p'), 2 workers"
echo again >&5
two_echoes() { [ "$(grep -c echoed "$scratch/hold.log")" -eq 2 ]; }
check_within "a connection from before goes on" 5 two_echoes
exec 5>&-
check_within "... and ends in order" 10 grep -q finished "$scratch/hold.log"
old_gone() {
    local pid
    for pid in $old; do ! alive "$pid" || return 1; done
}
check_within "the old workers end when their connections have" 20 old_gone
check_equal "there are as many workers as before" 2 "$(worker_pids | wc -l)"

check_equal "a warning has the place that it had before" "$warned" "$(places_of_warnings)"

# what does not run, and what refuses
printf '#!/bin/sh\nexit 1\n' >"$scratch/broken"
chmod +x "$scratch/broken"
replace_binary "$scratch/broken"
workers=$(worker_pids)
kill -USR2 "$daemon_pid"
check_within "a binary that fails is refused" 10 refused 1
check_logged "... with its status" 'SIGUSR2: the check of the new binary ended with status 1; nothing has changed'
printf '#!/bin/sh\nkill -SEGV $$\n' >"$scratch/broken"
replace_binary "$scratch/broken"
kill -USR2 "$daemon_pid"
check_within "a binary that crashes is refused" 10 refused 2
check_logged "... with its signal" 'SIGUSR2: the new binary was ended by SIGSEGV while it checked its configuration; nothing'
echo rubbish >"$scratch/broken"
replace_binary "$scratch/broken"
kill -USR2 "$daemon_pid"
check_within "a file that is no program is refused" 10 refused 3
check_logged "... as what it is" 'SIGUSR2: the new binary cannot be executed; nothing has changed'
check_logged "... and why" "SIGUSR2: $scratch/sallyport cannot be executed: Exec format error"
replace_binary "$original"
cp "$scratch/sallyport.conf" "$scratch/good.conf"
echo nonsense >>"$scratch/sallyport.conf"
kill -USR2 "$daemon_pid"
check_within "a configuration that the new binary refuses is one as well" 10 refused 4
check_logged "... as one" 'SIGUSR2: the new binary refuses its configuration .status 78.; nothing has changed'
check_logged "... and it says why" "this is not 'key = value'"
check_equal "... and nothing has changed" "$workers" "$(worker_pids)"
cp "$scratch/good.conf" "$scratch/sallyport.conf"

# again, several times, and a reload in between: nothing is lost or left behind
for ((i = 2; i <= upgrades; i++)); do
    kill -USR2 "$daemon_pid"
    wait_for 15 reloaded $((2 * i - 2)) || break
    kill -HUP "$daemon_pid"
    wait_for 15 reloaded $((2 * i - 1)) || break
done
check "$upgrades upgrades and $((upgrades - 1)) reloads were done" executed $upgrades
two_workers() { [ "$(worker_pids | wc -l)" -eq 2 ]; }
check_within "... and two workers are there" 20 two_workers
touch "$scratch/end"
wait "$churn"
check_equal "clients beside all of this noticed nothing" "0 " "$? $(grep '^fault' "$scratch/churn.log")"
read -r _ requests rate connections < <(grep '^good' "$scratch/churn.log")
echo "measured: ${requests:-0} requests beside it, ${rate:-0} a second, over ${connections:-0} connections"
check "they made $least_rate requests a second or more" [ "${rate:-0}" -ge $least_rate ]
kill -KILL "$(worker_pid)"
sleep 0.1
check_within "... one that dies is replaced" 5 two_workers
if can_look_inside; then
    descriptors_of_master() { find "/proc/$daemon_pid/fd" -mindepth 1 -maxdepth 1 | wc -l; }
    check "descriptors of the master did not pile up ($(descriptors_of_master))" [ "$(descriptors_of_master)" -le 32 ]
fi
daemon_stop
finish
