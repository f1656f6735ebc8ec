"""The clients of the interoperation table. Each has a name, a way to say its version or why it cannot be had, and
visit(), which makes one connection for each nonce and gives back all that the client said.

said_resumed() counts how often the client itself says that a session was resumed.
"""
import json
import os
import re
import shutil
import subprocess

from servers import PASSWORD, ROOT, run

NAME = "app.example"


class Missing(Exception):
    """Why a client cannot be had here."""


class Failed(Exception):
    """A client's end that is not 0, with what it said."""


def request(nonce):
    return f"GET /{nonce} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n"


def need(program):
    if not shutil.which(program):
        raise Missing(f"{program} is not installed")


def first_line(*command):
    return run(*command, stdin=subprocess.DEVNULL).strip().splitlines()[0]


def call(command, stdin="", status=(0,), **options):
    """Runs a client to its end; a client that hangs is ended."""
    try:
        done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", timeout=options.pop("timeout", 40), **options)
    except subprocess.TimeoutExpired as late:
        said = late.stdout or b""
        raise Failed(f"no end in {late.timeout} s: {' '.join(command)}\n{said.decode(errors='replace')}") from None
    if done.returncode not in status:
        raise Failed(f"status {done.returncode}: {' '.join(command)}\n{done.stdout}")
    return done.stdout


class Cell:
    """One visit to be made: where, with which version and certificate, and the nonces of its connections."""

    def __init__(self, host, listener, version, identities, nonces, folder):
        self.host, self.port, self.version = host, listener.port, version
        self.own = identities if listener.wants_client else None
        self.nonces, self.folder = nonces, folder


class Client:
    visits_to_resume = 2
    tells_of_resumption = True
    asks_before_it_shows = False  # breaks off when asked for a certificate, asks whom it may, and comes again with it

    def label(self):
        return f"{self.name} {self.version()}"


# ---- programs of our own: one argument list, one kind of answer

class Own(Client):
    """A small program of ours over the client's library."""

    def __init__(self, name, command, version, keystore=False):
        self.name, self.command, self.version_command, self.keystore = name, command, version, keystore

    def version(self):
        need(self.command[0])
        return re.search(r"\d+(\.\d+)+", first_line(*self.version_command)).group()

    def visit(self, cell):
        own = []
        if cell.own:
            own = [cell.own.pkcs12, PASSWORD] if self.keystore else [cell.own.certificate, cell.own.key]
        return call([*self.command, cell.host, str(cell.port), cell.version, ROOT, ",".join(cell.nonces), *own])

    def said_resumed(self, output):
        return output.count("resumed=true")


class Built(Own):
    """One that must be built first, into a folder that stays."""

    def __init__(self, name, tool, build, command, version, **more):
        super().__init__(name, command, version, **more)
        self.tool, self.build = tool, build

    def version(self):
        need(self.tool)
        try:
            self.build()
        except RuntimeError as error:
            raise Missing(f"does not build here: {str(error).splitlines()[-1]}") from None
        return super().version()


def go(here, build):
    made = os.path.join(build, "client-go")
    return Built("Go crypto/tls", "go", lambda: run("go", "build", "-o", made, os.path.join(here, "client.go")), [made],
                 ["go", "version"])


def java(here, build):
    return Built("Java", "javac", lambda: run("javac", "-d", build, os.path.join(here, "Client.java")),
                 ["java", "-cp", build, "Client"], ["java", "-version"], keystore=True)


def rustls(here, build):
    crate = os.path.join(build, "rust")

    def make():
        shutil.copytree(os.path.join(here, "rust"), crate, dirs_exist_ok=True)
        run("cargo", "build", "--release", "--quiet", cwd=crate)

    class Rustls(Built):
        def version(self):
            super().version()
            with open(os.path.join(crate, "Cargo.lock")) as lock:
                return re.search(r'name = "rustls"\nversion = "([^"]*)"', lock.read())[1]

    return Rustls("rustls", "cargo", make, [os.path.join(crate, "target", "release", "interop-client")], ["cargo", "-V"])


# ---- programs of others

class OpenSSL(Client):
    """s_client, of this system or of a root directory: one process a connection, the session in a file."""

    def __init__(self, name, root=None, why_not=None):
        self.name, self.root, self.why_not = name, root, why_not

    def version(self):
        if self.why_not:
            raise Missing(self.why_not)
        need("openssl")
        return first_line(*self.inside(), "openssl", "version").split()[1]

    def label(self):
        return "OpenSSL " + self.version()

    def inside(self):
        return ["chroot", self.root] if self.root else []

    def path(self, cell, file):
        """A file that the client reads, by the name it has there."""
        if not self.root:
            return file
        os.makedirs(self.root + "/tmp/interop", exist_ok=True)
        shutil.copy(file, self.root + "/tmp/interop")
        return "/tmp/interop/" + os.path.basename(file)

    def visit(self, cell):
        session = ("/tmp/interop" if self.root else cell.folder) + "/session.pem"
        command = [*self.inside(), "openssl", "s_client", "-connect", f"{cell.host}:{cell.port}", "-servername", NAME,
                   "-CAfile", self.path(cell, ROOT), "-verify_return_error", "-verify_hostname", NAME, "-ign_eof",
                   "-tls" + cell.version.replace(".", "_"), "-sess_out", session]
        if cell.own:
            command += ["-cert", self.path(cell, cell.own.certificate), "-key", self.path(cell, cell.own.key)]
        output = call(command, request(cell.nonces[0]))
        for nonce in cell.nonces[1:]:
            output += call([*command, "-sess_in", session], request(nonce))
        return output

    def said_resumed(self, output):
        return len(re.findall(r"^Reused, ", output, re.MULTILINE))


class GnuTLS(Client):
    """gnutls-cli: --resume makes a first connection without a word, and the request on the second."""
    name = "GnuTLS"

    def version(self):
        need("gnutls-cli")
        return first_line("gnutls-cli", "--version").split()[-1]

    def visit(self, cell):
        command = ["gnutls-cli", "--x509cafile", ROOT, "--sni-hostname", NAME, "--verify-hostname", NAME, "--port",
                   str(cell.port), cell.host, "--priority", f"NORMAL:-VERS-ALL:+VERS-TLS{cell.version}"]
        if cell.own:
            command += ["--x509certfile", cell.own.certificate, "--x509keyfile", cell.own.key]
        if len(cell.nonces) > 1:
            command += ["--resume", "--waitresumption"] if cell.version == "1.3" else ["--resume"]
        return call(command, request(cell.nonces[-1]))

    def said_resumed(self, output):
        return output.count("This is a resumed session")


class NSS(Client):
    """tstclnt: -L connects several times with one request."""
    name = "NSS"

    def __init__(self):
        self.store = None

    def version(self):
        need("tstclnt")
        need("certutil")
        need("pk12util")
        return run("dpkg-query", "-W", "-f=${Version}", "libnss3").split(":")[-1].split("-")[0]

    def visit(self, cell):
        store = nss_store(os.path.join(cell.folder, "nss"), cell.own)
        with open(os.path.join(cell.folder, "request"), "w", newline="") as file:
            file.write(request(cell.nonces[-1]))
        command = ["tstclnt", "-4", "-v", "-h", cell.host, "-a", NAME, "-p", str(cell.port), "-d", store, "-u", "-G",
                   "-V", f"tls{cell.version}:tls{cell.version}", "-A", file.name]
        if cell.own:
            command += ["-n", "client"]
        if len(cell.nonces) > 1:
            command += ["-L", str(len(cell.nonces))]
        return call(command)

    def said_resumed(self, output):
        return sum(int(count) for count in re.findall(r"(\d+) stateless resumes", output))


def nss_store(folder, own):
    store = "sql:" + folder
    os.makedirs(folder)
    run("certutil", "-N", "-d", store, "--empty-password")
    run("certutil", "-A", "-d", store, "-n", "root", "-t", "C,,", "-i", ROOT)
    if own:
        run("pk12util", "-i", own.pkcs12, "-d", store, "-W", PASSWORD, "-K", "")
    return store


class Curl(Client):
    """curl: two addresses in one process, on connections of their own as the backend closes each."""
    name = "curl"

    def version(self):
        need("curl")
        return first_line("curl", "--version").split()[1]

    def visit(self, cell):
        command = ["curl", "--silent", "--show-error", "--verbose", "--fail", "--max-time", "20", "--cacert", ROOT,
                   "--resolve", f"{NAME}:{cell.port}:{cell.host}", "--tlsv" + cell.version, "--tls-max", cell.version]
        if cell.own:
            command += ["--cert", cell.own.certificate, "--key", cell.own.key]
        return call(command + [f"https://{NAME}:{cell.port}/{nonce}" for nonce in cell.nonces])

    def said_resumed(self, output):
        return output.count("re-using session ID")


class Chromium(Client):
    """Headless: a page whose script fetches, on connections of their own as the backend closes each. The client
    certificate is chosen by policy, which is a file under /etc: in a mount namespace nobody else sees it."""
    name = "Chromium"
    POLICIES = "/etc/chromium/policies"
    visits_to_resume = 4  # it opens two connections at once before it has a session
    tells_of_resumption = False
    asks_before_it_shows = True

    def version(self):
        need("chromium")
        need("certutil")
        return re.search(r"\d+(\.\d+)+", run("chromium", "--version")).group().split(".")[0]

    def namespace(self, cell):
        if not cell.own:
            return []
        folder = os.path.join(cell.folder, "policies", "managed")
        os.makedirs(folder)
        with open(os.path.join(folder, "interop.json"), "w") as file:
            pattern = {"pattern": f"https://{NAME}:{cell.port}", "filter": {}}
            json.dump({"AutoSelectCertificateForUrls": [json.dumps(pattern)]}, file)
        os.makedirs(self.POLICIES, exist_ok=True)
        return ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" "$1" && shift && exec "$@"',
                os.path.dirname(folder), self.POLICIES]

    def visit(self, cell):
        home = os.path.join(cell.folder, "home")
        nss_store(os.path.join(home, ".pki", "nssdb"), cell.own)
        version = "tls" + cell.version
        command = [*self.namespace(cell), "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                   "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                   "--disable-dev-shm-usage", "--user-data-dir=" + home + "/profile",
                   f"--host-resolver-rules=MAP {NAME} {cell.host}", "--ssl-version-min=" + version,
                   "--ssl-version-max=" + version, "--virtual-time-budget=10000", "--dump-dom",
                   f"https://{NAME}:{cell.port}/page/" + "/".join(cell.nonces)]
        return call(command, timeout=90, env={**os.environ, "HOME": home})


def all_clients(here, build, trixie, why_no_trixie):
    return [
        OpenSSL("OpenSSL 3.0"), OpenSSL("OpenSSL 3.5", trixie, why_no_trixie), GnuTLS(), NSS(), go(here, build),
        java(here, build), Own("Node", ["node", os.path.join(here, "client.js")], ["node", "--version"]),
        Own("Python", ["python3", os.path.join(here, "client.py")], ["python3", "--version"]), Curl(), Chromium(),
        rustls(here, build),
    ]
