"""client.py HOST PORT VERSION ROOT NONCES [CERTIFICATE KEY]: Python's ssl against sallyport.

One connection for each of the NONCES (comma separated), each offering the session of the one before; a line of standard
output tells what became of it.
"""
import socket
import ssl
import sys

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def context(version, root, own):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = made.maximum_version = VERSIONS[version]
    made.load_verify_locations(root)
    if own:
        made.load_cert_chain(*own)
    return made


def visit(made, address, nonce, session):
    with socket.create_connection(address, timeout=10) as sock:
        with made.wrap_socket(sock, server_hostname="app.example", session=session, suppress_ragged_eofs=False) as tls:
            tls.sendall(f"GET /{nonce} HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n".encode())
            reply = b"".join(iter(lambda: tls.recv(4096), b""))
            body = reply.partition(b"\r\n\r\n")[2].decode()
            print(f"version={tls.version()} resumed={str(tls.session_reused).lower()} reply={body}")
            return tls.session


def main():
    host, port, version, root, nonces = sys.argv[1:6]
    made, session = context(version, root, sys.argv[6:8]), None
    for nonce in nonces.split(","):
        session = visit(made, (host, int(port)), nonce, session)


main()
