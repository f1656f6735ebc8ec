#!/bin/bash
# make.sh: makes the certificates and CRLs of this folder anew, with openssl. All are valid from 2025 to 2095 but where
# the name says otherwise, so that tests bring their own clock.
set -euo pipefail
cd "$(dirname "$0")"
rm -f ./*.pem ./*.key ./*.crt ./*.crl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
from=20250101000000Z
until=20950101000000Z

key() { # key NAME KIND
    case $2 in
    rsa*) openssl genpkey -quiet -algorithm RSA -pkeyopt "rsa_keygen_bits:${2#rsa}" -out "$1.key" ;;
    *) openssl genpkey -quiet -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "$1.key" ;;
    esac 2>/dev/null
}

# issue NAME SUBJECT ISSUER EXTENSIONS [openssl ca options]: ISSUER "self" signs itself
issue() {
    local name=$1 subject=$2 issuer=$3 extensions=$4
    shift 4
    printf '%b\n' "$extensions" >"$work/ext"
    openssl req -new -utf8 -key "$name.key" -subj "$subject" -out "$work/csr"
    : >"$work/index"
    openssl rand -hex 8 >"$work/serial"
    cat >"$work/conf" <<CONF
[ca]
default_ca = it
[it]
database = $work/index
serial = $work/serial
new_certs_dir = $work
default_md = sha256
policy = any
email_in_dn = yes
preserve = yes
[any]
commonName = optional
organizationName = optional
countryName = optional
CONF
    local sign=(-cert "$issuer.crt" -keyfile "$issuer.key")
    [ "$issuer" != self ] || sign=(-selfsign -keyfile "$name.key")
    openssl ca -batch -notext -utf8 -config "$work/conf" -in "$work/csr" -out "$name.crt" -extfile "$work/ext" \
        -startdate $from -enddate $until "${sign[@]}" "$@" 2>/dev/null
}

ca='basicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign, cRLSign\nsubjectKeyIdentifier = hash'
client='basicConstraints = CA:FALSE\nkeyUsage = critical, digitalSignature\nextendedKeyUsage = clientAuth\nsubjectAltName = DNS:alice.example, email:alice@example.org, URI:spiffe://example/alice, IP:192.0.2.1, IP:2001:db8::1'

for name in root other-root; do
    key $name P-256
    issue $name "/O=Example/CN=$name" self "$ca"
done
key intermediate P-384
issue intermediate /O=Example/CN=intermediate root "$ca"
for kind in P-256 P-384 P-521 rsa2048 rsa4096; do
    key "client-$kind" "$kind"
    issue "client-$kind" /O=Example/CN=alice root "$client"
done
key alice P-256
issue alice /O=Example/CN=alice intermediate "$client"
key nobody P-256
issue nobody /O=Example/CN=nobody other-root "$client"
key plain P-256 # without any extension that says what it is for
issue plain /CN=plain root "basicConstraints = CA:FALSE"
key odd P-256 # reliability X09
issue odd "$(printf '/O=a,b/CN=ev\nil\xc3\xa9')" root "$client"

# times
key expired P-256
issue expired /CN=expired root "$client" -startdate 20200101000000Z -enddate 20210101000000Z
key future P-256
issue future /CN=future root "$client" -startdate 20900101000000Z
key expired-intermediate P-256
issue expired-intermediate /CN=expired-intermediate root "$ca" -enddate 20260101000000Z
key under-expired P-256
issue under-expired /CN=under-expired expired-intermediate "$client"

# what makes a certificate unfit
key server-only P-256
issue server-only /CN=server-only root 'keyUsage = digitalSignature\nextendedKeyUsage = serverAuth'
key email-only P-256
issue email-only /CN=email-only root 'extendedKeyUsage = emailProtection'
key any-usage P-256
issue any-usage /CN=any-usage root 'extendedKeyUsage = anyExtendedKeyUsage'
key no-signature P-256
issue no-signature /CN=no-signature root 'keyUsage = keyAgreement\nextendedKeyUsage = clientAuth'
key leaf-ca P-256 # basicConstraints CA:FALSE, and still it signs
issue leaf-ca /CN=leaf-ca root "basicConstraints = critical, CA:FALSE\nkeyUsage = keyCertSign, digitalSignature"
key under-leaf-ca P-256
issue under-leaf-ca /CN=under-leaf-ca leaf-ca "$client"
key forged-ca P-256 # SEQUENCE { INTEGER 1 }, which mbedTLS 2.28.3 takes for a CA
issue forged-ca /CN=forged-ca root 'basicConstraints = DER:30:03:02:01:01'
key under-forged-ca P-256
issue under-forged-ca /CN=under-forged-ca forged-ca "$client"
key no-cert-sign P-256
issue no-cert-sign /CN=no-cert-sign root 'basicConstraints = critical, CA:TRUE\nkeyUsage = digitalSignature'
key under-no-cert-sign P-256
issue under-no-cert-sign /CN=under-no-cert-sign no-cert-sign "$client"
key pathlen P-256
issue pathlen /CN=pathlen root 'basicConstraints = critical, CA:TRUE, pathlen:0\nkeyUsage = keyCertSign'
key below-pathlen P-256
issue below-pathlen /CN=below-pathlen pathlen "$ca"
key under-pathlen P-256
issue under-pathlen /CN=under-pathlen below-pathlen "$client"
key just-pathlen P-256
issue just-pathlen /CN=just-pathlen pathlen "$client"
key constrained P-256
issue constrained /CN=constrained root "$ca\nnameConstraints = permitted;DNS:example"
key under-constrained P-256
issue under-constrained /CN=under-constrained constrained "$client"
key constrained-critical P-256
issue constrained-critical /CN=constrained-critical root "$ca\nnameConstraints = critical, permitted;DNS:example"
key under-constrained-critical P-256
issue under-constrained-critical /CN=under-constrained-critical constrained-critical "$client"

# strength
key sha1-intermediate P-256
issue sha1-intermediate /CN=sha1-intermediate root "$ca" -md sha1
key under-sha1 P-256
issue under-sha1 /CN=under-sha1 sha1-intermediate "$client"
key weak-intermediate rsa1024
issue weak-intermediate /CN=weak-intermediate root "$ca"
key under-weak P-256
issue under-weak /CN=under-weak weak-intermediate "$client"
key big rsa8192
issue big /CN=big root "$client"
key p224 P-224
issue p224 /CN=p224 root "$client"

# a long chain: root <- deep1 <- ... <- deep7
before=root
for n in 1 2 3 4 5 6 7; do
    key "deep$n" P-256
    issue "deep$n" "/CN=deep$n" $before "$([ $n -lt 7 ] && echo "$ca" || echo "$client")"
    before=deep$n
done

# CRLs: crl NAME ISSUER LAST NEXT [REVOKED...]
crl() {
    local name=$1 issuer=$2 last=$3 next=$4
    shift 4
    : >"$work/index"
    echo 01 >"$work/number"
    printf '[ca]\ndefault_ca = it\n[it]\ndatabase = %s/index\ncrlnumber = %s/number\ndefault_md = %s\n' \
        "$work" "$work" "${digest:-sha256}" >"$work/conf"
    for revoked in "$@"; do
        printf 'R\t950101000000Z\t250201000000Z\t%s\tunknown\t/CN=x\n' \
            "$(openssl x509 -in "$revoked.crt" -noout -serial | cut -d= -f2)" >>"$work/index"
    done
    openssl ca -gencrl -config "$work/conf" -cert "$issuer.crt" -keyfile "$issuer.key" -out "$name.crl" \
        -crl_lastupdate "$last" -crl_nextupdate "$next" 2>/dev/null
}
crl root root $from $until
crl root-revokes root $from $until client-P-256 intermediate
crl root-stale root $from 20260101000000Z
crl root-future root 20900101000000Z $until
crl intermediate intermediate $from $until
crl intermediate-revokes intermediate $from $until alice
crl other-root other-root $from $until

# a CA that changed its key: two roots of one name, and a leaf and a CRL of each
for age in old new; do
    key "rekeyed-$age" P-256
    issue "rekeyed-$age" /O=Example/CN=rekeyed self "$ca"
    key "under-rekeyed-$age" P-256
    issue "under-rekeyed-$age" "/CN=under-rekeyed-$age" "rekeyed-$age" "$client"
    crl "rekeyed-$age" "rekeyed-$age" $from $until
    crl "rekeyed-$age-revokes" "rekeyed-$age" $from $until "under-rekeyed-$age"
done
crl rekeyed-new-revokes-old rekeyed-new $from $until under-rekeyed-old # what it issued with the key before
digest=sha1 crl rekeyed-old-sha1 rekeyed-old $from $until
# what an issuer is for
key usage-root P-256
issue usage-root /O=Example/CN=usage-root self "$ca"
usages() { # usages NAME EXTENSIONS: an intermediate of usage-root and a client of it
    key "$1" P-256
    issue "$1" "/CN=$1" usage-root "$2"
    key "under-$1" P-256
    issue "under-$1" "/CN=under-$1" "$1" "$client"
}
usages servers-ca "$ca\nextendedKeyUsage = serverAuth"
usages clients-ca "$ca\nextendedKeyUsage = serverAuth, clientAuth"
usages any-ca "$ca\nextendedKeyUsage = anyExtendedKeyUsage"
usages silent-ca 'basicConstraints = critical, CA:TRUE' # no keyUsage at all
key impostor P-256
issue impostor /O=Example/CN=usage-root self "$ca" # of the name of another

key no-crl-sign P-256
issue no-crl-sign /O=Example/CN=no-crl-sign self 'basicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign'
key under-no-crl-sign P-256
issue under-no-crl-sign /CN=under-no-crl-sign no-crl-sign "$client"
crl no-crl-sign no-crl-sign $from $until

# the keys of the leaves are wanted by tests of the handshake; those of CAs by nobody
for name in ./*.key; do
    case $name in ./alice.key | ./client-*.key | ./nobody.key) ;; *) rm "$name" ;; esac
done
