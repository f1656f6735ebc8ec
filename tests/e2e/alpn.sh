#!/bin/bash
# ALPN in both versions: the listener's order decides, no protocol in common is no_application_protocol.
. "$(dirname "$0")/lib.sh"
. "$here/clients.sh"
need openssl
backend_start
raw_daemon "alpn = h2
alpn = http/1.1" "
[sallyport]
log-level = debug"

for version in 1_2 1_3; do
    label="TLS ${version/_/.}"
    begin_log
    check "$label: the listener's first choice wins" served $PORT -tls$version -alpn http/1.1,h2
    check "$label: ... by s_client's word" said 'ALPN protocol: h2'
    check_log_since "$label: ... and the log's" event=connection alpn=h2
    check "$label: a client without ALPN is served" served $PORT -tls$version
    check "$label: ... and told of none" said 'No ALPN negotiated'
    begin_log
    check "$label: no protocol in common is no_application_protocol" \
        refused 'no application protocol' $PORT -tls$version -alpn smtp,imap
    check_log_since "$label: ... and logged with what was offered" event=handshake_failed reason=no_common_alpn \
        alert_sent=no_application_protocol offered_alpn=smtp,imap allowed_alpn=h2,http/1.1
    check_log_since "$label: ... and at level debug with every candidate and why it was not taken" \
        event=handshake_decisions "alpn=\"h2: not offered by the client; http/1.1: not offered by the client\""
done
finish
