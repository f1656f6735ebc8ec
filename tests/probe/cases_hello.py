"""The first ClientHello (RFC 8446 4.1.2 and 4.2): (name, RFC section, what is done, what is expected, the log's reason)."""
import wire
from wire import codes, share, u16, vec8, vec16

VERSION, DECODE, ILLEGAL, MISSING, FAILURE = "alert 70", "alert 50", "alert 47", "alert 109", "alert 40"


def changed(change):
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


def cut_at(length):
    def action(client):
        client.send_hello(client.hello.body()[:length])
        return client.verdict()

    return action


def fields(**values):
    return lambda hello: hello.__dict__.update(values)


def setting(kind, data):
    return lambda hello: hello.set(kind, data)


def dropping(kind):
    return lambda hello: hello.drop(kind)


def twice(kind):
    return lambda hello: hello.add(kind, next(data for k, data in hello.extensions if k == kind))


GOOD = [
    (f"a handshake with suite {suite:#06x} echoes", "8446 9.1", changed(fields(suites=codes(suite))), "echo", "")
    for suite in (0x1301, 0x1302, 0x1303)
] + [
    ("a session id of 0 bytes", "8446 4.1.2", changed(fields(session_id=b"")), "echo", ""),
    ("a session id of 1 byte", "8446 4.1.2", changed(fields(session_id=b"x")), "echo", ""),
    ("an unknown extension is ignored", "8446 4.1.2", changed(setting(0x1234, b"any")), "echo", ""),
    ("unknown suites before ours are ignored", "8446 4.1.1", changed(fields(suites=codes(0x0A0A, 0x1301))), "echo", ""),
    ("GREASE among the versions", "8701 3.1", changed(setting(wire.VERSIONS, vec8(codes(0x7A7A, 0x0304)))), "echo", ""),
    ("GREASE among the groups", "8701 3.1", changed(setting(wire.GROUPS, vec16(codes(0x7A7A, 29)))), "echo", ""),
    ("no server_name", "6066 3", changed(dropping(wire.SNI)), "echo", ""),
    ("no psk_key_exchange_modes", "8446 4.2.9", changed(dropping(wire.MODES)), "echo", ""),
]

# Where the ClientHello of wire.py ends early. A hello that ends after compression_methods is one of old versions.
TRUNCATED = [
    (f"the ClientHello ends after {n} bytes, {where}", "8446 4.1.2", cut_at(n), DECODE, "client_hello_malformed")
    for n, where in (
        (0, "before legacy_version"), (1, "in legacy_version"), (2, "before random"), (17, "in random"),
        (34, "before the session id"), (35, "after the session id's length"), (50, "in the session id"),
        (67, "before the suites"), (68, "in the suites' length"), (69, "after the suites' length"),
        (71, "in the suites"), (75, "before the compression methods"), (76, "after the methods' length"),
        (78, "in the extensions' length"), (79, "after the extensions' length"), (81, "in the first extension"),
    )
]

FIELDS = [
    ("compression deflate and null", "8446 4.1.2", refused(fields(compression=b"\1\0")), ILLEGAL, "compression"),
    ("compression deflate alone", "8446 4.1.2", refused(fields(compression=b"\1")), ILLEGAL, "compression"),
    ("null compression twice", "8446 4.1.2", refused(fields(compression=b"\0\0")), ILLEGAL, "compression"),
    ("no compression method", "8446 4.1.2", refused(fields(compression=b"")), DECODE, "client_hello_malformed"),
    ("no suite", "8446 4.1.2", refused(fields(suites=b"")), DECODE, "client_hello_malformed"),
    ("suites of odd length", "8446 4.1.2", refused(fields(suites=b"\x13\x01\x13")), DECODE, "client_hello_malformed"),
    ("a session id of 33 bytes", "8446 4.1.2", refused(fields(session_id=bytes(33))), DECODE, "client_hello_malformed"),
    ("unknown suites alone", "8446 4.1.1", refused(fields(suites=codes(0x0A0A))), FAILURE, "no_common_suite"),
    ("the suites of TLS 1.2 in TLS 1.3", "8446 4.1.1", refused(fields(suites=codes(0xC02B))), FAILURE,
     "no_common_suite"),
    ("versions unknown", "8446 4.2.1", refused(setting(wire.VERSIONS, vec8(codes(0x0305)))), VERSION,
     "no_common_version"),
    ("TLS 1.1 alone", "8996 5", refused(setting(wire.VERSIONS, vec8(codes(0x0302)))), VERSION, "no_common_version"),
]

REQUIRED = [
    ("signature_algorithms missing", "8446 9.2", refused(dropping(wire.SCHEMES)), MISSING, "no_signature_algorithms"),
    ("supported_groups missing", "8446 9.2", refused(dropping(wire.GROUPS)), MISSING, "no_supported_groups"),
    ("key_share missing", "8446 9.2", refused(dropping(wire.SHARE)), MISSING, "no_key_share"),
    ("no group in common", "8446 4.1.1",
     refused(lambda h: h.set(wire.GROUPS, vec16(codes(0x0A0A))).set(wire.SHARE, vec16(b""))), FAILURE,
     "no_common_group"),
    ("no scheme in common", "8446 4.4.2.2", refused(setting(wire.SCHEMES, vec16(codes(0x0201)))), FAILURE,
     "no_common_scheme"),
    ("oid_filters in a ClientHello", "8446 4.2", refused(setting(48, vec16(b""))), ILLEGAL, "extension_misplaced"),
    ("an unknown extension twice", "8446 4.2", refused(lambda h: h.add(0x1234, b"").add(0x1234, b"")), ILLEGAL,
     "extension_duplicate"),
] + [
    (f"extension {kind} twice", "8446 4.2", refused(twice(kind)), ILLEGAL, "extension_duplicate")
    for kind in (wire.SNI, wire.GROUPS, wire.SCHEMES, wire.VERSIONS, wire.MODES, wire.SHARE)
]

LISTS = [wire.GROUPS, wire.SCHEMES]
MALFORMED = [
    (f"extension {kind} {what}", "8446 4.2", refused(setting(kind, data)), DECODE, "extension_malformed")
    for kind in LISTS
    for what, data in (
        ("empty", b""), ("with a list of nothing", u16(0)), ("of odd length", vec16(b"\0\x1d\0")),
        ("with a list cut short", u16(4) + b"\0\x1d"), ("with a byte too many", vec16(b"\0\x1d") + b"\0"),
    )
] + [
    (f"extension {kind} {what}", section, refused(setting(kind, data)), DECODE, "extension_malformed")
    for kind, section, what, data in (
        (wire.VERSIONS, "8446 4.2.1", "empty", b""), (wire.VERSIONS, "8446 4.2.1", "with a list of nothing", vec8(b"")),
        (wire.VERSIONS, "8446 4.2.1", "of odd length", vec8(b"\3\4\3")),
        (wire.VERSIONS, "8446 4.2.1", "with a byte too many", vec8(b"\3\4") + b"\0"),
        (wire.MODES, "8446 4.2.9", "empty", b""), (wire.MODES, "8446 4.2.9", "with a list of nothing", vec8(b"")),
        (wire.MODES, "8446 4.2.9", "with a byte too many", vec8(b"\1") + b"\0"),
        (wire.SNI, "6066 3", "empty", b""), (wire.SNI, "6066 3", "with a list of nothing", vec16(b"")),
        (wire.SNI, "6066 3", "with a name of nothing", vec16(b"\0\0\0")),
        (wire.SNI, "6066 3", "with an unknown type", vec16(b"\1" + vec16(b"app.example"))),
        (wire.SNI, "6066 3", "with two names", vec16(2 * (b"\0" + vec16(b"app.example")))),
        (wire.SHARE, "8446 4.2.8", "empty", b""), (wire.SHARE, "8446 4.2.8", "cut short", u16(40) + bytes(8)),
        (wire.SHARE, "8446 4.2.8", "with a share of nothing", vec16(share(29, b""))),
        (wire.ALPN, "7301 3.1", "empty", b""), (wire.ALPN, "7301 3.1", "with a list of nothing", vec16(b"")),
        (wire.ALPN, "7301 3.1", "with a name of nothing", vec16(b"\0\2h2")),
        (wire.EMS, "7627 5.1", "with a byte in it", b"\0"), (wire.EARLY, "8446 4.2.10", "with a byte in it", b"\0"),
        (wire.COOKIE, "8446 4.2.2", "empty", b""), (wire.COOKIE, "8446 4.2.2", "with a cookie of nothing", vec16(b"")),
        (wire.POINTS, "8422 5.1.2", "empty", b""), (wire.POINTS, "8422 5.1.2", "with a list of nothing", vec8(b"")),
        (wire.RI, "5746 3.2", "empty", b""), (wire.RI, "5746 3.2", "cut short", b"\2\0"),
    )
]

NAMES = [
    (f"server_name {name!r}", "6066 3", refused(setting(wire.SNI, wire.server_name(name))), ILLEGAL, "sni_invalid")
    for name in (b"a\0b", b"app.example.", b".app.example", b"a b", b"a\nb", b"\xc3\xa4.example", b"[::1]", b"a/b",
                 b"a" * 254)
]

SHARES = [
    (f"an X25519 share {what}", "8446 7.4.2", refused(setting(wire.SHARE, vec16(share(29, data)))), ILLEGAL,
     "key_share_invalid")
    for what, data in (
        ("of zeros", bytes(32)), ("of the point 1", b"\1" + bytes(31)), ("of 31 bytes", b"\5" * 31),
        ("of 33 bytes", b"\5" * 33), ("of p - 1", b"\xec" + b"\xff" * 30 + b"\x7f"),
    )
] + [
    (f"a P-256 share {what}", "8446 4.2.8.2", refused(setting(wire.SHARE, vec16(share(23, data)))), ILLEGAL,
     "key_share_invalid")
    for what, data in (
        ("not on the curve", b"\4" + b"\1" * 64), ("compressed", b"\2" + b"\1" * 32),
        ("of the point at infinity", b"\0"),
        ("of zeros", b"\4" + bytes(64)), ("of 64 bytes", b"\4" + b"\1" * 63), ("hybrid", b"\6" + b"\1" * 64),
    )
] + [
    ("two shares for one group", "8446 4.2.8", refused(setting(wire.SHARE, vec16(2 * share(29, b"\5" * 32)))), ILLEGAL,
     "key_share_duplicate"),
    ("a share for a group not offered", "8446 4.2.8", refused(setting(wire.SHARE, vec16(share(24, b"\4" * 97)))),
     ILLEGAL,
     "key_share_unoffered"),
]

CASES = GOOD + TRUNCATED + FIELDS + REQUIRED + MALFORMED + NAMES + SHARES
