#!/bin/bash
# Files that change on disk are served by themselves: certbot's links, Kubernetes' links, staples, CRLs, directories of
# certificates. What does not fit together is refused, told once, and tried again until it fits; connections go on.
. "$(dirname "$0")/lib.sh"
. "$here/clients.sh"
need python3 openssl
swaps=30
[ "$LONG" = no ] || swaps=300
backend_start
conf=$scratch/sallyport.conf
client_authority one
client_certificate alice one
client_crl one

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$scratch/ca.key" -out "$scratch/ca.crt" \
    -subj "/CN=test CA" -days 30 2>/dev/null
# issue SERIAL NAME CERTIFICATE-FILE KEY-FILE: the key is made where there is none
issue() {
    [ -e "$4" ] || openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$4" 2>/dev/null
    chmod 600 "$4"
    openssl req -new -key "$4" -subj "/CN=$2" -addext "subjectAltName=DNS:$2" -out "$scratch/csr" 2>/dev/null
    openssl x509 -req -in "$scratch/csr" -CA "$scratch/ca.crt" -CAkey "$scratch/ca.key" -set_serial "$1" -days 30 \
        -copy_extensions copy -out "$3.new" 2>/dev/null && mv "$3.new" "$3"
}
# serial NAME [PORT]: of the certificate that a client is shown who asks for that name
serial() {
    openssl s_client -connect "$HOST:${2:-$PORT}" -servername "$1" </dev/null 2>/dev/null |
        openssl x509 -noout -serial | cut -d= -f2
}
is_served() { [ "$(serial "$2" "${3:-$PORT}")" = "$1" ]; }
reloads() { count_logged 'msg="reloaded: '; }
refusals() { count_logged 'msg="reload refused: '; }
relink() { ln -s "$2" "$1.new" && mv -T "$1.new" "$1"; }

# ---- certbot: links into an archive
mkdir -p "$scratch/archive/a" "$scratch/live/a"
certbot_makes() { issue "$2" a.example "$scratch/archive/a/fullchain$1.pem" "$scratch/archive/a/privkey$1.pem"; }
certbot_makes 1 0x1001
for file in fullchain privkey; do ln -s "../../archive/a/${file}1.pem" "$scratch/live/a/$file.pem"; done
# ---- Kubernetes: a volume whose ..data is exchanged
mkdir -p "$scratch/volume/..1"
issue 0x2001 k.example "$scratch/volume/..1/tls.crt" "$scratch/volume/..1/tls.key"
ln -s ..1 "$scratch/volume/..data"
for file in tls.crt tls.key; do ln -s "..data/$file" "$scratch/volume/$file"; done
# ---- a directory
mkdir "$scratch/certs"
issue 0x3001 one.example "$scratch/certs/one.crt" "$scratch/certs/one.key"

staple() {
    printf 'V\t460101000000Z\t\t%s\tunknown\t/CN=app.example\n' \
        "$(openssl x509 -in "$CERTS/p256.crt" -noout -serial | cut -d= -f2)" >"$scratch/index"
    openssl ocsp -index "$scratch/index" -CA "$CERTS/intermediate.crt" -rsigner "$CERTS/intermediate.crt" -rkey \
        "$CERTS/intermediate.key" -issuer "$CERTS/intermediate.crt" -cert "$CERTS/p256.crt" -ndays "$1" \
        -respout "$scratch/staple.new" >"$scratch/ocsp.log" 2>&1 && mv "$scratch/staple.new" "$scratch/staple.der"
}
staple 7

cat >"$conf" <<CONF
[sallyport]
workers = 2

[listen certbot]
address = $HOST:$PORT
certificate = $scratch/live/a/fullchain.pem
key = $scratch/live/a/privkey.pem
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
backend = app

[listen kubernetes]
address = $HOST:8444
certificate = $scratch/volume/tls.crt
key = $scratch/volume/tls.key
backend = app

[listen directory]
address = $HOST:8445
cert-dir = $scratch/certs
backend = app

[listen clients]
address = $HOST:8446
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
ocsp-staple = $scratch/staple.der
client-certificate = required
client-ca = $scratch/one-ca.crt
client-crl = $scratch/one.crl
backend = app

[backend app]
server = $HOST:8080
CONF
check_status "-t takes a directory of certificates" 0 "$SALLYPORT" -t -c "$conf"
check "... and says what it found there" grep -qF "[listen directory] serves '$scratch/certs/one.crt' as one.example" \
    "$scratch/output"
check "-T shows it" sh -c '"$1" -T -c "$2" | grep -q "^cert-dir = "' - "$SALLYPORT" "$conf"
daemon_begin
wait_for 20 daemon_is_up
check_logged "the certificates of a directory are counted" event=listening listener=directory certificates=1
workers_before=$(worker_pids)
mkfifo "$scratch/order"
python3 "$here/hold.py" "$HOST" "$PORT" <"$scratch/order" >"$scratch/hold.log" 2>&1 &
pids+=($!)
exec 5>"$scratch/order"
wait_for 20 grep -q echoed "$scratch/hold.log"

check_equal "certbot's first certificate is served" 1001 "$(serial a.example)"
odd() { count_logged 'warning: user: '; }
odd_before=$(odd)
certbot_makes 2 0x1002
for file in cert fullchain privkey; do
    [ ! -e "$scratch/live/a/$file.pem" ] || relink "$scratch/live/a/$file.pem" "../../archive/a/${file}2.pem"
    sleep 0.1
done
check_within "its renewal is served by itself" 10 is_served 1002 a.example
check_logged "... and told" "'$scratch/live/a/fullchain.pem' has changed: reloading"
check_equal "... by one reload" 1 "$(reloads)"
check_equal "... and what is odd about the configuration is not told anew" "$odd_before" "$(odd)"
echo again >&5
two_echoes() { [ "$(grep -c echoed "$scratch/hold.log")" -eq 2 ]; }
check_within "a connection from before goes on" 5 two_echoes
check_equal "the workers are the same processes" "$workers_before" "$(worker_pids)"

mkdir "$scratch/volume/..2"
issue 0x2002 k.example "$scratch/volume/..2/tls.crt" "$scratch/volume/..2/tls.key"
relink "$scratch/volume/..data" ..2
rm -r "$scratch/volume/..1"
check_within "what Kubernetes exchanges is served by itself" 10 is_served 2002 k.example 8444

before=$(reloads)
touch "$scratch/live/a/notes" "$scratch/certs/README"
echo "half a line" >>"$conf"
sleep 1.5
check_equal "a file that nobody named is nothing, nor is the configuration itself" "$before" "$(reloads)"

# ---- what does not fit yet; the configuration is half edited still, and not read
issue 0x1003 a.example "$scratch/archive/a/fullchain3.pem" "$scratch/archive/a/privkey3.pem"
relink "$scratch/live/a/fullchain.pem" ../../archive/a/fullchain3.pem
check_logged "a new certificate beside the old key is refused" 'msg="reload refused: the files do not fit together'
check_logged "... with what does not fit" "fullchain.pem': none of the configured keys belongs to it" process=loader
sleep 4
check_equal "... and the old one is served" 1002 "$(serial a.example)"
check_equal "... and it is told once, though it is tried again" 1 "$(refusals)"
relink "$scratch/live/a/privkey.pem" ../../archive/a/privkey3.pem
check_within "when the key comes the new one is served" 10 is_served 1003 a.example
sed -i '/half a line/d' "$conf"
: >"$scratch/volume/..2/tls.crt" # half written
check_logged "a file that is empty is refused" "tls.crt': the file is empty"
issue 0x2003 k.example "$scratch/volume/..2/tls.crt" "$scratch/volume/..2/tls.key"
check_within "... and served when it is whole" 10 is_served 2003 k.example 8444

# ---- staples and CRLs
end_of_staple() {
    openssl s_client -connect "$HOST:8446" -servername app.example -status </dev/null 2>/dev/null |
        sed -n 's/.*Next Update: //p'
}
old_end=$(end_of_staple)
staple 9
staple_is_fresh() { [ -n "$(end_of_staple)" ] && [ "$(end_of_staple)" != "$old_end" ]; }
check_within "a fresh OCSP response is served by itself" 10 staple_is_fresh
as_alice() {
    printf 'say hello\n' | timeout 5 openssl s_client -connect "$HOST:8446" -servername app.example -quiet \
        -cert "$scratch/alice.crt" -key "$scratch/alice.key" 2>/dev/null | grep -q hello
}
check "a client is let in" as_alice
client_crl one alice
alice_is_out() { ! as_alice; }
check_within "... and not any more when a new CRL revokes it" 10 alice_is_out

# ---- a directory
issue 0x3002 two.example "$scratch/certs/two.crt" "$scratch/certs/two.key"
check_within "a new file in a directory is served by itself" 10 is_served 3002 two.example 8445
check_equal "... beside the others" 3001 "$(serial one.example 8445)"
mkdir "$scratch/certs/three"
issue 0x3003 three.example "$scratch/certs/three/tls.crt" "$scratch/certs/three/tls.key"
check_within "... and one in a directory below" 10 is_served 3003 three.example 8445
cp "$CERTS/expired.crt" "$scratch/certs/0-expired.crt"
cp "$CERTS/p256.key" "$scratch/certs/0-expired.key"
expired=$(openssl x509 -in "$CERTS/expired.crt" -noout -serial | cut -d= -f2)
check_within "an expired certificate is served where there is no other" 10 is_served "$expired" app.example 8445
issue 0x3004 app.example "$scratch/certs/valid.crt" "$scratch/certs/valid.key"
check_within "... and loses to a valid one of the name" 10 is_served 3004 app.example 8445
cat >"$scratch/rewrite.sh" <<'SH'
while echo junk >"$1"; do sleep 5; done
SH
start rewrite bash "$scratch/rewrite.sh" "$scratch/certs/broken.crt"
rewrite=$started
ln -s nowhere "$scratch/certs/old.pem"
sleep 1
issue 0x3005 two.example "$scratch/certs/two.crt" "$scratch/certs/two.key"
check_within "a broken file does not hold up the others for long, though it is written again and again" 100 \
    is_served 3005 two.example 8445
check_logged "... and is told" "certs/broken.crt' is passed over" level=warning
stop "$rewrite"
rm "$scratch/certs/broken.crt"
sleep 2
issue 0x3006 two.example "$scratch/certs/two.crt" "$scratch/certs/two.key"
check_within "a link that has led nowhere for long holds up nobody" 15 is_served 3006 two.example 8445
rm "$scratch/certs/old.pem"

# ---- many, and nothing is left behind
descriptors_of_family() {
    local pid
    for pid in "$daemon_pid" $(worker_pids); do find "/proc/$pid/fd" -mindepth 1 -maxdepth 1; done 2>/dev/null | wc -l
}
can_look_inside && descriptors_then=$(descriptors_of_family)
for ((i = 1; i <= swaps; i++)); do
    mkdir "$scratch/volume/..s$i"
    issue $((0x4000 + i)) k.example "$scratch/volume/..s$i/tls.crt" "$scratch/volume/..s$i/tls.key"
    relink "$scratch/volume/..data" "..s$i"
    wait_for 10 is_served "$(printf %04X $((0x4000 + i)))" k.example 8444 || break
done
check_equal "$swaps renewals were each served" $((swaps + 1)) "$i"
if [ -n "${descriptors_then:-}" ]; then
    no_more() { [ "$(descriptors_of_family)" -le "$descriptors_then" ]; }
    check_within "... and no descriptor was left behind ($descriptors_then)" 10 no_more
fi

exec 5>&-
check_within "the connection from the very beginning ended in order" 10 grep -q finished "$scratch/hold.log"

# ---- accidents: a worker that ends while it builds, and nobody will send HUP again
before=$(reloads)
victim=$(worker_pid)
kill -STOP "$victim"
kill -HUP "$daemon_pid"
sleep 1
kill -KILL "$victim"
check_logged "a worker that ends while it builds does not veto" "it is tried again \(1 of 2\)"
reloaded_once_more() { [ "$(reloads)" -gt "$before" ]; }
check_within "... and the reload is done" 15 reloaded_once_more

# ---- after another binary
before=$(reloads)
kill -USR2 "$daemon_pid"
check_within "USR2 executes anew" 20 reloaded_once_more
certbot_makes 4 0x1004
relink "$scratch/live/a/fullchain.pem" ../../archive/a/fullchain4.pem
relink "$scratch/live/a/privkey.pem" ../../archive/a/privkey4.pem
check_within "... and files are watched as before" 10 is_served 1004 a.example

# ---- and not
sed -i 's/^workers = 2/&\nwatch-files = no/' "$conf"
before=$(reloads)
kill -HUP "$daemon_pid"
wait_for 10 reloaded_once_more
before=$(reloads)
certbot_makes 5 0x1005
relink "$scratch/live/a/fullchain.pem" ../../archive/a/fullchain5.pem
relink "$scratch/live/a/privkey.pem" ../../archive/a/privkey5.pem
sleep 2
check_equal "with watch-files = no nothing is read before HUP" 1004 "$(serial a.example)"
kill -HUP "$daemon_pid"
check_within "... which does" 10 is_served 1005 a.example
daemon_stop

# ---- a directory without anything to serve
mkdir "$scratch/empty"
sed -i "s|^cert-dir = .*|cert-dir = $scratch/empty|" "$conf"
check_status "-t refuses an empty directory" 78 "$SALLYPORT" -t -c "$conf"
check "... with its line" grep -q "sallyport.conf:[0-9]*: cert-dir '$scratch/empty': there is no certificate" "$scratch/output"
check_status "... and so does the daemon" 78 "$SALLYPORT" -c "$conf"
sed -i "s|^cert-dir = .*|cert-dir = $scratch/gone|" "$conf"
check_status "... and one that is not there" 78 "$SALLYPORT" -c "$conf"
check "... in words" grep -q "cert-dir '$scratch/gone': No such file or directory" "$scratch/output"
finish
