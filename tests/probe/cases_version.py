"""Which version is spoken (RFC 8446 4.2.1). Tables as in cases_hello.py."""
import wire
from client import Client
from client12 import Client12
from wire import codes, vec8, vec16

VERSION, DECODE = "alert 70", "alert 50"


def spoken(change):
    def action(client):
        change(client.hello)
        return client.connect().echo()

    return action


def refused(change):
    def action(client):
        change(client.hello)
        client.send_hello()
        return client.verdict()

    return action


def versions(*values, legacy=0x0303):
    return lambda hello: hello.set(wire.VERSIONS, vec8(codes(*values))).__dict__.update(version=legacy)


VERSIONS = [
    (f"{label}: supported_versions {' '.join(f'{v:#06x}' for v in offered)}, legacy_version {legacy:#06x}", "8446 4.2.1",
     spoken(versions(*offered, legacy=legacy)), "echo", "", kind)
    for label, kind, offered, legacy in (
        ("1.3", Client, (0x0304,), 0x0302), ("1.3", Client, (0x0304,), 0x0304), ("1.3", Client, (0x0304,), 0x03FF),
        ("1.3", Client, (0x0303, 0x0304), 0x0303), ("1.3", Client, (0x0302, 0x0304, 0x0301), 0x0303),
        ("1.3", Client, (0x7F1C, 0x0304), 0x0303), ("1.2", Client12, (0x0303,), 0x0303),
        ("1.2", Client12, (0x0302, 0x0303), 0x0303), ("1.2", Client12, (0x0303, 0x0301), 0x0301),
        ("1.2", Client12, (0x0305, 0x0303), 0x0303),
    )
] + [
    (f"supported_versions {' '.join(f'{v:#06x}' for v in offered)}, legacy_version {legacy:#06x}", section,
     refused(versions(*offered, legacy=legacy)), VERSION, reason)
    for offered, legacy, section, reason in (
        ((0x0304,), 0x0300, "8446 D.5", "legacy_version"),
        ((0x0302, 0x0301), 0x0303, "8446 4.2.1", "no_common_version"),
        ((0x7F1C,), 0x0303, "8446 4.2.1", "no_common_version"), ((0x0A0A,), 0x0304, "8446 4.2.1", "no_common_version"),
    )
]


CERTIFICATE_SCHEMES = [
    ("1.3: signature_algorithms_cert of odd length", "8446 4.2.3", refused(lambda h: h.set(50, vec16(b"\4\3\4"))),
     DECODE, "extension_malformed"),
    ("1.3: signature_algorithms_cert that names nothing of our chain", "8446 4.4.2.2",
     spoken(lambda h: h.set(50, vec16(codes(0x0807)))), "echo", ""),
]

CASES = VERSIONS + CERTIFICATE_SCHEMES
