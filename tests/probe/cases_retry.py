"""HelloRetryRequest (RFC 8446 4.1.2, 4.1.4): the second ClientHello with one thing changed. Tables as in cases_hello.py."""
import wire
from wire import codes, share, vec8, vec16

ILLEGAL = "alert 47"


def retried(client):
    """Up to the HelloRetryRequest: a first hello without any share."""
    good = next(data for kind, data in client.hello.extensions if kind == wire.SHARE)
    client.hello.set(wire.SHARE, vec16(b""))
    client.send_hello()
    client.read_server_hello()
    assert client.retried, "no HelloRetryRequest came"
    client.hello.set(wire.SHARE, good)


def honest(client):
    retried(client)
    return client.connect().echo()


def changed(change):
    def action(client):
        retried(client)
        change(client.hello)
        client.send_hello()
        return client.verdict()

    return action


def fields(**values):
    return lambda hello: hello.__dict__.update(values)


CASES = [
    ("a retry is followed", "8446 4.1.4", honest, "echo", ""),
] + [
    (f"the second ClientHello {what}", "8446 4.1.2", changed(change), ILLEGAL, reason)
    for what, change, reason in (
        ("with another random", fields(random=bytes(32)), "retry_changed"),
        ("with another session id", fields(session_id=bytes(32)), "retry_changed"),
        ("without its session id", fields(session_id=b""), "retry_changed"),
        ("with fewer suites", fields(suites=codes(0x1301)), "retry_changed"),
        ("with more suites", fields(suites=codes(0x1301, 0x1302, 0x1303, 0x1304)), "retry_changed"),
        ("with another compression", fields(compression=b"\0\1"), "retry_changed"),
        ("with another name", lambda h: h.set(wire.SNI, wire.server_name(b"other.example")), "retry_changed"),
        ("without a name", lambda h: h.drop(wire.SNI), "retry_changed"),
        ("with other groups", lambda h: h.set(wire.GROUPS, vec16(codes(29))), "retry_changed"),
        ("with other schemes", lambda h: h.set(wire.SCHEMES, vec16(codes(0x0403))), "retry_changed"),
        ("with more versions", lambda h: h.set(wire.VERSIONS, vec8(codes(0x0304, 0x0303))), "retry_changed"),
        ("without supported_versions", lambda h: h.drop(wire.VERSIONS), "retry_changed"),
        ("without psk_key_exchange_modes", lambda h: h.drop(wire.MODES), "retry_changed"),
        ("with ALPN that came anew", lambda h: h.add(wire.ALPN, vec16(vec8(b"h2"))), "retry_changed"),
        ("with an extension that came anew", lambda h: h.add(0x1234, b""), "retry_changed"),
        ("with a cookie that was not given", lambda h: h.add(wire.COOKIE, vec16(b"x")), "retry_changed"),
        ("with early_data", lambda h: h.add(wire.EARLY, b""), "retry_early_data"),
        ("without a share again", lambda h: h.set(wire.SHARE, vec16(b"")), "retry_key_share"),
        ("with a share of another group", lambda h: h.set(wire.SHARE, vec16(share(23, b"\4" + bytes(64)))),
         "retry_key_share"),
    )
]
