#!/bin/bash
# A ticket never carries more authority than a fresh handshake would get: a session of one listener is resumed there and
# nowhere else, under the name it was made for, under the client certificate policy it was made under.
. "$(dirname "$0")/lib.sh"
. "$here/clients.sh"
need openssl
backend_start
client_authority one
client_authority two
client_certificate alice one
client_certificate bob two
client_crl one

# listen NAME PORT OPTIONS...: the same certificates for all, so that only the policy differs
listen() {
    printf '[listen %s]\naddress = %s\ncertificate = %s\nkey = %s\ncertificate = %s\nkey = %s\nbackend = app\n' "$1" "$HOST:$2" \
        "$CERTS/p256.crt" "$CERTS/p256.key" "$CERTS/other.crt" "$CERTS/other.key"
    shift 2
    printf '%s\n' "$@" ""
}
configuration() {
    printf '[sallyport]\nticket-key = %s\n\n[backend app]\nserver = %s\n\n' "$scratch/tickets.key" "$HOST:8080"
    listen open 8443
    listen twin 8444
    listen one 8445 "client-certificate = required" "client-ca = $scratch/one-ca.crt"
    listen two 8446 "client-certificate = required" "client-ca = $scratch/two-ca.crt"
    listen optional 8447 "client-certificate = optional" "client-ca = $scratch/one-ca.crt"
}
head -c 48 /dev/urandom >"$scratch/tickets.key"
chmod 600 "$scratch/tickets.key"
configuration >"$scratch/first.conf"
daemon_start <"$scratch/first.conf"

declare -A port=([open]=8443 [twin]=8444 [one]=8445 [two]=8446 [optional]=8447)
# as LISTENER: the client certificate that is shown there
as() {
    case $1 in
    one | optional) shows alice ;;
    two) shows bob ;;
    esac
}

# session FROM VERSION: the file it is kept in
session() { printf '%s' "$scratch/$1-$2.pem"; }

# begins LISTENER VERSION: a full handshake, its session is kept
begins() {
    # shellcheck disable=SC2046 # options, none with a blank
    served_full "${port[$1]}" -tls"$2" $(as "$1") -sess_out "$(session "$1" "$2")"
}

# resumes, restarts FROM VERSION AT: the session of FROM is taken up again at AT, or a full handshake is made instead
resumes() {
    # shellcheck disable=SC2046
    served_resumed "${port[$3]}" -tls"$2" $(as "$3") -sess_in "$(session "$1" "$2")"
}
restarts() {
    # shellcheck disable=SC2046
    served_full "${port[$3]}" -tls"$2" $(as "$3") -sess_in "$(session "$1" "$2")"
}

# resumes_only_at_home FROM VERSION
resumes_only_at_home() {
    local at expected
    begins "$1" "$2" || return
    for at in "${!port[@]}"; do
        expected=restarts
        [ "$at" != "$1" ] || expected=resumes
        $expected "$1" "$2" "$at" && continue
        echo "a session of $1 at $at: not '$expected'"
        return 1
    done
}

for version in 1_2 1_3; do
    label="TLS ${version/_/.}"
    for from in open twin one two optional; do
        check "$label: a session of '$from' resumes there, and nowhere else" resumes_only_at_home $from $version
    done
    check "$label: a session without a client certificate opens no door that wants one" \
        refused '(handshake failure|certificate required)' 8445 -tls$version -sess_in "$(session open $version)"
    check "$label: where a certificate is optional, a session begins without one" \
        served_full 8447 -tls$version -sess_out "$scratch/nobody.pem"
    begin_log
    check "$label: ... resumes without one" served_resumed 8447 -tls$version -sess_in "$scratch/nobody.pem"
    check_log_since "$label: ... and nobody is in the log" event=connection resumed=true
    check "$label: ... by name" sh -c "! tail -c +$log_begin_at '$log' | grep client_subject"
    check "$label: ... and opens no door that wants one" \
        refused '(handshake failure|certificate required)' 8445 -tls$version -sess_in "$scratch/nobody.pem"
    begin_log
    check "$label: a resumed session has the identity of its first handshake, with no certificate shown again" \
        served_resumed 8445 -tls$version -sess_in "$(session one $version)"
    check_log_since "$label: ... and the log tells it" resumed=true 'client_subject=.*alice'
    NAME=other.example check "$label: a session made for one name is not resumed under another" \
        served_full 8443 -tls$version -sess_in "$(session open $version)"
done

# The policies change over a restart; the ticket key and the listeners' names stay. A CRL joins, a CA joins, a mode changes.
daemon_stop
sed -e "/^\[listen one\]/,/^\$/s|^client-ca = .*|&\nclient-crl = $scratch/one.crl|" \
    -e "/^\[listen two\]/,/^\$/s|^client-ca = .*|&\nclient-ca = $scratch/one-ca.crt|" \
    -e "/^\[listen optional\]/,/^\$/s|= optional|= required|" "$scratch/sallyport.conf" >"$scratch/changed.conf"
daemon_start <"$scratch/changed.conf"
for version in 1_2 1_3; do
    label="TLS ${version/_/.}"
    check "$label: a session outlives a restart where nothing changed" resumes open $version open
    check "$label: a CRL that joins ends the sessions made without it" restarts one $version one
    check "$label: a CA that joins ends the sessions made without it" restarts two $version two
    check "$label: a mode that changes ends the sessions made under the other" restarts optional $version optional
done
finish
