#!/bin/bash
# Python's ssl module completes the handshake and gets a page.
. "$(dirname "$0")/lib.sh"
need python3
nginx_start
echo '<html>sallyport</html>' >"$scratch/www/index.html"
web_daemon "alpn = http/1.1"

cat >"$scratch/get.py" <<'PY'
import socket, ssl, sys
host, port, root = sys.argv[1], int(sys.argv[2]), sys.argv[3]
context = ssl.create_default_context(cafile=root)
context.set_alpn_protocols(["http/1.1"])
with socket.create_connection((host, port), 20) as raw:
    with context.wrap_socket(raw, server_hostname="app.example") as tls:
        assert tls.version() == "TLSv1.3", tls.version()
        assert tls.selected_alpn_protocol() == "http/1.1"
        tls.sendall(b"GET / HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n")
        page = b""
        while piece := tls.recv(65536):
            page += piece
        assert b"<html>sallyport</html>" in page, page
        tls.unwrap()
PY
check "Python's ssl module is served, agrees on TLS 1.3 and ALPN, and ends with close_notify both ways" \
    python3 "$scratch/get.py" "$HOST" "$PORT" "$ROOT_CRT"
finish
