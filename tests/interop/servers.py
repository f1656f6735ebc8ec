"""What the clients of the interoperation table meet: certificates, a backend, and sallyport before it, or nginx as a
control: what a client cannot do with nginx either is not sallyport's fault.

Every server listens four times on one address: {p256, rsa} certificate x {no, a required} client certificate, and tells
of each connection in one line of key=value pairs, which read_log() gives back.
"""
import collections
import os
import shlex
import socket
import socketserver
import subprocess
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CERTS = os.path.normpath(os.path.join(HERE, "..", "data", "certificates"))
ROOT = os.path.join(CERTS, "root.crt")
PASSWORD = "interop"
NEW_KEY = {
    "p256": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    "p384": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes"],
    "rsa": ["-newkey", "rsa:2048", "-nodes"],
}
CLIENT_NAME = "interop client"

# The RSA certificate is one that may encipher keys, too: NSS takes no other.
P256 = os.path.join(CERTS, "p256.crt"), os.path.join(CERTS, "p256.key")
RSA = os.path.join(CERTS, "rsa2048-encipher.crt"), os.path.join(CERTS, "rsa2048.key")
Listener = collections.namedtuple("Listener", "name port pair wants_client")
LISTENERS = [
    Listener("p256", 8443, P256, False),
    Listener("p256-mutual", 8444, P256, True),
    Listener("rsa", 8445, RSA, False),
    Listener("rsa-mutual", 8446, RSA, True),
]


def listener_of(certificate, wants_client):
    return next(one for one in LISTENERS if one.name == certificate + ("-mutual" if wants_client else ""))


def run(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}")
    return done.stdout


class Identities:
    """A client's authority and certificate, made for one run, in the forms that the clients want."""

    def __init__(self, folder, client_key):
        self.folder = folder
        self.authority, self.certificate, self.key = self.at("client-ca.crt"), self.at("client.crt"), self.at("client.key")
        self.pkcs12 = self.at("client.p12")
        run("openssl", "req", "-x509", *NEW_KEY["p256"], "-keyout", self.at("client-ca.key"), "-out", self.authority, "-days", "30",
            "-subj", "/CN=interop client authority", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self.issue("client", NEW_KEY[client_key], CLIENT_NAME, self.at("client-ca"), "keyUsage=critical,digitalSignature\n"
                   "extendedKeyUsage=clientAuth\nsubjectAltName=email:client@interop.example\n")
        run("openssl", "pkcs12", "-export", "-in", self.certificate, "-inkey", self.key, "-name", "client", "-out",
            self.pkcs12, "-passout", "pass:" + PASSWORD)

    def at(self, name):
        return os.path.join(self.folder, name)

    def issue(self, name, new_key, subject, authority, extensions):
        with open(self.at("extensions"), "w") as file:
            file.write("basicConstraints=critical,CA:FALSE\nauthorityKeyIdentifier=keyid\n" + extensions)
        run("openssl", "req", *new_key, "-keyout", self.at(name + ".key"), "-out", self.at("request"), "-subj",
            "/CN=" + subject)
        run("openssl", "x509", "-req", "-in", self.at("request"), "-CA", authority + ".crt", "-CAkey", authority + ".key",
            "-set_serial", "1", "-days", "20", "-extfile", self.at("extensions"), "-out", self.at(name + ".crt"))


def reply_to(nonce):
    """What only the backend says: no client can have it from its own request."""
    return "served-" + nonce[::-1]


class Visit(socketserver.BaseRequestHandler):
    """GET /NONCE is answered with reply_to(NONCE), GET /page/A/B with a page that says it for A and whose script fetches B."""

    def handle(self):
        self.request.settimeout(20)
        head = b""
        while b"\r\n\r\n" not in head:
            piece = self.request.recv(4096)
            if not piece:
                return
            head += piece
        path = head.split(b" ")[1].decode()[1:]
        kind, body = ("text/html", page(path.split("/")[1:])) if path.startswith("page/") else ("text/plain", reply_to(path))
        self.request.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
                             f"Connection: close\r\n\r\n{body}".encode())


def page(nonces):
    """No icon, or the browser would ask for one."""
    return (f"<html><head><link rel='icon' href='data:,'></head><body><p id='said'>{reply_to(nonces[0])}</p>"
            f"<script>(async () => {{ for (const nonce of {nonces[1:]!r}) document.getElementById('said').textContent +="
            " ' ' + await (await fetch('/' + nonce)).text(); })();</script></body></html>")


class Backend(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that goes away is seen at the client


def backend_start(host):
    backend = Backend((host, 8080), Visit)
    threading.Thread(target=backend.serve_forever, daemon=True).start()


class Server:
    """A program with its configuration and log; ended with TERM."""
    tells_of_silence = True  # a connection over which nothing was asked is logged, too

    def __init__(self, folder, host, listeners, identities):
        self.folder, self.host, self.listeners, self.identities = folder, host, listeners, identities
        self.log = os.path.join(folder, "server.log")
        self.output = open(os.path.join(folder, "server.out"), "w")
        self.process = None

    def start(self):
        configuration = os.path.join(self.folder, "server.conf")
        with open(configuration, "w") as file:
            file.write(self.configuration())
        open(self.log, "w").close()
        self.process = subprocess.Popen(self.command(configuration), stdout=self.output, stderr=subprocess.STDOUT)
        for one in self.listeners:
            self.await_port(one.port)

    def await_port(self, port):
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex((self.host, port)) == 0:
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        with open(self.output.name) as said:
            raise RuntimeError(f"{self.process.args[0]} does not listen:\n{said.read()}")

    def stop(self):
        self.process.terminate()
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def log_end(self):
        return os.path.getsize(self.log)

    def read_log(self, since, listener):
        """The lines about handshakes at a listener, as dictionaries."""
        with open(self.log, errors="replace") as file:
            file.seek(since)
            lines = [fields_of(line) for line in file if line.endswith("\n")]
        return [line for line in lines if line.get("listener") == listener.name
                and line.get("event") in ("connection", "handshake_failed") and line.get("reason") != "no_bytes"]


def fields_of(line):
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    return dict(word.split("=", 1) for word in words if "=" in word)


class Sallyport(Server):
    def __init__(self, program, *arguments):
        self.program = program
        super().__init__(*arguments)
        self.log = self.output.name

    def command(self, configuration):
        return [self.program, "-c", configuration]

    def configuration(self):
        return f"[backend app]\nserver = {self.host}:8080\n" + "".join(self.section(one) for one in self.listeners)

    def section(self, one):
        mutual = f"client-certificate = required\nclient-ca = {self.identities.authority}\n" if one.wants_client else ""
        certificate, key = one.pair
        return (f"\n[listen {one.name}]\naddress = {self.host}:{one.port}\ncertificate = {certificate}\n"
                f"key = {key}\nbackend = app\n{mutual}")


class Nginx(Server):
    tells_of_silence = False

    def command(self, configuration):
        return ["nginx", "-p", self.folder, "-c", configuration, "-e", self.output.name]

    def configuration(self):
        user = "user root root;" if os.geteuid() == 0 else ""
        spool = "".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        servers = "".join(self.section(one) for one in self.listeners)
        return f"""daemon off; worker_processes 1; pid {self.folder}/nginx.pid; {user}
events {{}}
http {{
    map $ssl_session_reused $resumed {{ r true; default false; }}
    log_format told 'event=connection listener=$server_name version=$ssl_protocol suite=$ssl_cipher resumed=$resumed '
                    'client_subject="$ssl_client_s_dn" end=clean';
    access_log {self.log} told;
    {spool}
    keepalive_timeout 0;
    ssl_protocols TLSv1.2 TLSv1.3;
    {servers}
}}
"""

    def section(self, one):
        mutual = f"ssl_verify_client on; ssl_client_certificate {self.identities.authority};" if one.wants_client else ""
        certificate, key = one.pair
        return (f"server {{ listen {self.host}:{one.port} ssl; server_name {one.name};"
                f" ssl_certificate {certificate}; ssl_certificate_key {key}; {mutual}"
                f" ssl_session_cache shared:{one.name}:1m; location / {{ proxy_pass http://{self.host}:8080; }} }}\n    ")
