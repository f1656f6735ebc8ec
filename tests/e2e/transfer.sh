#!/bin/bash
# Much data, both ways, unchanged: with a web server, with a slow reader, with sockets that take a few bytes at a time.
. "$(dirname "$0")/lib.sh"
need curl python3 sha256sum
mebibytes=64 slow_mebibytes=16 few_kibibytes=64
[ "$LONG" = no ] || { mebibytes=1024 slow_mebibytes=1024 few_kibibytes=8192; }
nginx_start
backend_start 8082
head -c "${mebibytes}M" /dev/urandom >"$scratch/www/big"
sum=$(sha256sum <"$scratch/www/big")
daemon_start <<CONF
[listen web]
address = $HOST:$PORT
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = app

[listen raw]
address = $HOST:8444
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = raw

[backend app]
server = $HOST:8080

[backend raw]
server = $HOST:8082
CONF

check_equal "$mebibytes MiB come down through sallyport as nginx has them" "$sum" \
    "$(fetch app.example /big --max-time 900 | sha256sum)"
for suite in TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256; do
    check_equal "$mebibytes MiB come down with $suite" "$sum" \
        "$(fetch app.example /big --max-time 900 --tls13-ciphers $suite | sha256sum)"
done
for suite in ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-ECDSA-CHACHA20-POLY1305; do
    check_equal "$mebibytes MiB come down in TLS 1.2 with $suite" "$sum" \
        "$(fetch app.example /big --max-time 900 --tls-max 1.2 --ciphers $suite | sha256sum)"
done

cat >"$scratch/up.py" <<'PY'
import hashlib, ssl, sys
from tlsclient import Client
host, port, path, version = sys.argv[1], int(sys.argv[2]), sys.argv[3], ssl.TLSVersion[sys.argv[4]]
client = Client(host, port, timeout=900, version=version).handshake()
digest, length = hashlib.sha256(), 0
client.send(b"count\n")
with open(path, "rb") as file:
    while piece := file.read(1 << 20):
        client.send(piece)
        digest.update(piece)
        length += len(piece)
client.close_notify()
answer = client.receive_all().decode()
assert answer == f"{length} {digest.hexdigest()}\n", answer
PY
for version in TLSv1_3 TLSv1_2; do
    check "$mebibytes MiB go up through sallyport in $version and arrive with the same SHA-256" \
        python3 "$scratch/up.py" "$HOST" 8444 "$scratch/www/big" $version
done

cat >"$scratch/both.py" <<'PY'
# Up and down at the same time, on one connection.
import hashlib, ssl, sys
from tlsclient import Client
host, port, total, version = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), ssl.TLSVersion[sys.argv[4]]
client = Client(host, port, timeout=300, version=version).handshake()
client.send(b"echo\n")
up, down, got = hashlib.sha256(), hashlib.sha256(), 0
piece = bytes(range(256)) * 256
sent = 0
while got < total:
    if sent < total and sent - got < 1 << 20:
        client.send(piece)
        up.update(piece)
        sent += len(piece)
    else:
        data = client.receive(1 << 16)
        assert data
        down.update(data)
        got += len(data)
assert got == total and up.digest() == down.digest()
PY
for version in TLSv1_3 TLSv1_2; do
    check "16 MiB there and back on one connection in $version" \
        python3 "$scratch/both.py" "$HOST" 8444 $((16 << 20)) $version
done

cat >"$scratch/slow.py" <<'PY'
# A reader that is slower than the backend, with a small window: memory must not grow, every byte must come.
import hashlib, sys, time
from backend import known_stream
from tlsclient import Client
host, port, total, pids = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]

def resident_of(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

def resident():
    return sum(map(resident_of, pids))

client = Client(host, port, timeout=300, receive_buffer=4096).handshake()
client.take = 4096
before, grown = resident(), 0
client.send(b"send %d\n" % total)
digest, got = hashlib.sha256(), 0
while piece := client.receive(4096):
    digest.update(piece)
    got += len(piece)
    if got % (1 << 18) < len(piece):
        time.sleep(0.02)
        grown = max(grown, resident() - before)
expected = hashlib.sha256()
for piece in known_stream(total):
    expected.update(piece)
assert got == total, got
assert digest.digest() == expected.digest()
assert grown < 4096, f"{grown} KiB more while the reader was slow"
PY
check "a slow reader gets $slow_mebibytes MiB unchanged, and sallyport holds back instead of buffering" \
    python3 "$scratch/slow.py" "$HOST" 8444 $((slow_mebibytes << 20)) $(worker_pids)

cat >"$scratch/few.py" <<'PY'
# The handshake and the data in pieces of 1 to 7 bytes, both ways.
import hashlib, ssl, sys
from tlsclient import Client, few_bytes
version = ssl.TLSVersion[sys.argv[4]]
client = Client(sys.argv[1], int(sys.argv[2]), cut=few_bytes, receive_buffer=2048, timeout=120, version=version)
client.take = 5
client.handshake()
client.send(b"echo\n")
for number in range(int(sys.argv[3]) // 8):
    data = hashlib.sha256(b"%d" % number).digest() * 256
    client.send(data)
    assert client.receive_exactly(len(data)) == data
client.close_notify()
assert client.receive() == b""
PY
for version in TLSv1_3 TLSv1_2; do
    check "sockets that take a few bytes at a time carry the handshake and $few_kibibytes KiB both ways in $version" \
        python3 "$scratch/few.py" "$HOST" 8444 $few_kibibytes $version
done
finish
