"""A first ClientHello proves nothing (RFC 8446 4.2.11, 4.1.2): answered with a HelloRetryRequest, it has nothing of the
server's under its binder. Whoever saw one can send it again, and who its session belongs to must not stick."""
import wire
from cases_psk import binder, identity
from cases_resumption import FULL, NOBODY, RESUMED, begun, complete, named, offer, return_to, take
from daemon_log import says
from identity import der, issue, key
from shows import NEEDED, OPTIONAL, Shows13, at
from wire import vec8, vec16

ALICE, MALLORY = "CN=alice, O=Example", "CN=mallory"
PLACES = {OPTIONAL: "where a certificate is optional", NEEDED: "where a certificate is required"}
GARBAGE = (b"no ticket of anybody" * 6, bytes(32))


def alices():
    return [der("alice"), der("intermediate")], key("alice")


def mallorys():
    private, certificate = issue("mallory")
    return [certificate], private


def session_of(client, place, shows):
    """(ticket, secret) that somebody takes at a listener, in a connection before."""
    one = Shows13((client.sock.getpeername()[0], client.base + place))
    session = begun(one, place, shows)
    one.sock.close()
    return session


def offer_all(client, *sessions):
    """Several sessions in one hello, each with its binder (RFC 8446 4.2.11)."""
    binders = len(sessions) * vec8(bytes(32))
    identities = vec16(b"".join(identity(one[0]) for one in sessions))
    client.hello.drop(wire.PSK).add(wire.PSK, identities + vec16(binders))
    head = client.transcript + wire.message(wire.CLIENT_HELLO, client.hello.body())[: -len(binders) - 2]
    client.hello.set(wire.PSK, identities + vec16(b"".join(vec8(binder(one[1], head)) for one in sessions)))
    return client


def overhear(client, place, *behind):
    """A hello of alice's without a share, and its bytes: they passed by, and the server has answered them once."""
    alice = session_of(client, place, alices())
    seen = return_to(client, place, alice)
    named(seen, b"app.example")
    seen.hello.set(wire.SHARE, vec16(b""))
    offer_all(seen, alice, *behind)
    seen.send_hello()
    seen.read_server_hello()
    assert seen.retried, "no HelloRetryRequest came"
    seen.sock.close()
    return alice, seen.hello


def replayed(place, second, shows=None, then=None, behind=()):
    """Somebody else sends these bytes; `second` makes the second hello (client, alice's session), `then` goes on."""

    def action(client):
        client.base = client.sock.getpeername()[1] - place
        alice, hello = overhear(client, place, *behind)
        thief = client.judged = Shows13((client.sock.getpeername()[0], client.base + place))
        thief.base = client.base
        share = next(data for kind, data in thief.hello.extensions if kind == wire.SHARE)
        thief.send_hello(hello.body())
        thief.read_server_hello()
        assert thief.retried, "no HelloRetryRequest came"
        thief.hello = hello.set(wire.SHARE, share)
        second(thief, alice)
        answer = complete(thief, shows() if shows else NOBODY)
        return then(client, thief, place) if then else answer

    return action


def garbage(thief, alice):
    offer_all(thief, GARBAGE)


def own(place, *around, shows=mallorys):
    """Offers what it took itself; `around` says which sessions stand before it and behind it."""

    def second(thief, alice):
        session = session_of(thief, place, shows() if shows else NOBODY)
        thief.psk = session[1]
        before, behind = around or ((), ())
        offer_all(thief, *before, session, *behind)

    return second


def own_and_alices(place):
    def second(thief, alice):
        session = session_of(thief, place, mallorys())
        thief.psk = session[1]
        offer_all(thief, session, (alice[0], bytes(32)))

    return second


def alices_by_own(place):
    def second(thief, alice):
        session = session_of(thief, place, mallorys())
        offer_all(thief, (alice[0], session[1]), session)

    return second


def next_time(client, thief, place):
    """The ticket that came of it is nobody's as well."""
    session = take(thief)
    thief.sock.close()
    again = return_to(client, place, session)
    named(again, b"app.example")
    return complete(offer(again, session), NOBODY)


def row(what, place, action, answer, log):
    title = f"1.3: a first hello sent again {PLACES[place]}, {what}"
    return title, "8446 4.2.11", action, answer, log, at(Shows13, place)


def refusal(reason):
    return says(reason, client_subject=None, client_fingerprint=None, hello_retried="true")


def session_log(subject, resumed, retried="true"):
    """The line of a connection that was open: whose it is, None for nobody, and by a session or not."""
    return says("truncated", client_subject=subject, resumed=resumed, hello_retried=retried)


def nobodies():
    """The second hello brings no session of anybody's."""
    for place, answer, log in ((OPTIONAL, FULL, session_log(None, None)),
                               (NEEDED, "alert 116", refusal("client_certificate_missing"))):
        yield row("then a session that is none", place, replayed(place, garbage), answer, log)
        yield row("two sessions there, then one that is none", place,
                  replayed(place, garbage, behind=(GARBAGE,)), answer, log)
        yield row("then two sessions that are none", place,
                  replayed(place, lambda thief, alice: offer_all(thief, GARBAGE, GARBAGE)), answer, log)
        yield row("then no session", place, replayed(place, lambda thief, alice: thief.hello.drop(wire.PSK)),
                  "alert 109", refusal("retry_without_psk"))
        yield row("then its session and a binder of zeros", place, replayed(place, lambda thief, alice: offer_all(
            thief, (alice[0], bytes(32)))), "alert 51", refusal("psk_binder"))
        yield row("then its session with another's secret", place, replayed(place, alices_by_own(place)),
                  "alert 51", refusal("psk_binder"))
    yield row("then a session that is none, and the ticket that comes of it", OPTIONAL,
              replayed(OPTIONAL, garbage, then=next_time), RESUMED, session_log(None, "true", None))
    yield row("then a session of nobody", OPTIONAL, replayed(OPTIONAL, own(OPTIONAL, shows=None)), RESUMED,
              session_log(None, "true"))


def others():
    """The second hello brings who its sender is: by a session or by a certificate."""
    for place in PLACES:
        yield row("then a session of the sender", place, replayed(place, own(place)), RESUMED,
                  session_log(MALLORY, "true"))
        yield row("then a session of the sender and one that is none", place,
                  replayed(place, own(place, (), (GARBAGE,))), RESUMED, session_log(MALLORY, "true"))
        yield row("then one that is none and a session of the sender", place,
                  replayed(place, own(place, (GARBAGE,), ())), RESUMED, session_log(MALLORY, "true"))
        yield row("then a session of the sender and the first hello's", place, replayed(place, own_and_alices(place)),
                  RESUMED, session_log(MALLORY, "true"))
        yield row("then a session that is none and the sender's certificate", place,
                  replayed(place, garbage, mallorys), FULL, session_log(MALLORY, None))
        yield row("then the sender's certificate, and the ticket that comes of it", place,
                  replayed(place, garbage, mallorys, then=next_time), RESUMED, session_log(MALLORY, "true", None))
        yield row("by alice herself", place, replayed(place, honest), RESUMED, session_log(ALICE, "true"))


def honest(thief, alice):
    """Who has the secret is who the session says."""
    thief.psk = alice[1]
    offer_all(thief, alice)


CASES = [one for rows in (nobodies, others) for one in rows()]
