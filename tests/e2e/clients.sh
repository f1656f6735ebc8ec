# clients.sh: real clients and their certificates, for the tests of the whole handshake. Sourced after lib.sh.
#
# A client sends ORDER to the backend of backend.py and is done when the answer and the end have come; what it said is in
# $scratch/output. The answer may stand anywhere in a line: s_client prints tickets while data comes.
ANSWER=hello-from-behind
ORDER="tell $ANSWER"

# s_client PORT OPTIONS...: openssl's, with the test root as its only authority
s_client() {
    local port=$1
    shift
    printf '%s\n' "$ORDER" | timeout 30 openssl s_client -connect "$HOST:$port" -servername "${NAME:-app.example}" \
        -CAfile "$ROOT_CRT" -verify_return_error -verify_hostname "${NAME:-app.example}" -ign_eof "$@" \
        >"$scratch/output" 2>&1
}

# said PATTERN...: each of the patterns is in what the client said
said() {
    local pattern
    for pattern in "$@"; do
        grep -aqE -- "$pattern" "$scratch/output" || {
            echo "not there: $pattern"
            grep -avE '^ +[0-9a-f]{4} - |^[[:space:]]*$' "$scratch/output"
            return 1
        }
    done
}

# served PORT OPTIONS...: s_client gets the backend's answer
served() { s_client "$@" && said $ANSWER; }

# refused ALERT PORT OPTIONS...: s_client gets this alert (a pattern) and nothing else
refused() {
    local alert=$1
    shift
    s_client "$@"
    said "alert $alert" && ! grep -aq $ANSWER "$scratch/output"
}

# served_resumed, served_full PORT OPTIONS...: the same, and by s_client's word the session was resumed, or not
served_resumed() { served "$@" && said '^Reused, '; }
served_full() { served "$@" && said '^New, '; }

# begin_log: what log_since sees begins here. log_since PATTERN...: one line since then matches all the patterns.
begin_log() { log_begin_at=$(($(wc -c <"$log") + 1)); }
log_since() {
    local lines pattern
    lines=$(tail -c "+$log_begin_at" "$log")
    for pattern in "$@"; do
        lines=$(printf '%s\n' "$lines" | grep -aE -- "$pattern") || return 1
    done
}
check_log_since() {
    local sentence=$1
    shift
    check_within "$sentence" 5 log_since "$@"
}

# ---- certificates of clients, made for the test, in $scratch

# client_authority NAME: NAME-ca.crt and NAME-ca.key
client_authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$scratch/$1-ca.key" \
        -out "$scratch/$1-ca.crt" -days 30 -subj "/O=Sallyport Test/CN=$1 authority" \
        -addext keyUsage=critical,keyCertSign,cRLSign 2>"$scratch/openssl.log" || exit 99
}

# client_certificate NAME AUTHORITY [DAYS [USAGE]]: NAME.crt and NAME.key, the subject /CN=NAME
client_certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$scratch/$1.key" -out "$scratch/$1.csr" \
        -subj "/CN=$1" 2>"$scratch/openssl.log" || exit 99
    printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=%s\n%s\n' \
        "${4:-clientAuth}" "subjectAltName=DNS:$1.clients.example,email:$1@clients.example" >"$scratch/$1.ext"
    openssl x509 -req -in "$scratch/$1.csr" -CA "$scratch/$2-ca.crt" -CAkey "$scratch/$2-ca.key" -CAcreateserial \
        -days "${3:-20}" -extfile "$scratch/$1.ext" -out "$scratch/$1.crt" 2>"$scratch/openssl.log" || exit 99
}

# shows NAME: the options of s_client that show it
shows() { printf '%s\n' -cert "$scratch/$1.crt" -key "$scratch/$1.key"; }

# client_crl AUTHORITY [NAME...]: AUTHORITY.crl, which revokes the certificates NAME
client_crl() {
    local authority=$1 name
    shift
    mkdir -p "$scratch/crl"
    : >"$scratch/crl/index"
    printf '[ca]\ndefault_ca=here\n[here]\ndatabase=%s\ndefault_md=sha256\ndefault_crl_days=10\n' \
        "$scratch/crl/index" >"$scratch/crl/conf"
    local ca=(openssl ca -config "$scratch/crl/conf" -cert "$scratch/$authority-ca.crt" -keyfile "$scratch/$authority-ca.key")
    for name in "$@"; do
        "${ca[@]}" -revoke "$scratch/$name.crt" 2>"$scratch/openssl.log" || exit 99
    done
    "${ca[@]}" -gencrl -out "$scratch/$authority.crl" 2>"$scratch/openssl.log" || exit 99
}
