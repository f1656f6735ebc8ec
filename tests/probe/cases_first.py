"""First bytes that are no TLS, or not yet; names and protocols where the listener is strict about them (RFC 6066, RFC 7301)."""
import wire
from client import Client
from client12 import Client12
from wire import codes, message, record, vec8, vec16

UNEXPECTED, VERSION, DECODE = "alert 10", "alert 70", "alert 50"
UNKNOWN_NAME, NO_PROTOCOL = "alert 112", "alert 120"
STRICT = 6  # ports above the first, as in probe.sh


def first(data):
    def action(client):
        client.raw(data)
        return client.verdict()

    return action


def over(version):
    """RFC 8446 5.1: legacy_record_version MUST be ignored."""

    def action(client):
        whole = message(wire.CLIENT_HELLO, client.hello.body())
        client.transcript += whole
        client.raw(record(wire.HANDSHAKE, whole, version))
        client.read_server_hello()
        client.read_flight()
        client.send(wire.HANDSHAKE, client.finished())
        client.writing = client.next_writing
        return client.echo()

    return action


SSLV2 = bytes.fromhex("802e010002001500000010") + bytes(35)
FIRST = [
    (f"first of all {what}", section, first(data), expected, reason)
    for what, section, data, expected, reason in (
        ("a request of HTTP", "8446 5", b"GET / HTTP/1.1\r\nHost: app.example\r\n\r\n", "closed", "not_tls_http"),
        ("the words of SSH", "8446 5", b"SSH-2.0-client\r\n", "closed", "not_tls_ssh"),
        ("a PROXY header of version 1", "8446 5", b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", "closed", "not_tls_proxy"),
        ("an SSLv2 hello", "8446 D.5", SSLV2, VERSION, "not_tls_sslv2"),
        ("bytes that are nothing", "8446 5", bytes(range(128, 200)), UNEXPECTED, "not_tls"),
        ("a record of SSL 2", "8446 5.1", b"\x16\2\0\0\5" + bytes(5), VERSION, "record_version"),
        ("a record of version 4", "8446 5.1", b"\x16\4\0\0\5" + bytes(5), VERSION, "record_version"),
        ("a heartbeat", "6520 3", record(24, b"\1\xff\xff"), UNEXPECTED, "not_tls"),
        ("data", "8446 5", record(23, b"text"), UNEXPECTED, "data_before_finished"),
        ("a fatal alert", "8446 6.2", record(21, b"\2\x28"), "closed", "alert_received"),
        ("close_notify", "8446 6.1", record(21, b"\1\0"), "closed", "closed_early"),
        ("an alert of one byte", "8446 5.1", record(21, b"\2"), DECODE, "alert_malformed"),
    )
] + [
    (f"a ClientHello in a record of version {version:#06x}", "8446 5.1", over(version), "echo", "")
    for version in (0x0301, 0x0302, 0x0303, 0x0304, 0x03FF)
]


# ---- names and protocols


def selected(change):
    """The protocol that the server chose, or the end."""

    def action(client):
        change(client.hello)
        if isinstance(client, Client12):
            client.flight()
            sent = client.heard[0][1]
            block = sent[42 + sent[38] :]
        else:
            client.until_finished()
            block = client.heard[0][1][4:]
        found = client.extension(block, wire.ALPN)
        return found[3:].decode() if found else "none"

    return action


def protocols(*names):
    return lambda hello: hello.set(wire.ALPN, vec16(b"".join(vec8(name) for name in names)))


def name(text):
    return lambda hello: hello.set(wire.SNI, wire.server_name(text))


def strict(kind):
    return lambda address: kind((address[0], address[1] + STRICT))


BOTH = (("1.3", Client), ("1.2", Client12))
NAMES = [
    (f"{label}: {what}", "7301 3.2", selected(change), expected, reason, strict(kind))
    for label, kind in BOTH
    for what, change, expected, reason in (
        ("ALPN with h2", protocols(b"h2"), "h2", ""),
        ("ALPN with http/1.1 and a protocol nobody knows", protocols(b"unknown", b"http/1.1"), "http/1.1", ""),
        ("ALPN in the client's other order", protocols(b"http/1.1", b"h2"), "h2", ""),
        ("no ALPN", lambda h: None, "none", ""),
        ("ALPN with GREASE and h2", protocols(b"\x0a\x0a", b"h2"), "h2", ""),
        ("ALPN with ftp alone", protocols(b"ftp"), NO_PROTOCOL, "no_common_alpn"),
        ("ALPN with h2 in capitals", protocols(b"H2"), NO_PROTOCOL, "no_common_alpn"),
        ("ALPN with the first letter of h2", protocols(b"h"), NO_PROTOCOL, "no_common_alpn"),
        ("ALPN with more than h2", protocols(b"h2c"), NO_PROTOCOL, "no_common_alpn"),
    )
] + [
    (f"{label}: {what}", "6066 3", selected(change), expected, reason, strict(kind))
    for label, kind in BOTH
    for what, change, expected, reason in (
        ("a name in capitals", name(b"APP.Example"), "none", ""),
        ("no name where unknown ones are refused", lambda h: h.drop(wire.SNI), "none", ""),
        ("a name that no certificate has", name(b"nobody.invalid"), UNKNOWN_NAME, "sni_unknown"),
        ("the end of a name", name(b"example"), UNKNOWN_NAME, "sni_unknown"),
        ("a name below one of ours", name(b"a.b.app.example"), UNKNOWN_NAME, "sni_unknown"),
    )
] + [
    (f"{label}: ALPN where the listener has none", "7301 3.2", selected(protocols(b"ftp")), "none", "", kind)
    for label, kind in BOTH
]


# ---- what one connection leaves behind for the next


def after_many(make):
    """So many bad hellos, each in a connection of its own, then a good one."""

    def action(client):
        for _ in range(50):
            other = type(client)(client.sock.getpeername())
            make(other)
            other.sock.close()
        good = client.judged = type(client)(client.sock.getpeername())  # the first one may have waited too long
        return good.connect().echo()

    return action


def bare(client):
    """RFC 5246 7.4.1.2: a hello may end behind the compression methods."""
    client.send_hello(codes(0x0303) + client.hello.random + b"\0" + vec16(codes(0xC02B)) + b"\1\0")
    client.verdict()


def legacy(client):
    client.hello.set(wire.VERSIONS, vec8(codes(0x0301)))
    client.send_hello()


def half(client):
    client.raw(record(22, message(1, client.hello.body()))[:40])


LEFT = [
    (f"{label}: a good handshake behind fifty {what}", section, after_many(make), "echo", "", kind)
    for label, kind in BOTH
    for what, section, make in (("hellos without extensions", "8446 4.1.2", bare),
                                ("hellos of TLS 1.0", "8996 4", legacy),
                                ("hellos cut in half", "8446 5.1", half))
]

# RFC 7507: the SCSV is no matter where the highest version is agreed on.
SCSV = [("1.3: TLS_FALLBACK_SCSV", "7507 3",
         lambda c: (c.hello.__dict__.update(suites=codes(0x1301, 0x5600)), c.connect().echo())[1],
         "echo", "")]

CASES = FIRST + NAMES + LEFT + SCSV
