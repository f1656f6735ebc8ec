#!/bin/sh
# Makes every key and certificate of this directory anew, with the openssl command of Debian 12 (3.0) or later.
# The files are committed; this is run by hand, when one is to be added: it replaces all keys. See README.md.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

FROM=20240101000000Z
UNTIL=20460101000000Z

rsa() { # FILE BITS: PKCS#8
    openssl genpkey -quiet -algorithm RSA -pkeyopt "rsa_keygen_bits:$2" -out "$1"
}
ec() { # FILE CURVE: PKCS#8
    openssl genpkey -quiet -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "$1"
}

# issue CERTIFICATE KEY ISSUER(-: self) SUBJECT EXTENSIONS [FROM UNTIL DIGEST]
issue() {
    printf '%s\n' "$5" >"$work/ext"
    : >"$work/index"
    rm -f "$work/index.attr"
    cat >"$work/ca.conf" <<CONF
[ca]
default_ca = here
[here]
database = $work/index
rand_serial = yes
unique_subject = no
policy = any
string_mask = utf8only
[any]
commonName = optional
organizationName = optional
CONF
    printf '[req]\ndistinguished_name=dn\nprompt=no\nutf8=yes\nstring_mask=utf8only\n[dn]\n' >"$work/req.conf"
    openssl req -new -utf8 -config "$work/req.conf" -key "$2" -subj "$4" -out "$work/csr" 2>"$work/log"
    if [ "$3" = - ]; then
        signer="-selfsign -keyfile $2"
    else
        signer="-cert $3.crt -keyfile $3.key"
    fi
    # shellcheck disable=SC2086
    openssl ca -batch -utf8 -config "$work/ca.conf" $signer -in "$work/csr" -out "$1" -notext -md "${8-sha256}" \
        -startdate "${6-$FROM}" -enddate "${7-$UNTIL}" -extfile "$work/ext" -outdir "$work" 2>"$work/log" ||
        { cat "$work/log" >&2; exit 1; }
}

CA='basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash'
# leaf NAMES: the extensions of a server's certificate
leaf() {
    printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=%s\n' "$1"
}

# ---- the authorities: a root, an intermediate below it, and the same intermediate name with another key
ec root.key P-256
issue root.crt root.key - "/O=Sallyport Test/CN=Sallyport Test Root" "$CA"
ec intermediate.key P-256
issue intermediate.crt intermediate.key root "/O=Sallyport Test/CN=Sallyport Test Intermediate" "$CA"
ec "$work/impostor.key" P-256
issue intermediate-other-key.crt "$work/impostor.key" root "/O=Sallyport Test/CN=Sallyport Test Intermediate" "$CA"
ec "$work/stranger.key" P-256
issue stranger.crt "$work/stranger.key" root "/O=Sallyport Test/CN=Sallyport Test Stranger" "$CA"

# ---- what a server serves: leaf and intermediate in one file; the names by kind of key
serve() { # NAME EXTENSIONS SUBJECT
    issue "$work/leaf.crt" "$1.key" intermediate "$3" "$2"
    cat "$work/leaf.crt" intermediate.crt >"$1.crt"
}
rsa rsa2048.key 2048
serve rsa2048 "$(leaf DNS:app.example)" /CN=app.example
# The same key in a certificate that may encipher keys, too, as those that authorities sell do.
issue "$work/leaf.crt" rsa2048.key intermediate /CN=app.example \
    "$(leaf DNS:app.example | sed s/digitalSignature/digitalSignature,keyEncipherment/)"
cat "$work/leaf.crt" intermediate.crt >rsa2048-encipher.crt
rsa rsa3072.key 3072
serve rsa3072 "$(leaf DNS:app.example)" /CN=app.example
ec p256.key P-256
serve p256 "$(leaf DNS:app.example)" /CN=app.example
ec p384.key P-384
serve p384 "$(leaf DNS:app.example)" /CN=app.example
ec wildcard.key P-256
serve wildcard "$(leaf 'DNS:*.wild.example,DNS:wild.example')" '/CN=*.wild.example'
ec exact.key P-256
serve exact "$(leaf DNS:exact.wild.example)" /CN=exact.wild.example
ec other.key P-256
serve other "$(leaf DNS:other.example)" /CN=other.example
ec names.key P-256
serve names "$(leaf 'DNS:App.Example,DNS:*.Wild.Example,IP:192.0.2.1,DNS:other.example.,email:post@app.example,DNS:two..dots,DNS:w*.example')" /CN=ignored.example

# ---- the same keys in other forms
openssl rsa -in rsa2048.key -traditional -out rsa2048-pkcs1.key 2>"$work/log"
openssl ec -in p256.key -out p256-sec1.key 2>"$work/log"
{ openssl ecparam -name secp384r1; openssl ec -in p384.key 2>"$work/log"; } >p384-sec1-with-parameters.key
openssl ec -in p256.key -no_public -out p256-sec1-no-public.key 2>"$work/log"
openssl ec -in p256.key -param_enc explicit -out p256-explicit-curve.key 2>"$work/log"
openssl pkey -in p256.key -aes256 -passout pass:secret -out p256-encrypted.key
openssl rsa -in rsa2048.key -traditional -aes128 -passout pass:secret -out rsa2048-encrypted-pkcs1.key 2>"$work/log"
openssl pkey -in p256.key -outform DER -out p256-der.key
cat p256.crt p256.key >p256-together.pem
cat p256.key p384.key >two-keys.key

# ---- chains with something to tell
sed -n '/BEGIN/,/END/p;/END/q' p256.crt >leaf-only.crt
cat leaf-only.crt intermediate.crt root.crt >with-root.crt
cat leaf-only.crt root.crt intermediate.crt >wrong-order.crt
cat intermediate.crt leaf-only.crt >leaf-last.crt
cat leaf-only.crt stranger.crt >does-not-belong.crt
cat leaf-only.crt intermediate-other-key.crt >wrong-issuer-key.crt
issue "$work/leaf.crt" p256.key intermediate /CN=app.example "$(leaf DNS:app.example)" 20200101000000Z 20210101000000Z
cat "$work/leaf.crt" intermediate.crt >expired.crt
issue "$work/leaf.crt" p256.key intermediate /CN=app.example "$(leaf DNS:app.example)" 20450101000000Z 20460101000000Z
cat "$work/leaf.crt" intermediate.crt >not-yet.crt
issue "$work/leaf.crt" p256.key intermediate /CN=app.example "basicConstraints=CA:FALSE"
cat "$work/leaf.crt" intermediate.crt >cn-only.crt
issue "$work/leaf.crt" p256.key intermediate /CN=app.example "$(leaf DNS:app.example | sed s/serverAuth/clientAuth/)"
cat "$work/leaf.crt" intermediate.crt >client-auth.crt
issue "$work/leaf.crt" p256.key intermediate /CN=app.example "$(leaf DNS:app.example | sed s/digitalSignature/keyAgreement/)"
cat "$work/leaf.crt" intermediate.crt >no-signature-usage.crt
issue "$work/leaf.crt" p256.key intermediate /CN=app.example "$(leaf DNS:app.example)" $FROM $UNTIL sha1
cat "$work/leaf.crt" intermediate.crt >sha1.crt
issue no-ca.crt other.key root "/O=Sallyport Test/CN=Sallyport Test No CA" "$(leaf DNS:no-ca.example)"
cp other.key no-ca.key
issue "$work/leaf.crt" p256.key no-ca /CN=app.example "$(leaf DNS:app.example)"
cat "$work/leaf.crt" no-ca.crt >issuer-no-ca.crt
rm no-ca.crt no-ca.key
issue self-signed.crt p256.key - /CN=app.example "$(leaf DNS:app.example)"
issue self-signed-sha1.crt p256.key - /CN=app.example "$(leaf DNS:app.example)" $FROM $UNTIL sha1
# As long as profiles recommend, and a second longer; by a key of RSA.
days() { # NAME UNTIL
    issue "$work/leaf.crt" p256.key intermediate /CN=app.example "$(leaf DNS:app.example)" $FROM "$2"
    cat "$work/leaf.crt" intermediate.crt >"$1.crt"
}
days days-90 20240331000000Z
days days-91 20240331000001Z
days days-366 20250101000000Z
days days-367 20250101000001Z
issue rsa-signed.crt rsa2048.key - /CN=app.example "$(leaf DNS:app.example)" $FROM 20240331000000Z
issue rsa-signed-sha384.crt rsa2048.key - /CN=app.example "$(leaf DNS:app.example)" $FROM 20240331000000Z sha384
issue "$work/leaf.crt" p256.key intermediate "/O=Évil, Inc.\"\\\\=x/CN=a
b" "$(leaf DNS:app.example)"
cat "$work/leaf.crt" intermediate.crt >odd-subject.crt
issue ec-named-constraints.crt intermediate.key root "/O=Sallyport Test/CN=Sallyport Test Intermediate" "$CA
nameConstraints=critical,permitted;DNS:example"
cat leaf-only.crt ec-named-constraints.crt >constrained-intermediate.crt
rm ec-named-constraints.crt

# ---- what we do not serve: RSA under 2048 bits, P-521, Ed25519, RSASSA-PSS keys, DSA
rsa rsa1024.key 1024
issue rsa1024.crt rsa1024.key - /CN=app.example "$(leaf DNS:app.example)"
ec p521.key P-521
issue p521.crt p521.key - /CN=app.example "$(leaf DNS:app.example)"
ec secp256k1.key secp256k1
openssl genpkey -quiet -algorithm ED25519 -out ed25519.key
issue ed25519.crt ed25519.key - /CN=app.example "$(leaf DNS:app.example)" $FROM $UNTIL default
openssl genpkey -quiet -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out rsa-pss.key
# An intermediate of a kind that we do not serve, but pass on.
issue ed25519-ca.crt ed25519.key root "/O=Sallyport Test/CN=Sallyport Test Ed25519" "$CA"
cp ed25519.key ed25519-ca.key
issue "$work/leaf.crt" p256.key ed25519-ca /CN=app.example "$(leaf DNS:app.example)" $FROM $UNTIL default
cat "$work/leaf.crt" ed25519-ca.crt >ed25519-intermediate.crt
rm ed25519-ca.crt ed25519-ca.key

# ---- damage: a P-256 key with the public key of another one, an RSA key whose dP has one bit flipped
openssl ec -in p256.key -outform DER -out "$work/a.der" 2>"$work/log"
openssl ec -in other.key -outform DER -out "$work/b.der" 2>"$work/log"
{ head -c 53 "$work/a.der"; tail -c +54 "$work/b.der"; } >"$work/mixed.der"
{ echo "-----BEGIN EC PRIVATE KEY-----"; base64 -w 64 "$work/mixed.der"; echo "-----END EC PRIVATE KEY-----"; } >p256-mixed.key
openssl rsa -in rsa2048.key -traditional -outform DER -out "$work/rsa.der" 2>"$work/log"
offset=$(openssl asn1parse -inform DER -in "$work/rsa.der" | awk -F: 'NR==8 {print $1 + 40}')
byte=$(od -An -tu1 -j "$offset" -N 1 "$work/rsa.der" | tr -d ' ')
flipped=$(printf '%03o' $((byte ^ 1)))
{ head -c "$offset" "$work/rsa.der"; printf "\\$flipped"; tail -c +$((offset + 2)) "$work/rsa.der"; } >"$work/flipped.der"
{ echo "-----BEGIN RSA PRIVATE KEY-----"; base64 -w 64 "$work/flipped.der"; echo "-----END RSA PRIVATE KEY-----"; } >rsa2048-flipped-dp.key
