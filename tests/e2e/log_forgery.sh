#!/bin/bash
# A peer writes into the log only what is inside a value: with names, protocols and garbage of every kind.
. "$(dirname "$0")/lib.sh"
need python3
backend_start
cat >"$scratch/forge.py" <<'PY'
# forge.py HOST PORT: ClientHellos with nasty names and protocols, built here byte by byte
import os, socket, struct, sys, time
host, port = sys.argv[1], int(sys.argv[2])

def vec(size, data):
    return len(data).to_bytes(size, "big") + data

def extension(kind, data):
    return struct.pack(">H", kind) + vec(2, data)

def hello(sni, alpn):
    extensions = extension(43, vec(1, b"\x03\x04")) + extension(13, vec(2, b"\x04\x03"))
    extensions += extension(10, vec(2, b"\x00\x1d")) + extension(51, vec(2, b"\x00\x1d" + vec(2, os.urandom(32))))
    if sni is not None:
        extensions += extension(0, vec(2, b"\x00" + vec(2, sni)))
    if alpn is not None:
        extensions += extension(16, vec(2, vec(1, alpn)))
    body = b"\x03\x03" + os.urandom(32) + vec(1, b"") + vec(2, b"\x13\x01") + vec(1, b"\x00") + vec(2, extensions)
    return b"\x16\x03\x01" + vec(2, b"\x01" + vec(3, body))

nasty = [b'a\nlevel=info event=forged', b'x" event=forged y="', b'a","event":"forged', b'a"}\n{"event":"forged"}',
         b"\x1b]0;forged\x07", bytes(range(1, 128)), bytes(range(128, 255)), b"\\", b'\\" event=forged', b"\r\nevent=forged",
         b"\x00event=forged", b"=" * 200, b"a" * 255]
for text in nasty:
    for sni, alpn in ((text, None), (None, text), (b"app.example", text), (text, b"h2")):
        time.sleep(0.06)  # lines are limited per second
        sock = socket.create_connection((host, port), 10)
        sock.sendall(hello(sni, alpn))
        sock.shutdown(socket.SHUT_WR)
        try:
            while sock.recv(4096):
                pass
        except OSError:
            pass
for text in nasty:
    time.sleep(0.06)
    sock = socket.create_connection((host, port), 10)
    sock.sendall(text)
    sock.shutdown(socket.SHUT_WR)
    try:
        while sock.recv(4096):
            pass
    except OSError:
        pass
PY
cat >"$scratch/judge.py" <<'PY'
# judge.py FORMAT LOG: every line whole, printable, of a known event
import json, re, sys
field = re.compile(r'([a-z0-9_]+)=("(?:[^"\\]|\\["\\]|\\x[0-9a-f]{2})*"|[0-9A-Za-z._:/+@,\-\[\]*]+)')
count = 0
for line in open(sys.argv[2], "rb").read().split(b"\n")[:-1]:
    assert all(0x20 <= byte <= 0x7E for byte in line), line
    text = line.decode()
    if sys.argv[1] == "json":
        event = json.loads(text)
        assert list(event)[:3] == ["ts", "level", "event"], text
        event = event["event"]
    else:
        assert re.fullmatch(f"{field.pattern}(?: {field.pattern})*", text), text
        keys = [match.group(1) for match in field.finditer(text)]
        assert keys[:3] == ["ts", "level", "event"] and keys.count("event") == 1, text
        event = dict((match.group(1), match.group(2)) for match in field.finditer(text))["event"]
    assert event != "forged", text
    count += 1
assert count > 50, f"only {count} lines"
PY
for format in logfmt json; do
    daemon_start <<CONF
[sallyport]
log-format = $format
log-level = debug

[listen raw]
address = $HOST:$PORT
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = app
alpn = h2

[backend app]
server = $HOST:8080
CONF
    check "ClientHellos with nasty names and protocols are answered ($format)" python3 "$scratch/forge.py" "$HOST" "$PORT"
    daemon_stop
    check "every line of the log is one whole line of ours ($format)" python3 "$scratch/judge.py" $format "$log"
    : >"$log"
done
finish
