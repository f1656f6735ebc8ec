#!/bin/bash
# explain: the ClientHello of a real client, and its answer beside what the running server did with the same options.
. "$(dirname "$0")/lib.sh"
. "$here/clients.sh"
need openssl python3
backend_start
raw_daemon "certificate = $CERTS/rsa2048.crt
key = $CERTS/rsa2048.key
alpn = h2, http/1.1"

# hello FILE WORDS...: the first flight of s_client with these words, as it came over a socket
hello() {
    local file=$1
    shift
    python3 - "$file" "$HOST" "$@" <<'PYTHON'
import socket, subprocess, sys

listener = socket.create_server((sys.argv[2], 0))
client = subprocess.Popen(
    ["openssl", "s_client", "-connect", "%s:%d" % listener.getsockname(), *sys.argv[3:]],
    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
listener.settimeout(20)
connection = listener.accept()[0]
data = b""
while len(data) < 5 or len(data) < 5 + int.from_bytes(data[3:5], "big"):
    more = connection.recv(65536)
    if not more:
        sys.exit("the client sent no whole record")
    data += more
open(sys.argv[1], "wb").write(data)
connection.close()
client.wait()
PYTHON
}

explains() { # STATUS FILE: into $scratch/explained
    local status=0
    "$SALLYPORT" explain -c "$scratch/sallyport.conf" "$2" >"$scratch/explained" 2>"$scratch/explained.log" </dev/null || status=$?
    [ "$status" -eq "$1" ] && return
    echo "status $status instead of $1"
    cat "$scratch/explained" "$scratch/explained.log"
    return 1
}

of_answer() { sed -nE '/^The answer/,/^Why/s/^  '"$1"' +"?([^",]*)"?.*/\1/p' "$scratch/explained"; }
of_log() { tail -n +"$((log_mark + 1))" "$log" | grep -a "event=$1" | tail -n 1 | grep -oaE " $2=[^ ]*" | cut -d= -f2; }

# agrees WORDS...: the same words for both; what explain says and what the log says afterwards
agrees() {
    local name=$1 field
    shift
    check "s_client $name: its hello was captured" hello "$scratch/hello" -servername app.example "$@"
    check "... and explain says that the handshake goes on" explains 0 "$scratch/hello"
    log_mark=$(wc -l <"$log")
    check "... as it does" served $PORT -servername app.example "$@"
    wait_for 5 eval 'of_log connection version | grep -q .'
    for field in version suite group signature alpn; do
        [ -n "$(of_log connection $field)" ] || continue
        check_equal "... with the $field of the log" "$(of_log connection $field)" "$(of_answer $field)"
    done
}

agrees "with TLS 1.3" -alpn h2,http/1.1
agrees "with TLS 1.3 and another group" -groups P-384:X25519
agrees "with TLS 1.2" -tls1_2 -alpn http/1.1
agrees "with TLS 1.2 and RSA certificates alone" -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256

check "s_client with a suite of CBC: its hello was captured" \
    hello "$scratch/hello" -tls1_2 -cipher ECDHE-ECDSA-AES128-SHA256
check "... explain refuses it" explains 3 "$scratch/hello"
log_mark=$(wc -l <"$log")
check "... and so does the server" refused 'handshake failure' $PORT -tls1_2 -cipher ECDHE-ECDSA-AES128-SHA256
wait_for 5 eval 'of_log handshake_failed reason | grep -q .'
check_equal "... for the same reason" "$(of_log handshake_failed reason)" \
    "$(sed -nE 's/^  refused .*\((.*)\)$/\1/p' "$scratch/explained")"

hello "$scratch/hello" -servername app.example
explains 0 "$scratch/hello" && sed '/read as/d' "$scratch/explained" >"$scratch/expected"
same() { # COMMAND...: its output, explained, says what the hello itself does
    "$@" "$scratch/hello" >"$scratch/dump" && explains 0 "$scratch/dump" &&
        sed '/read as/d' "$scratch/explained" | diff - "$scratch/expected"
}
if command -v xxd >/dev/null; then check "a dump of xxd says the same" same xxd; fi
if command -v hexdump >/dev/null; then check "a dump of hexdump -C says the same" same hexdump -C; fi
check "a dump of od says the same" same od -Ax -tx1

check_status "a file without a ClientHello is a failure" 1 "$SALLYPORT" explain -c "$scratch/sallyport.conf" "$0"
check_status "a missing file is a failure" 1 "$SALLYPORT" explain -c "$scratch/sallyport.conf" "$scratch/missing"
check_status "a missing operand is a fault of usage" 2 "$SALLYPORT" explain -c "$scratch/sallyport.conf"
check_status "an unknown listener is a fault of usage" 2 \
    "$SALLYPORT" explain -c "$scratch/sallyport.conf" --listener other "$scratch/hello"
printf '[listen %s]\naddress = 127.0.0.1:%s\ncertificate = '"$CERTS"'/p256.crt\nkey = '"$CERTS"'/p256.key\nbackend = demo\n' \
    one 1 two 2 >"$scratch/two.conf"
check_status "of several listeners one must be named" 2 "$SALLYPORT" explain -c "$scratch/two.conf" "$scratch/hello"
check "... and they are listed" grep -q -- '--listener two' "$scratch/output"
check_status "... and is then the one that answers" 0 \
    "$SALLYPORT" explain -c "$scratch/two.conf" --listener two "$scratch/hello"
check "... by its name" grep -q 'The answer of listener two' "$scratch/output"
echo '[listen' >"$scratch/broken.conf"
check_status "a faulty configuration is its own status" 78 "$SALLYPORT" explain -c "$scratch/broken.conf" "$scratch/hello"
finish
