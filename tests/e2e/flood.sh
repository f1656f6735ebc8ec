#!/bin/bash
# A flood of full handshakes at five times what can be done: relays and resumptions go on (reliability D02).
. "$(dirname "$0")/lib.sh"
need python3 openssl prlimit taskset
LOAD=${SALLYPORT%/*}/bench_load BACKEND=${SALLYPORT%/*}/bench_backend
[ -x "$LOAD" ] && [ -x "$BACKEND" ] || skip "bench_load and bench_backend are not built (./dev test-daemon does)"
prlimit --pid $$ --nofile=20000: 2>/dev/null || skip "20000 descriptors are more than this machine allows"
PORT=$(($$ % 10000 + 20000))
seconds=4 least_relay=50
[ "$LONG" = no ] || seconds=15 least_relay=70

openssl req -x509 -newkey rsa:4096 -nodes -keyout "$scratch/rsa4096.key" -out "$scratch/rsa4096.crt" -days 30 \
    -subj /CN=flood.example -addext subjectAltName=DNS:flood.example 2>/dev/null || skip "openssl makes no certificate"
start backend "$BACKEND" $((PORT + 1))
daemon_start <<CONF
[listen flood]
address = 127.0.0.1:$PORT
certificate = $scratch/rsa4096.crt
key = $scratch/rsa4096.key
backend = app
[backend app]
server = 127.0.0.1:$((PORT + 1))
CONF
taskset -pc 0 "$daemon_pid" >/dev/null 2>&1 # one core, that the flood does not run on, so that both are the same each time

# number FILE KEY: of a line of JSON
number() { python3 -c 'import json, sys; print(round(float(json.load(open(sys.argv[1]))[sys.argv[2]])))' "$scratch/$1" "$2"; }
others() { taskset -c 1 "$@" 2>/dev/null || "$@"; }
# relay NAME: four transfers that are under way before the window begins
relay() { start "$1" others "$LOAD" bulk --port $PORT --connections 4 --warmup 3 --seconds $seconds; }

"$LOAD" handshake --port $PORT --connections 16 --seconds 2 >"$scratch/capacity.log" || not_ok "handshakes work"
capacity=$(number capacity.log per_second)
relay before
wait "$started"
relay during
relay=$started
start resumed others "$LOAD" handshake --resume --rate 20 --connections 8 --port $PORT --warmup 3 --seconds $seconds
resumed=$started
sleep 1
start flood others python3 "$here/flood.py" 127.0.0.1 $PORT $((capacity * 5)) $((seconds + 3)) 50
flood=$started
start good others python3 "$here/good.py" 127.0.0.1 $PORT 4 $((seconds + 2)) 127.88
good=$started
wait $relay $flood $resumed $good
cat "$scratch"/{before,during,resumed,good,flood}.log
echo "measured: $capacity full handshakes/s possible"
finish
