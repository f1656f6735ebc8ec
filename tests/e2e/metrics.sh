#!/bin/bash
# /metrics: real handshakes of each kind, and failures of several, raise their counters by exactly as many.
. "$(dirname "$0")/lib.sh"
. "$here/clients.sh"
need openssl curl python3
backend_start
client_authority one
client_certificate alice one
client_crl one
printf 'V\t400101000000Z\t\t%s\tunknown\t/CN=app.example\n' \
    "$(openssl x509 -in "$CERTS/p256.crt" -noout -serial | cut -d= -f2)" >"$scratch/index"
openssl ocsp -index "$scratch/index" -CA "$CERTS/intermediate.crt" -rsigner "$CERTS/intermediate.crt" \
    -rkey "$CERTS/intermediate.key" -issuer "$CERTS/intermediate.crt" -cert "$CERTS/p256.crt" -ndays 5 \
    -respout "$scratch/staple.der" >"$scratch/ocsp.log" 2>&1 || exit 99
mkdir "$scratch/odd"
cp "$CERTS/rsa2048.crt" "$scratch/odd/a\"b\\c.crt" # a name that would end its label's quotes
cp "$CERTS/rsa2048.key" "$scratch/odd/a.key"
daemon_start <<CONF
[sallyport]
workers = 2

[admin]
address = unix:$scratch/admin.sock

[listen web]
address = $HOST:$PORT
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
certificate = $scratch/odd/a"b\\c.crt
key = $scratch/odd/a.key
backend = app

[listen clients]
address = $HOST:8444
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = app
client-certificate = required
client-ca = $scratch/one-ca.crt
client-crl = $scratch/one.crl
alpn = h2
alpn = http/1.1

[listen down]
address = $HOST:8445
ocsp-staple = $scratch/staple.der
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = nobody

[backend app]
server = $HOST:8080

[backend nobody]
server = $HOST:8099
CONF

scrape() { curl -s --max-time 10 --unix-socket "$scratch/admin.sock" http://admin/metrics >"$1"; }
value() { python3 "$here/exposition.py" "$scratch/metrics" "$@"; }
# is COUNT NAME LABEL=VALUE...: on a fresh page, within a moment: what ends a connection is counted when it has ended
is() {
    local expected=$1 got
    shift
    scrape "$scratch/metrics" || return 1
    got=$(value "$@")
    [ "$got" = "$expected" ] || { echo "$got, not $expected" && return 1; }
}
check_count() {
    local sentence=$1
    shift
    if wait_for 5 is "$@"; then ok "$sentence"; else not_ok "$sentence: $(is "$@")"; fi
}
check_format() {
    scrape "$scratch/metrics"
    check "$1: the page follows the format to the letter" python3 "$here/exposition.py" "$scratch/metrics"
    if command -v "${PROMTOOL:-promtool}" >/dev/null; then
        check "$1: promtool finds nothing" "${PROMTOOL:-promtool}" check metrics <"$scratch/metrics"
    else
        echo "skipped: promtool is not installed"
    fi
}
handshakes() { printf '%s\n' sallyport_handshakes_total listener=web "version=$1" "resumed=$2"; }
failures() { printf '%s\n' sallyport_handshake_failures_total "listener=$1" "stage=$2" "reason=$3"; }

check_format "before anything happened"
check_count "a listener that nobody used shows zero, not nothing" 0 $(handshakes TLSv1.3 false)

# ---- handshakes
for _ in 1 2 3; do served $PORT -tls1_3 -sigalgs ECDSA+SHA256 -groups P-256 -ciphersuites TLS_AES_128_GCM_SHA256 -sess_out "$scratch/13.pem"; done
for _ in 1 2; do served_resumed $PORT -tls1_3 -groups P-384 -ciphersuites TLS_AES_128_GCM_SHA256 -sess_in "$scratch/13.pem"; done
for _ in 1 2 3 4; do served $PORT -tls1_2 -cipher ECDHE-RSA-AES256-GCM-SHA384 -groups X25519 -sess_out "$scratch/12.pem"; done
served_resumed $PORT -tls1_2 -sess_in "$scratch/12.pem"
check_count "three full handshakes of TLS 1.3 are three" 3 $(handshakes TLSv1.3 false)
check_count "two resumed ones of TLS 1.3 are two" 2 $(handshakes TLSv1.3 true)
check_count "four full handshakes of TLS 1.2 are four" 4 $(handshakes TLSv1.2 false)
check_count "a resumed one of TLS 1.2 is one" 1 $(handshakes TLSv1.2 true)
check_count "their durations are as many" 10 sallyport_handshake_duration_seconds_count listener=web
negotiated() { printf '%s\n' sallyport_negotiated_total listener=web "kind=$1" "name=$2"; }
check_count "the suite of TLS 1.3 is counted by its name" 5 $(negotiated suite TLS_AES_128_GCM_SHA256)
check_count "the suite of TLS 1.2 is counted by its name" 5 $(negotiated suite TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384)
check_count "the groups of full handshakes are counted" 3 $(negotiated group secp256r1)
check_count "... and those of resumed ones" 2 $(negotiated group secp384r1)
check_count "signatures are of full handshakes alone" 3 $(negotiated signature ecdsa_secp256r1_sha256)
check_count "ClientHellos were understood" 10 sallyport_hellos_total listener=web
check_count "... and what they offer is counted" 5 sallyport_hello_offers_total listener=web group=x25519
check_count "... by group" 4 sallyport_hello_offers_total listener=web group=secp256r1
check_count "a group that nobody offers is zero" 0 sallyport_hello_offers_total listener=web group=X25519MLKEM768
check_count "without a protocol of ALPN they have none" 10 $(negotiated alpn none)
check_count "a server that took a connection is up" 1 sallyport_backend_up backend=app
check_count "of one that nobody tried nothing is said" 0 sallyport_backend_up backend=nobody
grep -q 'sallyport_backend_up{backend="nobody"' "$scratch/metrics" && not_ok "not even that it is down" || ok "not even that it is down"
check_count "every connection ended in order" 10 sallyport_connections_ended_total listener=web reason=none
check_count "the server behind them was connected to as often" 10 sallyport_backend_connects_total backend=app result=connected
check_count "nothing is open any more" 0 sallyport_connections
check_count "nor at the server" 0 sallyport_backend_connections
text=$((10 * $(printf '%s\n' "$ORDER" | wc -c)))
check_count "the text of clients is counted to the byte" $text sallyport_bytes_total listener=web direction=in

operations() { printf '%s\n' sallyport_key_operations_total "operation=$1" "result=${2:-ok}"; }
check_count "a signature for each full handshake of TLS 1.3" 3 $(operations sign_certificate_verify)
check_count "a signature for each full handshake of TLS 1.2" 4 $(operations sign_server_key_exchange)
check_count "a ticket was opened for each resumption" 3 $(operations open_ticket)
check_count "... and they were ours" 3 sallyport_tickets_total result=opened
check_count "no key failed" 0 sallyport_key_operations_total result=failed
check_count "the time of all of it is there" 3 sallyport_key_operation_duration_seconds_count operation=open_ticket

# ---- failures
refused 'protocol version' $PORT -tls1_1 -cipher ALL:@SECLEVEL=0
refused 'handshake failure' $PORT -tls1_3 -groups P-521
refused 'handshake failure' $PORT -tls1_3 -groups P-521
refused 'handshake failure' $PORT -tls1_2 -cipher AES128-SHA:@SECLEVEL=0
curl -s --max-time 5 "http://$HOST:$PORT/" >"$scratch/output"
check_count "a client of TLS 1.1 is a failure for its version" 1 $(failures web client_hello no_common_version)
check_count "two without a group in common are two" 2 $(failures web client_hello no_common_group)
check_count "one without a suite in common is one" 1 $(failures web client_hello no_common_suite)
check_count "plain HTTP is known for it" 1 $(failures web start not_tls_http)
printf '' | openssl s_client -connect "$HOST:$PORT" -CAfile "$scratch/one-ca.crt" -verify_return_error >"$scratch/output" 2>&1
check_count "a client that does not know our authority says so" 1 sallyport_alerts_received_total alert=unknown_ca
check_count "... and that is all that was said" 1 sallyport_alerts_received_total
check_count "and there are no other failures" 6 sallyport_handshake_failures_total listener=web
python3 -c "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2]))).close()" "$HOST" $PORT
check_count "a connection without a byte is silent and no failure" 1 sallyport_connections_silent_total listener=web
check_count "all that came in were accepted" 17 sallyport_connections_accepted_total listener=web

# ---- client certificates, and a backend that is down
served 8444 -tls1_3 -cert "$scratch/alice.crt" -key "$scratch/alice.key" -alpn x-unknown,http/1.1
s_client 8444 -tls1_3
check_count "a good client certificate is counted" 1 sallyport_client_certificates_total
check_count "the protocol that it agreed on, too" 1 sallyport_negotiated_total listener=clients kind=alpn name=http/1.1
check_count "a missing one is a failure for it" 1 $(failures clients client_finished client_certificate_missing)
check_count "and a client refused" 1 sallyport_clients_refused_total
s_client 8445 -tls1_3
check_count "it is not up" 0 sallyport_backend_up backend=nobody
check "... which is said" grep -q 'sallyport_backend_up{backend="nobody",server=".*"} 0' "$scratch/metrics"
check_count "a server that is down refused" 1 sallyport_backend_connects_total backend=nobody result=refused
check_count "which is the end of a good handshake" 1 sallyport_connections_ended_total listener=down reason=backend_refused

# ---- what the page says of the whole
check_count "it is ready" 1 sallyport_ready
check_count "two processes serve" 2 sallyport_processes role=worker
check_count "one has the keys" 1 sallyport_processes role=keyholder
check_count "one shows all of it" 1 sallyport_processes role=admin
expiry=$(date -d "$(openssl x509 -in "$CERTS/p256.crt" -noout -enddate | cut -d= -f2)" +%s)
serial=$(openssl x509 -in "$CERTS/p256.crt" -noout -serial | cut -d= -f2 | tr A-F a-f)
check_count "a certificate's expiry is there, under the serial that openssl reads" "$expiry" \
    sallyport_certificate_not_after_timestamp_seconds listener=web "certificate=$CERTS/p256.crt" "serial=$(printf %s "$serial")"
at() { date -d "$1" +%s; }
check_count "a CRL's end is there" "$(at "$(openssl crl -in "$scratch/one.crl" -noout -nextupdate | cut -d= -f2)")" \
    sallyport_crl_not_after_timestamp_seconds listener=clients
check_count "an OCSP response's, too" \
    "$(at "$(openssl ocsp -respin "$scratch/staple.der" -noverify -text | sed -n 's/ *Next Update: //p')")" \
    sallyport_ocsp_staple_not_after_timestamp_seconds listener=down
check_format "after all of it"

# ---- what processes take
# seconds ROLE: of time, on a fresh page
seconds() {
    scrape "$scratch/metrics" && sed -n "s/^process_cpu_seconds_total{role=\"$1\"} //p" "$scratch/metrics"
}
has_taken() { awk -v now="$(seconds "$1")" -v then="$2" 'BEGIN { exit !(now > then) }'; }
for role in master worker keyholder admin; do
    check_within "the time that the $role takes is known" 5 has_taken $role 0
    check "... and its memory" grep -qE "^process_resident_memory_bytes\{role=\"$role\"\} [1-9][0-9]{6,8}$" "$scratch/metrics"
done
age=$(value sallyport_ticket_key_age_seconds)
[ "$age" -ge 0 ] && [ "$age" -lt 600 ] && ok "the ticket key is young" || not_ok "the ticket key is $age s old"
before=$(seconds worker)

# ---- one open connection
exec 3<>"/dev/tcp/$HOST/$PORT"
check_count "a client that waits is seen handshaking" 1 sallyport_connections listener=web state=handshaking
exec 3>&-
check_count "... and is gone with it" 0 sallyport_connections listener=web

# ---- processes come and go, totals stay
exec 3<>"/dev/tcp/$HOST/$PORT"
check_count "a client is there" 1 sallyport_connections listener=web state=handshaking
for pid in $(worker_pids); do kill -KILL "$pid"; done
check_count "workers that were killed are counted" 2 sallyport_processes_crashed_total role=worker
check_count "... and so are those in their place" 4 sallyport_processes_started_total role=worker
check_count "their client is gone with them" 0 sallyport_connections listener=web
exec 3>&-
check_within "what they took is not lost" 5 has_taken worker "$before"
check_count "what it had counted is not lost" 3 $(handshakes TLSv1.3 false)
kill -USR2 "$daemon_pid"
reloaded() { [ "$(count_logged 'msg="reloaded: ')" -ge 1 ]; }
check_within "the binary is executed anew" 15 reloaded
check_count "... and counts on" 4 $(handshakes TLSv1.2 false)
check_count "... from the processes of before, too" 2 sallyport_processes role=worker
# may_write PID: how many mappings of counters it may write, and how many it may only read
may_write() { awk '/sallyport-counters/ { n[substr($2, 1, 2)]++ } END { print n["rw"] + 0, n["r-"] + 0 }' "/proc/$1/maps"; }
if can_look_inside; then
    for pid in $(worker_pids); do
        check_equal "a worker reaches its own counters and no others" "1 0" "$(may_write "$pid")"
    done
    admin_pid=$(of_role admin | tail -n 1)
    check_equal "the admin process has those of all four that ever were, to read" "0 4" "$(may_write "$admin_pid")"
    check_equal "... by descriptors that cannot write" "" \
        "$(find "/proc/$admin_pid/fd" -lname '*sallyport-counters*' -perm /u+w)"
fi
served $PORT -tls1_2
check_count "... and one more" 5 $(handshakes TLSv1.2 false)
check_count "its configuration is the second one" 1 sallyport_config_reloads_total result=applied
daemon_stop
check_logged "the log's last count is of all of them" event=counters process=master "handshakes=1[2-9]"
finish
