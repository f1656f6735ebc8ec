#!/bin/bash
# Sessions are resumed: in both versions, by clients of others, across a restart and across a fleet that share a key
# file, under a renewed certificate, with ALPN negotiated afresh.
. "$(dirname "$0")/lib.sh"
. "$here/clients.sh"
need openssl
backend_start
head -c 48 /dev/urandom >"$scratch/tickets.key"
chmod 600 "$scratch/tickets.key"

# daemon_with CERTIFICATE [LISTEN-OPTIONS]
daemon_with() {
    daemon_start <<CONF
[sallyport]
ticket-key = $scratch/tickets.key

[listen raw]
address = $HOST:$PORT
certificate = $scratch/$1.crt
key = $scratch/$1.key
backend = app
${2:-}

[backend app]
server = $HOST:8080
CONF
}

cp "$CERTS/p256.crt" "$CERTS/p256.key" "$CERTS/rsa2048.crt" "$CERTS/rsa2048.key" "$CERTS/p384.crt" "$CERTS/p384.key" "$scratch"
for certificate in p256 rsa2048; do
    daemon_with $certificate
    for version in 1_2 1_3; do
        label="s_client: TLS ${version/_/.}, $certificate"
        check "$label: a first handshake is a full one" \
            served_full $PORT -tls$version -sess_out "$scratch/$version.pem"
        begin_log
        check "$label: the second resumes" \
            served_resumed $PORT -tls$version -sess_in "$scratch/$version.pem" -sess_out "$scratch/again.pem"
        check_log_since "$label: ... and the log says so" event=connection resumed=true "version=TLSv${version/_/.}" end=clean
        [ $version = 1_2 ] || check "$label: the ticket of the resumed one resumes, too" \
            served_resumed $PORT -tls$version -sess_in "$scratch/again.pem"
    done
    daemon_stop
done

# the sessions of the last round, under a certificate renewed meanwhile, with another key
daemon_with p384 "alpn = other/1
alpn = new/1"
for version in 1_2 1_3; do
    label="TLS ${version/_/.}"
    begin_log
    check "$label: a restart with the same ticket key and a renewed certificate ends no resumption" \
        served_resumed $PORT -tls$version -sess_in "$scratch/$version.pem"
    begin_log
    check "$label: ALPN is negotiated afresh in a resumed handshake" \
        served_resumed $PORT -tls$version -sess_in "$scratch/$version.pem" -alpn new/1
    check_log_since "$label: ... and logged" resumed=true alpn=new/1
    check "$label: an ALPN mismatch is one in a resumed handshake, too" \
        refused 'no application protocol' $PORT -tls$version -sess_in "$scratch/$version.pem" -alpn nothing/1
done

begin_log
check "TLS 1.3: a session is resumed through a HelloRetryRequest" \
    served_resumed $PORT -tls1_3 -sess_in "$scratch/1_3.pem" -groups P-521:P-384
check_log_since "... and logged" event=connection hello_retried=true resumed=true group=secp384r1

# another daemon of the fleet: the same key file and listener name, another address
sed "s/^address = .*/address = $HOST:8444/" "$scratch/sallyport.conf" >"$scratch/other.conf"
start other "$SALLYPORT" -c "$scratch/other.conf"
wait_for 20 is_listening "$HOST" 8444
for version in 1_2 1_3; do
    check "TLS ${version/_/.}: a daemon with the same ticket key resumes the other's sessions" \
        served_resumed 8444 -tls$version -sess_in "$scratch/$version.pem"
done
stop "$started"
daemon_stop

# another key: the ticket is worth nothing, and nothing breaks
head -c 48 /dev/urandom >"$scratch/tickets.key"
daemon_with p256
for version in 1_2 1_3; do
    check "TLS ${version/_/.}: a ticket of another key leads to a full handshake" \
        served_full $PORT -tls$version -sess_in "$scratch/$version.pem"
done
daemon_stop

daemon_with p256 "session-tickets = 0"
for version in 1_2 1_3; do
    rm -f "$scratch/none.pem"
    check "TLS ${version/_/.}: session-tickets = 0 serves" served_full $PORT -tls$version -sess_out "$scratch/none.pem"
    check "TLS ${version/_/.}: ... and gives no ticket" sh -c "! grep -q . '$scratch/none.pem' 2>/dev/null ||
        ! openssl sess_id -in '$scratch/none.pem' -noout -text | grep -q 'TLS session ticket:'"
done
daemon_stop
daemon_with p256

cat >"$scratch/tickets.py" <<'PYTHON'
# The records of TLS 1.3 as they come after the handshake: two tickets in one, of some hundred bytes, or a text of one
# byte, which is 1 + 1 (its content type) + 16 (the tag).
import sys
import time
from tlsclient import Client

def next_records(client):
    """The lengths of all records that are there with the first of them."""
    data, lengths = client.sock.recv(1 << 16), []
    while data:
        length = int.from_bytes(data[3:5], "big")
        lengths, data = lengths + [length], data[5 + length :]
    return lengths

def connect():
    return Client(sys.argv[1], int(sys.argv[2])).handshake()

def alone():
    client, began = connect(), time.monotonic()
    lengths = next_records(client)
    assert len(lengths) == 1 and lengths[0] > 200, lengths
    assert time.monotonic() - began > 0.08, "nobody waited for a text"
    client.send(b"say x\n")
    assert next_records(client) == [18]

def together():
    client = connect()
    client.send(b"say x\n")
    lengths = next_records(client)
    return len(lengths) == 2 and lengths[0] > 200 and lengths[1] == 18

if sys.argv[3] == "alone":
    alone()
else:  # on a busy machine the backend may take longer than tickets wait
    assert any(together() for _ in range(10))
PYTHON
check "TLS 1.3: tickets leave in front of the first text, in one write with it" \
    python3 "$scratch/tickets.py" "$HOST" $PORT together
check "TLS 1.3: when there is no text they leave alone, after a while" \
    python3 "$scratch/tickets.py" "$HOST" $PORT alone

python_resumes() {
    python3 - "$HOST" "$PORT" "$1" "$ROOT_CRT" "$ORDER" >"$scratch/output" 2>&1 <<'PYTHON'
import socket
import ssl
import sys

host, port, version, root = sys.argv[1:5]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.load_verify_locations(root)
context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
session = None
for expected in (False, True, True):
    with context.wrap_socket(socket.create_connection((host, int(port)), 10), server_hostname="app.example",
                             session=session, suppress_ragged_eofs=False) as tls:
        tls.sendall((sys.argv[5] + "\n").encode())
        answer = b"".join(iter(lambda: tls.recv(100), b""))
        assert answer.decode() == sys.argv[5].split()[1] + "\n" and tls.session_reused == expected, (answer, tls.session_reused)
        session = tls.session
PYTHON
}
check "Python: TLS 1.2 resumes" python_resumes TLSv1_2
check "Python: TLS 1.3 resumes" python_resumes TLSv1_3

if command -v gnutls-cli >/dev/null; then
    gnutls_resumes() {
        printf '%s\n' "$ORDER" | timeout 30 gnutls-cli --x509cafile "$ROOT_CRT" --sni-hostname app.example \
            --verify-hostname app.example --port $PORT "$HOST" --resume "${@:2}" --priority "NORMAL:-VERS-ALL:+VERS-$1" \
            >"$scratch/output" 2>&1
        said $ANSWER 'This is a resumed session'
    }
    check "gnutls-cli: TLS 1.2 resumes" gnutls_resumes TLS1.2
    check "gnutls-cli: TLS 1.3 resumes, with the ticket that comes though nothing was asked" \
        gnutls_resumes TLS1.3 --waitresumption
fi
finish
