#!/bin/bash
# The verbs of the command line, on the built program: what they print where, and how they exit. What needs a client or
# a backend is in tests/e2e/command_line.sh.
set -u
srcdir=$(cd "${srcdir:-$(dirname "$0")/../..}" && pwd)
builddir=$PWD
program=$builddir/sallyport
certificates=$srcdir/tests/data/certificates
failures=0

[ -x "$program" ] || { echo "skipped: the program is not part of the build yet"; exit 77; }
scratch=$(mktemp -d "${TMPDIR:-/tmp}/sallyport-verbs.XXXXXX") || exit 99
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 99
export HOME=$scratch STATE_DIRECTORY=$scratch/state
unset XDG_STATE_HOME
unset "${!SALLYPORT_@}" # what -h tells of would be used

# run WORDS...: the program, its output in out and err, its exit code in code
run() {
    "$program" "$@" >out 2>err </dev/null
    code=$?
}

# expect SENTENCE CODE FILE TEXT: the code, and TEXT as part of FILE (out or err)
expect() {
    if [ "$code" -eq "$2" ] && grep -qF -- "$4" "$3"; then
        echo "ok: $1"
    else
        echo "not ok: $1"
        echo "    exit code $code, not $2; or $3 lacks: $4"
        sed 's/^/    out: /' out
        sed 's/^/    err: /' err
        failures=$((failures + 1))
    fi
}

empty() {
    if [ -s "$2" ]; then
        echo "not ok: $1"
        sed 's/^/    /' "$2"
        failures=$((failures + 1))
    else
        echo "ok: $1"
    fi
}

# config CERTIFICATE KEY: a file `conf` with that pair
config() {
    printf '[listen web]\naddress = 127.0.0.1:1\ncertificate = %s\n%sbackend = demo\n' \
        "$certificates/$1" "${2:+key = $certificates/$2
}" >conf
}

run -h
expect "-h prints the usage" 0 out "usage: sallyport"
empty "-h says nothing on standard error" err
run -V
expect "-V prints the version" 0 out "sallyport 0."
expect "-V names the library behind all others" 0 out "mbedTLS"
expect "-V names the event library" 0 out "libevent 2."
expect "-V names the versions of TLS" 0 out "TLS 1.3 and 1.2"
# has LIBRARY: this build was made with it
has() {
    grep -q "#define HAVE_$1 1" "$builddir/config.h"
}
has SECCOMP && expect "-V names what filters system calls" 0 out "sandbox: Landlock, libseccomp 2."
has SECCOMP || expect "-V says that nothing filters system calls" 0 out "sandbox: Landlock, no system call filter"
has SODIUM && expect "-V names who serves X25519" 0 out "X25519                   libsodium"
has LIBCRYPTO && expect "-V names the faster library that serves first" 0 out "libcrypto 3."
has BROTLI && expect "-V names what compresses certificates, the best first" 0 out "certificate compression: brotli 1."
has ZLIB && expect "-V names the version of zlib" 0 out "zlib 1."
has ZLIB || has BROTLI || expect "-V says that nothing compresses certificates" 0 out "certificate compression: none"
run --confg x
expect "an unknown option is a fault of usage, with the nearest known one" 2 err "did you mean '--config'?"
empty "a fault of usage prints nothing on standard output" out

run -T
expect "-T without a file prints what is built in" 0 out "[listen development]"
run -T -f :8443 -b 127.0.0.1:8080 --cert a.pem
expect "-T prints the file that a line stands for" 0 out "certificate = a.pem"
cp out dumped
run -T -c dumped
expect "-T of what -T printed is read" 0 out "certificate = a.pem"
cmp -s out dumped || { echo "not ok: -T changes what it printed itself"; failures=$((failures + 1)); }
run -T -c missing
expect "a missing file is a fault of configuration" 78 err "missing: cannot be read: No such file or directory"
echo '[listen web]' >broken
echo 'adress = *:443' >>broken
for verb in -t -T ''; do
    run -c broken $verb
    expect "a faulty file is refused with its line (${verb:-run})" 78 err \
        "broken:2: unknown key 'adress', did you mean 'address'?"
done
if [ -w /dev/full ]; then
    "$program" -T >/dev/full 2>err
    code=$?
    cp err out
    expect "output that cannot be written is a failure" 1 err "standard output: No space left on device"
fi

config p256.crt p256.key
run -t -c conf
expect "-t is content with a certificate and its key" 0 out "conf: the configuration is good"
config p256-together.pem
run -t -c conf
expect "-t finds a key inside the certificate's file" 0 out "conf: the configuration is good"
config p256.crt p384.key
run -t -c conf
expect "-t tells a key that belongs to no certificate" 78 err "conf:4: key '$certificates/p384.key'"
config p256.crt p256.key
printf '[sallyport]\nuser = no-such-user\n' >>conf
run -t -c conf
[ "$(id -u)" -ne 0 ] || expect "-t tells a user that does not exist, to root" 78 err "conf:7: user: there is no user 'no-such-user'"
[ "$(id -u)" -eq 0 ] || expect "-t asks for no user where nobody could become it" 0 out "conf: the configuration is good"
config expired.crt p256.key
run -t -c conf
expect "-t warns of an expired certificate and goes on" 0 err "conf:3: warning: "

# The environment in place of a file; the faults name the variable.
listen=SALLYPORT_LISTEN=127.0.0.1:1 backend=SALLYPORT_BACKEND=127.0.0.1:2
by_variables() { # VARIABLE=VALUE... WORDS...
    env "$@" >out 2>err </dev/null
    code=$?
}
by_variables $listen $backend SALLYPORT_CERT="$certificates/p256.crt" SALLYPORT_KEY="$certificates/p256.key" "$program" -t
expect "-t checks what the environment says" 0 out "environment: the configuration is good"
by_variables $listen $backend SALLYPORT_CERT="$certificates/p256.crt" SALLYPORT_KEY="$certificates/p384.key" "$program"
expect "a key that belongs to no certificate is told with its variable" 78 err "SALLYPORT_KEY: key '"
by_variables $listen $backend SALLYPORT_CERT="$certificates/nowhere.crt" "$program"
expect "a certificate that is not there is told with its variable" 78 err "SALLYPORT_CERT: certificate '"
by_variables $listen $backend "$program"
expect "a variable that is missing is told by name, and nothing is served" 78 err "SALLYPORT_CERT: is not set"

# Nobody writes into this: a program that waits for it is killed, with the code 124.
mkfifo fifo
run_briefly() {
    timeout 20 "$program" "$@" >out 2>err </dev/null
    code=$?
}
for option in certificate key client-ca client-crl ocsp-staple ticket-key; do
    config p256.crt p256.key
    case $option in
    certificate | key) sed -i "s|^$option = .*|$option = fifo|" conf ;;
    client-*) printf 'client-certificate = optional\nclient-ca = %s\n' "$certificates/root.crt" >>conf ;;
    esac
    case $option in
    client-* | ocsp-staple) echo "$option = fifo" >>conf ;;
    ticket-key) sed -i '1i [sallyport]\nticket-key = fifo' conf ;;
    esac
    for verb in -t ''; do
        run_briefly -c conf $verb
        expect "a FIFO as $option is refused and not waited for (${verb:-run})" 78 err "'fifo': it is no regular file"
    done
done
run_briefly -t -c fifo
expect "a FIFO as the configuration is refused and not waited for" 78 err "fifo: is not a regular file"

# The capture may be a pipe.
hello=$srcdir/tests/data/corpus/capture/records
run_briefly explain <(cat "$hello")
expect "explain reads a pipe of the shell" 0 out "ClientHello, 326 bytes"
cat "$hello" >fifo &
run_briefly explain fifo
expect "explain reads a FIFO that somebody writes to" 0 out "ClientHello, 326 bytes"
wait
timeout 20 "$program" explain - >out 2>err < <(cat "$hello")
code=$?
expect "explain reads standard input" 0 out "ClientHello, 326 bytes"

run -t
expect "-t without a file checks what is built in, and says so" 0 out "built in: the configuration is good"
expect "... and of the certificate for development only that it would be served" 0 err \
    "warning: a self-signed DEVELOPMENT certificate would be served, not for production"

# Nothing is written by who only looks: the directory that a start would keep its certificate in stays empty.
looks() { # WORDS...
    mkdir home
    env -u STATE_DIRECTORY HOME="$scratch/home" "$program" "$@" >out 2>err </dev/null
    code=$?
    expect "$1 ends well" 0 err "DEVELOPMENT certificate would be served"
    [ -z "$(ls -A home)" ] || { echo "not ok: $* writes into HOME"; failures=$((failures + 1)); }
    rm -r home
}
looks -t
looks -t -f :8443
looks explain "$hello"
[ ! -e "$scratch/state" ] || { echo "not ok: -t writes below STATE_DIRECTORY"; failures=$((failures + 1)); }

# The same faults at start: nothing is served, and the code says that starting again is of no use.
config p256.crt p384.key
run -c conf
expect "a start with a wrong key ends with the code of a faulty configuration" 78 err "p384.key"

# How the master starts its own processes is nothing to be used by hand.
run --process worker
expect "--process says that it is not for users" 2 err "how sallyport starts its own processes"
run --process nonsense
expect "--process of no process says the same" 2 err "how sallyport starts its own processes"

[ "$failures" -eq 0 ]
