"""servers.py: the proxies that are measured, each with the configuration that makes it do the same work.

Every one has a single worker, TLS 1.3 and 1.2 with AES-GCM and ChaCha20, X25519 and P-256, session tickets, no log of
what goes well, and one plaintext backend. They listen on 127.0.0.1 and end when the bench ends, however that comes.
"""
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CERTIFICATES = os.path.join(HERE, "..", "tests", "data", "certificates")
HOST = "127.0.0.1"
OURS, FLOOR = "sallyport", "plain TCP"
IS_ROOT = os.geteuid() == 0
IDENTITIES = {"ecdsa": "p256", "rsa": "rsa2048"}


class Failed(Exception):
    """What went wrong, in words."""


def cores():
    """Two cores of those we may use, one for the server and one for everything else; None where there is one."""
    ours = sorted(os.sched_getaffinity(0))
    return (ours[0], ours[1]) if len(ours) > 1 else (None, None)


SERVER_CORE, LOAD_CORE = cores()


def pinned(core, command):
    """The command on its core, ended by the kernel should this process die."""
    where = ["taskset", "-c", str(core)] if core is not None else []
    return ["setpriv", "--pdeathsig", "TERM", *where, *command]


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def stop(process, patience=10):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    if process.poll() is None:
        process.kill()
        process.wait()


def wait_for_listener(process, port, name):
    for _ in range(200):
        if process.poll() is not None:
            raise Failed(f"{name} ended with status {process.returncode}")
        with contextlib.suppress(OSError):
            socket.create_connection((HOST, port), 1).close()
            time.sleep(0.3)
            return
        time.sleep(0.05)
    raise Failed(f"{name} does not listen")


# ---- configurations: what stands in the file, from the addresses and the identity

def sallyport_config(at, isolation="${SALLYPORT_KEY_ISOLATION:-on}"):
    return f"""[sallyport]
workers = 1
key-isolation = {isolation}
log-level = warning
drain-timeout = 1s
[listen bench]
address = {HOST}:{at['port']}
certificate = {at['cert']}
key = {at['key']}
backend = bench
[backend bench]
server = {HOST}:{at['backend']}
"""


def nginx_config(at):
    return f"""{at['module']}
daemon off;
{'user root;' if IS_ROOT else ''}
worker_processes 1;
worker_rlimit_nofile {at['files']};
pid {at['folder']}/nginx.pid;
error_log /dev/null crit;
events {{ worker_connections {at['files'] - 100}; }}
stream {{
    ssl_certificate {at['cert']};
    ssl_certificate_key {at['key']};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;
    ssl_ecdh_curve X25519:prime256v1;
    ssl_session_tickets on;
    ssl_session_cache off;
    proxy_timeout 1h;
    server {{
        listen {HOST}:{at['port']} backlog=4096 ssl;
        proxy_pass {HOST}:{at['backend']};
    }}
}}
"""


def haproxy_config(at, tls=True):
    how = f"ssl crt {at['pem']} ssl-min-ver TLSv1.2 curves X25519:P-256" if tls else ""
    return f"""global
    maxconn {at['files'] // 2 - 100}
    nbthread 1
defaults
    mode tcp
    timeout connect 10s
    timeout client 1h
    timeout server 1h
frontend bench
    bind {HOST}:{at['port']} backlog 4096 {how}
    default_backend bench
backend bench
    server bench {HOST}:{at['backend']}
"""


def plain_config(at):
    return haproxy_config(at, tls=False)


def hitch_config(at):
    return f"""frontend = "[{HOST}]:{at['port']}"
backend = "[{HOST}]:{at['backend']}"
pem-file = "{at['pem']}"
workers = 1
backlog = 4096
daemon = off
{'user = "nobody"' if IS_ROOT else ''}
{'group = "nogroup"' if IS_ROOT else ''}
tls-protos = TLSv1.2 TLSv1.3
ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"
ecdh-curve = "X25519:P-256"
prefer-server-ciphers = off
ocsp-dir = ""
syslog = off
log-level = 0
"""


def stunnel_config(at):
    return f"""foreground = yes
pid =
syslog = no
debug = 0
output = /dev/null
socket = l:TCP_NODELAY=1
socket = r:TCP_NODELAY=1
[bench]
accept = {HOST}:{at['port']}
connect = {HOST}:{at['backend']}
cert = {at['cert']}
key = {at['key']}
sslVersionMin = TLSv1.2
ciphers = ECDHE+AESGCM:ECDHE+CHACHA20
curves = X25519:P-256
options = -NO_TICKET
sessionCacheSize = 20000
"""


class Kind:
    """A proxy: its program, how it is started, and the package that brings it."""

    def __init__(self, name, program, package, config, arguments, version, is_plain=False):
        self.name, self.package, self.config, self.arguments = name, package, config, arguments
        self.program = program if os.sep in program else find_program(program)
        self.version_argument, self.is_plain = version, is_plain

    def missing(self):
        """Why it cannot be measured; None: it can."""
        if not self.program or not os.access(self.program, os.X_OK):
            return f"is not installed (package {self.package})"
        if self.name == "nginx" and nginx_module() is None:
            return "has no stream module (package libnginx-mod-stream)"
        return None

    def version(self):
        try:
            told = subprocess.run([self.program, self.version_argument], capture_output=True, text=True, timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            return "?"
        found = re.search(r"\d+\.\d+[\w.]*", told.stdout + told.stderr)
        version = found.group() if found else "?"
        return f"({self.package} {version})" if self.is_plain else version


def find_program(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin")


def nginx_module():
    """The line that loads the stream module: empty where it is built in, None where there is none."""
    program = find_program("nginx")
    told = subprocess.run([program, "-V"], capture_output=True, text=True, timeout=10).stderr
    if re.search(r"--with-stream(\s|$)", told):
        return ""
    path = "/usr/lib/nginx/modules/ngx_stream_module.so"
    return f"load_module {path};" if os.path.exists(path) else None


def all_kinds(sallyport):
    return [
        Kind(OURS, sallyport, "-", sallyport_config, ["-c", "{config}"], "-V"),
        Kind("nginx", "nginx", "nginx-light", nginx_config, ["-c", "{config}"], "-v"),
        Kind("haproxy", "haproxy", "haproxy", haproxy_config, ["-db", "-f", "{config}"], "-v"),
        Kind("hitch", "hitch", "hitch", hitch_config, ["--config={config}"], "--version"),
        Kind("stunnel", "stunnel4", "stunnel4", stunnel_config, ["{config}"], "-version"),
        Kind(FLOOR, "haproxy", "haproxy", plain_config, ["-db", "-f", "{config}"], "-v", is_plain=True),
    ]


# ---- at work

class Server:
    """A proxy at work. Its log is kept until it has been stopped."""

    def __init__(self, kind, identity, backend_port, scratch, files, wrapper=()):
        self.kind, self.port = kind, free_port()
        self.folder = tempfile.mkdtemp(dir=scratch)
        os.chmod(self.folder, 0o755)  # some give up being root
        config = os.path.join(self.folder, "config")
        with open(config, "w", encoding="ascii") as file:
            file.write(kind.config({**identity_files(identity, scratch), "port": self.port, "backend": backend_port,
                                    "folder": self.folder, "files": files,
                                    "module": nginx_module() if kind.name == "nginx" else ""}))
        arguments = [argument.format(config=config) for argument in kind.arguments]
        self.log = os.path.join(self.folder, "log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(pinned(SERVER_CORE, [*wrapper, kind.program, *arguments]),
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_for_listener(self.process, self.port, kind.name)
        except Failed as failed:
            self.stop()
            with open(self.log, encoding="utf-8", errors="replace") as log:
                raise Failed(f"{failed}: {log.read()[-500:].strip()}") from None

    def stop(self, patience=10):
        stop(self.process, patience)


class Backend:
    def __init__(self, program):
        self.port = free_port()
        self.process = subprocess.Popen(pinned(LOAD_CORE, [program, str(self.port)]))
        wait_for_listener(self.process, self.port, "the backend")

    def stop(self):
        stop(self.process)


def identity_files(identity, scratch):
    """Certificate, key and both in one file, for everybody to read."""
    files = {suffix: os.path.join(scratch, f"{identity}.{suffix}") for suffix in ("cert", "key", "pem")}
    if not os.path.exists(files["pem"]):
        texts = {}
        for suffix, ending in (("cert", "crt"), ("key", "key")):
            with open(os.path.join(CERTIFICATES, f"{IDENTITIES[identity]}.{ending}"), encoding="ascii") as file:
                texts[suffix] = file.read()
        texts["pem"] = texts["cert"] + texts["key"]
        for suffix, text in texts.items():
            with open(files[suffix], "w", encoding="ascii") as file:
                file.write(text)
    return files
