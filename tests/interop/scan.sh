#!/bin/bash
# scan.sh: testssl.sh and sslscan against the profiles, for `./dev scan`. Written like an end-to-end test.
#
# Whatever testssl.sh finds in its protocol, cipher, preference and vulnerability sections must be "ok" or mere
# information, but for the server's cipher order, which the profile leaves to the client. Trust, CAA, OCSP and HTTP are
# not asked about. sslscan's list of suites must be the committed one, byte for byte.
. "$(dirname "$0")/../e2e/lib.sh"
need testssl sslscan python3
nginx_start
echo '<html>sallyport</html>' >"$scratch/www/index.html"
export NO_COLOR=yes

# listen NAME PORT CERTIFICATE OPTIONS...
listen() {
    printf '[listen %s]\naddress = %s\nbackend = app\n' "$1" "$HOST:$2"
    printf "certificate = $CERTS/%s.crt\nkey = $CERTS/%s.key\n" $3
    shift 3
    printf '%s\n' "$@" ""
}
daemon_start <<CONF
[backend app]
server = $HOST:8080

$(listen both 8443 "p256 p256 rsa2048 rsa2048" "profile = intermediate")

$(listen p256 8444 "p256 p256" "profile = intermediate")

$(listen rsa 8445 "rsa2048 rsa2048" "profile = intermediate")

$(listen modern 8446 "p256 p256" "profile = modern")

$(listen classic 8447 "rsa2048 rsa2048" "rsa-key-exchange = yes")
CONF

# testssl_finds NAME PORT WANTED-IDS SECTIONS...: runs it; its findings are judged by their severity
testssl_finds() {
    local name=$1 port=$2 wanted=$3
    shift 3
    timeout 600 testssl --warnings off --color 0 --quiet -n none --jsonfile "$scratch/$name.json" "$@" \
        "https://$HOST:$port/" >"$scratch/testssl-$name.log" 2>&1
    python3 - "$scratch/$name.json" "$wanted" <<'PYTHON' && return
import json
import sys

with open(sys.argv[1]) as file:
    findings = json.load(file)
# engine_problem speaks of the openssl that testssl.sh itself runs with
excused = ("cipher_order", "engine_problem")
bad = [f for f in findings if f["severity"] not in ("OK", "INFO", "DEBUG") and f["id"] not in excused]
missing = [i for i in sys.argv[2].split() if not any(f["id"] == i and f["severity"] == "OK" for f in findings)]
for finding in bad:
    print(finding["severity"], finding["id"], finding["finding"])
for name in missing:
    print("not found ok:", name)
print(len(findings), "findings")
sys.exit(bool(bad or missing))
PYTHON
    cat "$scratch/testssl-$name.log"
    return 1
}

# sslscan_lists PORT FILE: versions and suites that are accepted, in the order of sslscan's own wishes
sslscan_lists() {
    sslscan --no-colour --ipv4 --sni-name=app.example "$HOST:$1" >"$scratch/sslscan-$1.log" 2>&1
    awk '/^(Preferred|Accepted) / { print $2, $5 }' "$scratch/sslscan-$1.log" >"$scratch/suites"
    diff "$srcdir/tests/data/scan/$2" "$scratch/suites"
}

# The vulnerabilities whose verdict must be there, or a scan that broke off would pass.
VULNERABILITIES="heartbleed CCS ticketbleed ROBOT secure_renego secure_client_renego CRIME_TLS POODLE_SSL fallback_SCSV
    SWEET32 FREAK DROWN LOGJAM BEAST LUCKY13 RC4"
SOUND="SSLv2 SSLv3 TLS1_3 cipherlist_NULL cipherlist_aNULL cipherlist_EXPORT cipherlist_LOW cipherlist_STRONG PFS
    $VULNERABILITIES"
SECTIONS=(-p -s -f -P -U)

check "sslscan: the suites of the intermediate profile are the committed list" sslscan_lists 8443 intermediate.txt
check "sslscan: the suites of the modern profile are the committed list" sslscan_lists 8446 modern.txt
check "sslscan: with the classic RSA key exchange the suites are the committed list" sslscan_lists 8447 classic.txt
check "testssl.sh: nothing below ok with both certificates" testssl_finds both 8443 "TLS1_2 $SOUND" "${SECTIONS[@]}"
check "testssl.sh: nothing below ok with the P-256 certificate" testssl_finds p256 8444 "TLS1_2 $SOUND" "${SECTIONS[@]}"
check "testssl.sh: nothing below ok with the RSA certificate" testssl_finds rsa 8445 "TLS1_2 $SOUND" "${SECTIONS[@]}"
check "testssl.sh: ROBOT finds nothing with the classic RSA key exchange on" testssl_finds robot 8447 ROBOT --robot

# That the judge would see something: a server with suites of CBC.
start weak openssl s_server -quiet -www -accept "$HOST:8448" -cert "$CERTS/rsa2048.crt" -key "$CERTS/rsa2048.key" -tls1_2 \
    -cipher ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256@SECLEVEL=0
wait_for 10 is_listening "$HOST" 8448
testssl_finds weak 8448 cipherlist_STRONG -s >"$scratch/weak.log" && not_ok "testssl.sh: a weak server is seen"
check "testssl.sh: a weak server is seen" grep -E '(LOW|MEDIUM|HIGH) cipherlist_AVERAGE' "$scratch/weak.log"
finish
