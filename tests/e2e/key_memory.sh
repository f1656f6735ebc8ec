#!/bin/bash
# Where private keys and ticket keys lie, looked for in the memory of processes while they serve.
. "$(dirname "$0")/lib.sh"
. "$here/clients.sh"
need openssl
[ -x "$SCAN_MEMORY" ] || skip "scan_memory is not built (make scan_memory)"
backend_start

head -c 48 /dev/urandom >"$scratch/tickets.key"
chmod 600 "$scratch/tickets.key"
daemon_start <<CONF
[sallyport]
ticket-key = $scratch/tickets.key

[listen web]
address = $HOST:8443
certificate = $CERTS/p256.crt
key = $CERTS/p256.key
certificate = $CERTS/rsa2048.crt
key = $CERTS/rsa2048.key
backend = app

[backend app]
server = $HOST:8080
CONF
can_look_inside || skip "the memory of a process that is not dumpable is root's alone to read"
check "a client is served" served 8443
check "a client of TLS 1.2 is served" served 8443 -tls1_2

key_secrets "$CERTS/p256.key" >"$scratch/p256.secrets"
key_secrets "$CERTS/rsa2048.key" >"$scratch/rsa.secrets"
tail -c 32 "$scratch/tickets.key" | od -An -v -tx1 | tr -d ' \n' >"$scratch/ticket.secrets"
echo >>"$scratch/ticket.secrets"
head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$scratch/nobodys.secrets"
echo >>"$scratch/nobodys.secrets"

# pid_of ROLE: of the first of them
pid_of() { pgrep -o -P "$daemon_pid" -f "process $1"; }
keyholder=$(pid_of keyholder)
worker=$(pid_of worker)
for kind in p256 rsa ticket; do
    check "the keyholder is found to have it: $kind" has_secrets "$keyholder" "$scratch/$kind.secrets"
    check "a worker has it not: $kind" has_no_secrets "$worker" "$scratch/$kind.secrets"
    check "the master has it not: $kind" has_no_secrets "$daemon_pid" "$scratch/$kind.secrets"
done
# Locked: what a keyholder can write, and in the master the files with the keys, which it does not read.
locked() { awk '$1 == "VmLck:" { print $2 }' "/proc/$1/status"; }
if [ "$(id -u)" -eq 0 ]; then
    check "the keyholder's memory is locked ($(locked "$keyholder") KiB)" [ "$(locked "$keyholder")" -ge 2048 ]
    check "the files with the keys are locked, whoever maps them" \
        grep -q '^---s .*/memfd:sallyport secret' <(sed 's/^[^ ]* //' "/proc/$daemon_pid/maps")
    check "... with the root of the ticket keys ($(locked "$daemon_pid") KiB)" [ "$(locked "$daemon_pid")" -ge 8 ]
fi
check "a secret that nobody has is found nowhere" has_no_secrets "$keyholder" "$scratch/nobodys.secrets"
finish
