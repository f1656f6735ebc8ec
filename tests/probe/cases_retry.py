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


def then(data):
    def action(client):
        retried(client)
        client.raw(data)
        return client.verdict()

    return action


def compatible(client):
    retried(client)
    client.raw(wire.record(wire.CCS, b"\1"))
    return client.connect().echo()


def padded(client):
    """RFC 8446 4.1.2: "optionally adding, removing, or changing the length of any padding extension"."""
    retried(client)
    client.hello.add(21, bytes(100))
    return client.connect().echo()


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
        ("with its suites in another order", fields(suites=codes(0x1303, 0x1302, 0x1301)), "retry_changed"),
        ("with a suite twice", fields(suites=codes(0x1301, 0x1302, 0x1303, 0x1303)), "retry_changed"),
        ("with other modes", lambda h: h.set(wire.MODES, vec8(b"\0\1")), "retry_changed"),
        ("of TLS 1.2", lambda h: h.drop(wire.VERSIONS).drop(wire.SHARE).drop(wire.MODES).__dict__.update(suites=codes(0xC02B)),
         "retry_changed"),
        ("with the version 1.2 alone", lambda h: h.set(wire.VERSIONS, vec8(codes(0x0303))), "retry_changed"),
        ("without its groups", lambda h: h.drop(wire.GROUPS), "retry_changed"),
        ("without its schemes", lambda h: h.drop(wire.SCHEMES), "retry_changed"),
        ("with its name twice", lambda h: h.add(wire.SNI, wire.server_name(b"app.example")), "extension_duplicate"),
        ("with two shares of the group", lambda h: h.set(wire.SHARE, vec16(2 * h.extensions[-1][1][2:])),
         "key_share_duplicate"),
        ("with a share of the group and one more",
         lambda h: h.set(wire.SHARE, vec16(h.extensions[-1][1][2:] + share(23, b"\4" + bytes(64)))), "retry_key_share"),
        ("with a share of zeros", lambda h: h.set(wire.SHARE, vec16(share(29, bytes(32)))), "key_share_invalid"),
        ("with legacy_version 3.2", fields(version=0x0302), "retry_changed"),
        ("with a ticket that came anew", lambda h: h.add(wire.PSK,
                                                         vec16(vec16(b"ticket") + bytes(4)) + vec16(vec8(bytes(32)))),
         "retry_changed"),
    )
] + [
    (f"behind a retry {what}", section, then(data), "alert 10", reason)
    for what, section, data, reason in (
        ("a Finished", "8446 4.1.4", wire.record(22, wire.message(20, bytes(32))), "unexpected_message"),
        ("data", "8446 4.1.4", wire.record(23, b"text"), "data_before_finished"),
        ("three ChangeCipherSpecs", "8446 5", 3 * wire.record(20, b"\1"), "ccs_flood"),
        ("a Certificate", "8446 4.1.4", wire.record(22, wire.message(11, bytes(4))), "unexpected_message"),
    )
] + [
    ("a ChangeCipherSpec between both ClientHellos", "8446 D.4", compatible, "echo", ""),
    ("padding in the second ClientHello alone", "8446 4.1.2", padded, "echo", ""),
]
