"""rows.py: what is measured, a row of the table each."""
import servers

SUITE13, SUITE12 = "TLS_AES_128_GCM_SHA256", "AES128-GCM-SHA256"
V13 = ["--tls", "1.3", "--suites", SUITE13, "--groups", "X25519"]
# In TLS 1.2 the curve of the certificate must be among the groups too (RFC 8422 5.1.1).
V12 = ["--tls", "1.2", "--ciphers", "ECDHE-ECDSA-" + SUITE12, "--groups", "X25519:P-256"]
LATENCY = ["latency", "--connections", "100", "--rate", "2000", "--size", "64"]
STORM = ["handshake", "--connections", "64"]


class Row:
    """`figures`: the columns of the measurement that make rows of the table, each with the label and the unit."""

    def __init__(self, row_kind, label, figures, arguments, identity="ecdsa", floor=False):
        self.kind, self.label, self.figures, self.identity = row_kind, label, figures, identity
        self.arguments, self.has_floor = arguments, floor
        self.version = "TLSv1.2" if "1.2" in arguments else "TLSv1.3"
        self.is_resumed = "--resume" in arguments
        self.storm = [*STORM, *V13] if row_kind == "latency" else None

    def arguments_for(self, kind):
        return without_tls(self.arguments) if kind.is_plain else self.arguments

    def storm_for(self, kind):
        return without_tls(self.storm) if kind.is_plain else self.storm

    def fault(self, kind, told):
        """Why the measurement is not what the row says; None: it is."""
        if told["errors"]:
            return f"{told['errors']} connections of the client failed"
        if any(told[figure] <= 0 for figure, _, _ in self.figures):
            return "nothing was done in the window"
        if kind.is_plain or self.kind != "handshake":
            return None
        if told["version"] != self.version:
            return f"the version was {told['version']}"
        if self.is_resumed and told["resumed"] < 0.95 * told["handshakes"]:
            return f"only {told['resumed']} of {told['handshakes']:.0f} handshakes were resumed"
        if not self.is_resumed and told["resumed"]:
            return f"{told['resumed']} handshakes were resumed"
        return None


def without_tls(arguments):
    out = ["--plain"]
    skip = False
    for argument in arguments:
        if skip:
            skip = False
        elif argument in ("--tls", "--suites", "--ciphers", "--groups"):
            skip = True
        elif argument != "--resume":
            out.append(argument)
    return [out[1], out[0], *out[2:]]


def all_rows(idle_connections):
    handshake = ["handshake", "--connections", "32"]
    bulk = ["bulk", "--connections", "8"]
    cpu, per_mb = [("cpu_us", "", "CPU us a connection")], [("cpu_us", "", "CPU us a MB")]
    echoes = "64-byte echoes beside a storm of handshakes"
    return [
        Row("handshake", "full 1.3, ECDSA P-256, X25519", cpu, handshake + V13, floor=True),
        Row("handshake", "full 1.3, RSA-2048, X25519", cpu, handshake + V13, identity="rsa"),
        Row("handshake", "full 1.2, ECDHE-ECDSA, X25519", cpu, handshake + V12),
        Row("handshake", "resumed 1.3", cpu, handshake + V13 + ["--resume"]),
        Row("handshake", "resumed 1.2", cpu, handshake + V12 + ["--resume"]),
        Row("bulk", "down 1.3, AES-128-GCM", per_mb, bulk + V13, floor=True),
        Row("bulk", "up 1.3, AES-128-GCM", per_mb, bulk + V13 + ["--up"], floor=True),
        Row("idle", f"idle, {idle_connections} connections", [("pss_bytes", "", "PSS bytes a connection")],
            ["idle", "--connections", str(idle_connections), "--settle", "1.5", *V13], floor=True),
        Row("latency", echoes, [("p50", "p50 of ", "us"), ("p99", "p99 of ", "us")], LATENCY + V13, floor=True),
    ]


def measures(row, kind):
    """Whether the proxy has a cell in the row: to one without TLS most rows are the same."""
    return row.has_floor if kind.name == servers.FLOOR else True
