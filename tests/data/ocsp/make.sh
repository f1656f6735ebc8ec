#!/bin/sh
# Makes every OCSP response of this directory anew, with the openssl command of Debian 12 (3.0) or later, for the
# certificates beside it. The files are committed; this is run by hand. The signing keys are thrown away.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ec() {
    openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"
}
leaf() { # NAME SERIAL
    ec "$work/$1.key"
    openssl req -new -key "$work/$1.key" -subj "/CN=$1.example" -out "$work/csr"
    openssl x509 -req -in "$work/csr" -CA ca.crt -CAkey "$work/ca.key" -set_serial "$2" -days 7300 -out "$1.crt" 2>/dev/null
}
ec "$work/ca.key"
openssl req -new -x509 -key "$work/ca.key" -subj "/CN=responder test CA" -days 7300 -out ca.crt
leaf first 0x1001
leaf second 0xf002
cat first.crt ca.crt >first-chain.crt

index() { # STATUS OF FIRST: V, R or nothing
    : >"$work/index"
    case $1 in
    V) printf 'V\t460101000000Z\t\t1001\tunknown\t/CN=first.example\n' >>"$work/index" ;;
    R) printf 'R\t460101000000Z\t250101000000Z\t1001\tunknown\t/CN=first.example\n' >>"$work/index" ;;
    esac
    printf 'V\t460101000000Z\t\tF002\tunknown\t/CN=second.example\n' >>"$work/index"
}
respond() { # FILE DIGEST DAYS CERTIFICATE...
    file=$1 digest=$2 days=$3
    shift 3
    set -- $(for one in "$@"; do echo "-$digest -issuer ca.crt -cert $one"; done)
    openssl ocsp "$@" -no_nonce -reqout "$work/req" >/dev/null 2>&1
    openssl ocsp -index "$work/index" -CA ca.crt -rsigner ca.crt -rkey "$work/ca.key" -reqin "$work/req" \
        ${days:+-ndays "$days"} -respout "$file" >/dev/null 2>&1
}
# Of another authority that gave the same serial number; with SUBJECT as of ca.crt it has nothing but another key.
respond_by_other() { # FILE DIGEST SUBJECT
    ec "$work/other.key"
    openssl req -new -x509 -key "$work/other.key" -subj "$3" -days 7300 -out "$work/other.crt"
    openssl ocsp "-$2" -issuer "$work/other.crt" -serial 0x1001 -no_nonce -reqout "$work/req" >/dev/null 2>&1
    openssl ocsp -index "$work/index" -CA "$work/other.crt" -rsigner "$work/other.crt" -rkey "$work/other.key" \
        -reqin "$work/req" -ndays 7000 -respout "$1" >/dev/null 2>&1
}
index V
respond_by_other other-name-sha1.der sha1 "/CN=another test CA"
respond_by_other other-name-sha512.der sha512 "/CN=another test CA"
respond_by_other other-key-sha1.der sha1 "/CN=responder test CA"
respond good-sha1.der sha1 7000 first.crt
respond good-sha256.der sha256 7000 first.crt
respond both.der sha256 7000 second.crt first.crt
respond no-next-update.der sha256 "" first.crt
respond second.der sha256 7000 second.crt
index R
respond revoked.der sha256 7000 first.crt
index nothing
respond unknown.der sha256 7000 first.crt
printf '\060\003\012\001\003' >try-later.der
