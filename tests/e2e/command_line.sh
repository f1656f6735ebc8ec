#!/bin/bash
# The command line: -t -T -V -h, the one-line mode, and the exit statuses 0, 1, 2 and 78.
. "$(dirname "$0")/lib.sh"
need python3 curl
conf=$scratch/sallyport.conf
good() {
    cat >"$conf" <<CONF
[listen web]
address = $HOST:$PORT
certificate = ${1:-$CERTS/p256.crt}
key = ${2:-$CERTS/p256.key}
backend = app

[backend app]
server = $HOST:8080
CONF
}
# says SENTENCE STATUS PATTERN ARGUMENTS...: exit status and words
says() {
    local sentence=$1 status=$2 pattern=$3
    shift 3
    check_status "$sentence" "$status" timeout 20 "$SALLYPORT" "$@"
    grep -aqE -- "$pattern" "$scratch/output" && return
    not_ok "$sentence: nothing says /$pattern/"
    head -n 20 "$scratch/output" | sed 's/^/    /'
}

says "-h tells the usage and ends with 0" 0 '-c FILE|-c ' -h
says "-V tells the version and the providers" 0 'sallyport [0-9]' -V
says "-V names mbedTLS" 0 '[Mm]bed ?TLS' -V
says "an unknown option is 2" 2 . --no-such-option
says "-c without a file name is 2" 2 . -c
good
says "-t takes a good configuration" 0 . -t -c "$conf"
says "-T prints the effective configuration with its defaults" 0 'idle-timeout = ' -T -c "$conf"
"$SALLYPORT" -T -c "$conf" >"$scratch/dumped.conf" 2>/dev/null
says "what -T prints is a good configuration" 0 . -t -c "$scratch/dumped.conf"
check_equal "... and -T of it is the same" "$(cat "$scratch/dumped.conf")" \
    "$("$SALLYPORT" -T -c "$scratch/dumped.conf" 2>/dev/null)"
check_equal "-t and -T open no port" 1 "$(is_listening "$HOST" "$PORT"; echo $?)"

for verb in -t ''; do
    label=${verb:-start}
    says "a missing file is 78 ($label)" 78 'nowhere.conf' $verb -c "$scratch/nowhere.conf"
    good
    sed -i 's/^address/adress/' "$conf"
    says "an unknown key is 78, with file, line and the nearest name ($label)" 78 \
        "sallyport.conf:2:.*adress.*address" $verb -c "$conf"
    good
    sed -i 's/^backend = app/backend = ap/' "$conf"
    says "an unknown backend is 78, with file and line ($label)" 78 'sallyport.conf:5:.*ap' $verb -c "$conf"
    good
    echo 'connect-timeout = soon' >>"$conf"
    says "a value that is no time is 78, with file and line ($label)" 78 'sallyport.conf:9:.*soon' $verb -c "$conf"
    good "$CERTS/p256.crt" "$CERTS/p384.key"
    says "a key that fits no certificate is 78, in words ($label)" 78 'sallyport.conf:[34]:' $verb -c "$conf"
    good "$CERTS/p256.crt" "$CERTS/p256-encrypted.key"
    says "an encrypted key is 78, in words ($label)" 78 'sallyport.conf:4:.*(encrypted|password|passphrase)' $verb -c "$conf"
    good "$CERTS/rsa1024.crt" "$CERTS/rsa1024.key"
    says "a weak key is 78, in words ($label)" 78 'sallyport.conf:[34]:.*(1024|weak|short|small)' $verb -c "$conf"
    good "$scratch/nowhere.crt"
    says "a missing certificate is 78, with file and line ($label)" 78 'sallyport.conf:3:.*nowhere.crt' $verb -c "$conf"
    printf '[listen' >"$conf"
    says "a broken section is 78, with file and line ($label)" 78 'sallyport.conf:1:' $verb -c "$conf"
done
for case in 'expired expired' 'leaf-only intermediate|issuer' 'wrong-order order'; do
    read -r name words <<<"$case"
    good "$CERTS/$name.crt"
    "$SALLYPORT" -t -c "$conf" >"$scratch/output" 2>&1 </dev/null
    check "-t tells of a certificate that is $name" grep -qiE "$words" "$scratch/output"
done

# What may not be read is a fault of the configuration; what is not to be had now may be had by another start.
good "$CERTS/p256.crt" "$scratch/secret.key"
cp "$CERTS/p256.key" "$scratch/secret.key"
chmod 000 "$scratch/secret.key"
as_nobody=()
if [ "$(id -u)" -eq 0 ]; then
    as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    chmod 711 "$scratch"
    chmod 644 "$conf"
fi
for verb in -t ''; do
    check_status "a key that may not be read is 78 (${verb:-start})" 78 \
        timeout 20 ${as_nobody[@]+"${as_nobody[@]}"} "$SALLYPORT" $verb -c "$conf"
    check "... with file and line" grep -qE "sallyport.conf:4: key '$scratch/secret.key': Permission denied" "$scratch/output"
done
good
check_status "a start without descriptors is 1" 1 timeout 20 prlimit --nofile=8:8 "$SALLYPORT" -c "$conf"
check "... in words" grep -qE 'level=error .*descriptors|Too many open files' "$scratch/output"
check_equal "... and nothing is left of it" "" "$(pgrep -f "sallyport.*$conf")"

# A variable of the environment, and its default.
good
sed -i 's/^address.*/address = ${LISTEN_AT:-'"$HOST:$PORT"'}/' "$conf"
check_equal "\${VAR:-default} takes the default" "address = $HOST:$PORT" "$("$SALLYPORT" -T -c "$conf" 2>/dev/null | grep '^address')"
check_equal "\${VAR:-default} takes the variable" "address = $HOST:9999" \
    "$(LISTEN_AT=$HOST:9999 "$SALLYPORT" -T -c "$conf" 2>/dev/null | grep '^address')"

backend_start
good
daemon_begin
wait_for 20 daemon_is_up
says "a busy port is 1, and is named" 1 "$HOST:$PORT" -c "$conf"
daemon_stop

: >"$log"
start sallyport "$SALLYPORT" -f "$HOST:8444" -b "$HOST:8080" --cert "$CERTS/p256.crt" --key "$CERTS/p256.key"
daemon_pid=$started
wait_for 20 is_listening "$HOST" 8444
cat >"$scratch/say.py" <<'PY'
import sys
from tlsclient import Client
client = Client(sys.argv[1], int(sys.argv[2])).handshake()
client.send(b"say hello\n")
assert client.receive_exactly(5) == b"hello"
PY
check "one line without a file serves a backend" python3 "$scratch/say.py" "$HOST" 8444
daemon_stop

variables=(SALLYPORT_LISTEN="$HOST:8445,$HOST:8446" SALLYPORT_BACKEND="$HOST:8080" SALLYPORT_CERT="$CERTS/p256.crt"
    SALLYPORT_KEY="$CERTS/p256.key" SALLYPORT_PROFILE=modern)
: >"$log" # the journal is whoever reads what JOURNAL_STREAM names
start sallyport env "${variables[@]}" JOURNAL_STREAM="$(stat -c %d:%i "$log")" "$SALLYPORT"
daemon_pid=$started
wait_for 20 is_listening "$HOST" 8446
check "variables without a file and a line serve a backend" python3 "$scratch/say.py" "$HOST" 8446
daemon_stop
check_equal "before the journal each line begins with its priority" "" "$(grep -v '^<[3-7]>ts=' "$log")"
check "... a connection is of info" grep -q '^<6>ts=.* event=connection .*version=TLSv1.3' "$log"
check_status "a busy port of a variable is 1" 1 env "${variables[@]}" SALLYPORT_LISTEN="$HOST:8080" "$SALLYPORT"
finish
