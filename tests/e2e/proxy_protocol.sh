#!/bin/bash
# The client's address reaches real receivers of the PROXY protocol, v1 and v2; the TLVs of v2 say what was agreed.
. "$(dirname "$0")/lib.sh"
. "$here/clients.sh"
need haproxy nginx curl python3 openssl
client_authority one
client_certificate alice one
NGINX_LISTEN="$HOST:8080 proxy_protocol" nginx_start \
    'location / { return 200 "$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_addr $proxy_protocol_server_port\n"; }'
cat >"$scratch/haproxy.cfg" <<CONF
defaults
    mode http
    timeout client 10s
    timeout server 10s
    timeout connect 5s
frontend in
    bind $HOST:8081 accept-proxy
    http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[dst] %[dst_port] %[fc_pp_authority]\n"
CONF
start haproxy haproxy -db -f "$scratch/haproxy.cfg"
wait_for 10 is_listening "$HOST" 8081
backend_start 8082

listener() {
    cat <<CONF
[listen $1]
address = $HOST:$2
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = $1
alpn = http/1.1

[backend $1]
server = $HOST:$3
send-proxy = $4
CONF
}
daemon_start <<CONF
$(listener nginx-v1 8443 8080 v1)
$(listener nginx-v2 8444 8080 v2)
$(listener haproxy-v1 8445 8081 v1)
$(listener haproxy-v2 8446 8081 v2)
$(listener raw-v1 8447 8082 v1)
$(listener raw-v2 8448 8082 v2)
$(listener raw-v2-clients 8450 8082 v2 |
    sed "s|^alpn.*|client-certificate = optional\nclient-ca = $scratch/one-ca.crt|")
$(listener raw-v2-ipv6 8449 8082 v2 | sed "s/^address.*/address = [::1]:$((20000 + $$ % 20000))/")
CONF

# get PORT: what the receiver says, and what curl knows of its own end
get() {
    curl --silent --show-error --fail --max-time 20 --cacert "$ROOT_CRT" --resolve "app.example:$1:$HOST" \
        --interface 127.0.0.1 -w '%{local_ip} %{local_port} %{remote_ip} %{remote_port}\n' "https://app.example:$1/"
}
for receiver in nginx haproxy; do
    for version in v1 v2; do
        case $receiver-$version in nginx-v1) port=8443 ;; nginx-v2) port=8444 ;; haproxy-v1) port=8445 ;; *) port=8446 ;; esac
        mapfile -t lines < <(get $port)
        said=$(cut -d' ' -f1-4 <<<"${lines[0]}")
        check_equal "$receiver learns both addresses by $version" "${lines[1]:-nothing}" "$said"
        [ $receiver-$version != haproxy-v2 ] ||
            check_equal "haproxy learns the name that was asked for" app.example "$(cut -d' ' -f5 <<<"${lines[0]}")"
    done
done

cat >"$scratch/header.py" <<'PY'
import struct

def last(log):
    """The last header that the backend saw."""
    return bytes.fromhex([line.split()[2] for line in open(log) if " proxy " in line][-1])

def tlvs(data):
    found = {}
    while data:
        kind, length = struct.unpack(">BH", data[:3])
        found[kind], data = data[3 : 3 + length], data[3 + length :]
    return found
PY
cat >"$scratch/tlvs.py" <<'PY'
# The header as it came, against the PROXY protocol specification 2.2 and 2.2.3: our own reading of it.
import socket, struct, sys
from header import last, tlvs
from tlsclient import Client, wait_until
host, port, log, version = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
client = Client(host, port, alpn=["http/1.1"]).handshake()
local, remote = client.sock.getsockname()[:2], client.sock.getpeername()[:2]
client.send(b"say x\n")
assert client.receive_exactly(1) == b"x"
header = last(log)
if version == "v1":
    expected = f"PROXY TCP4 {local[0]} {remote[0]} {local[1]} {remote[1]}\r".encode()
    assert header == expected, (header, expected)
    sys.exit()
family, kind = (socket.AF_INET6, 0x21) if ":" in host else (socket.AF_INET, 0x11)
size = 16 if family == socket.AF_INET6 else 4
assert header[:14] == b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x21, kind]), header
addresses = header[16 : 16 + 2 * size + 4]
expected = socket.inet_pton(family, local[0]) + socket.inet_pton(family, remote[0]) + struct.pack(">HH", local[1], remote[1])
assert addresses == expected, (addresses, expected)

found = tlvs(header[16 + 2 * size + 4 :])
assert found[0x01] == b"http/1.1", found          # PP2_TYPE_ALPN
assert found[0x02] == b"app.example", found       # PP2_TYPE_AUTHORITY
client_bits, verify = struct.unpack(">BI", found[0x20][:5])  # PP2_TYPE_SSL
assert client_bits == 0x01, client_bits           # PP2_CLIENT_SSL, and no certificate of the client
assert verify != 0, "no certificate was shown, so none was verified"
inner = tlvs(found[0x20][5:])
assert inner[0x21] == b"TLSv1.3", inner           # PP2_SUBTYPE_SSL_VERSION
assert inner[0x23].decode().replace("-", "_") == client.tls.cipher()[0].replace("-", "_"), inner  # ..._CIPHER
PY
check "v1 is the line of the specification" python3 "$scratch/tlvs.py" "$HOST" 8447 "$backend_log" v1
check "v2 carries the addresses and the TLVs of the specification" python3 "$scratch/tlvs.py" "$HOST" 8448 "$backend_log" v2
if is_listening ::1 $((20000 + $$ % 20000)); then
    check "v2 carries IPv6 addresses" python3 "$scratch/tlvs.py" ::1 $((20000 + $$ % 20000)) "$backend_log" v2
fi

# Who the client proved to be (the specification's 2.2.6): PP2_CLIENT_SSL 1, _CERT_CONN 2, _CERT_SESS 4.
cat >"$scratch/client.py" <<'PY'
import struct, sys
from header import last, tlvs
header = last(sys.argv[1])
said = tlvs(header[16 + 12 :])[0x20]
bits, verify = struct.unpack(">BI", said[:5])
print(bits, "verified" if verify == 0 else "unverified", tlvs(said[5:]).get(0x22, b"nobody").decode())
PY
client_told() { python3 "$scratch/client.py" "$backend_log"; }
for version in 1_2 1_3; do
    label="TLS ${version/_/.}"
    check "$label: who shows no certificate is served" served 8450 -tls$version
    check_equal "$label: ... and v2 says that nothing was verified" "1 unverified nobody" "$(client_told)"
    # shellcheck disable=SC2046 # options, none with a blank
    check "$label: who shows a good one is served" served 8450 -tls$version -sess_out "$scratch/session.pem" \
        $(shows alice)
    check_equal "$label: ... and v2 says who it was" "7 verified alice" "$(client_told)"
    check "$label: who comes back with a ticket is served" \
        served_resumed 8450 -tls$version -sess_in "$scratch/session.pem"
    check_equal "$label: ... and v2 says who it was, and not in this connection" "5 verified alice" "$(client_told)"
done
finish
