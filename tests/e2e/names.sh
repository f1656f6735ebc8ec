#!/bin/bash
# The certificate is chosen by the name asked for: exact before wildcard, else the first or an alert. ALPN likewise.
. "$(dirname "$0")/lib.sh"
need python3
backend_start
daemon_start <<CONF
[listen default]
address = $HOST:8443
certificate = $CERTS/p256.crt
certificate = $CERTS/wildcard.crt
certificate = $CERTS/exact.crt
certificate = $CERTS/other.crt
key = $CERTS/other.key
key = $CERTS/exact.key
key = $CERTS/wildcard.key
key = $CERTS/p256.key
backend = app
alpn = h2, http/1.1

[listen reject]
address = $HOST:8444
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = app
unknown-sni = reject

[backend app]
server = $HOST:8080
CONF

cat >"$scratch/names.py" <<'PY'
# names.py HOST PORT NAME: the names in the certificate that is shown; NAME "-" sends none
import ssl, sys
from tlsclient import Client, context
import tlsclient
name = None if sys.argv[3] == "-" else sys.argv[3]
real = tlsclient.context
def lenient(**options):
    ctx = real(**options)
    ctx.check_hostname = False
    return ctx
tlsclient.context = lenient
client = Client(sys.argv[1], int(sys.argv[2]), name=name)
try:
    client.handshake()
except ssl.SSLError as error:
    print(str(error).lower())
    sys.exit()
print(*sorted(value for kind, value in client.tls.getpeercert()["subjectAltName"]))
PY
shown() { python3 "$scratch/names.py" "$HOST" "$1" "$2"; }
check_equal "an exact name gets its certificate, though a wildcard fits" exact.wild.example "$(shown 8443 exact.wild.example)"
check_equal "a name under the wildcard gets the wildcard's" '*.wild.example wild.example' "$(shown 8443 any.wild.example)"
check_equal "a wildcard stands for one label only" app.example "$(shown 8443 a.b.wild.example)"
check_equal "case does not matter" other.example "$(shown 8443 OTHER.example)"
check_equal "an unknown name gets the first certificate" app.example "$(shown 8443 nobody.example)"
check_equal "no name gets the first certificate" app.example "$(shown 8443 -)"
# RFC 6066 3: "the server SHOULD ... terminate the handshake by sending a fatal-level unrecognized_name(112) alert"
check "with unknown-sni = reject an unknown name gets unrecognized_name" \
    grep -q 'unrecognized.name' <(shown 8444 nobody.example)
check_logged "... and the log says so" event=handshake_failed reason=sni_unknown sni=nobody.example
check_equal "with unknown-sni = reject a known name is served" app.example "$(shown 8444 app.example)"
check_equal "with unknown-sni = reject a client without a name is served" app.example "$(shown 8444 -)"

cat >"$scratch/alpn.py" <<'PY'
import ssl, sys
from tlsclient import Client
protocols = sys.argv[3].split(",") if sys.argv[3] else []
try:
    client = Client(sys.argv[1], int(sys.argv[2]), alpn=protocols).handshake()
except ssl.SSLError as error:
    print(str(error).lower())
    sys.exit()
print(client.tls.selected_alpn_protocol())
PY
chosen() { python3 "$scratch/alpn.py" "$HOST" "$1" "$2"; }
check_equal "of the protocols in common our first wins" h2 "$(chosen 8443 http/1.1,h2)"
check_equal "one protocol in common is chosen" http/1.1 "$(chosen 8443 spdy/3,http/1.1)"
check_equal "a client without ALPN is served without" None "$(chosen 8443 '')"
# RFC 7301 3.2: no overlap "SHALL" be answered with no_application_protocol
check "no protocol in common is no_application_protocol" grep -q 'no.application.protocol' <(chosen 8443 spdy/3)
check_logged "... and the log has what was offered and what is allowed" event=handshake_failed \
    reason=no_common_alpn offered_alpn=spdy/3 allowed_alpn=h2,http/1.1
check_equal "without alpn in the configuration the extension is ignored" None "$(chosen 8444 h2)"
finish
