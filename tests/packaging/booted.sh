#!/bin/bash
# booted.sh IMAGE: systemd as process 1 of a container of IMAGE, in which the package is installed: debian/tests/service,
# then the next version of the package over the service that runs.
# Called by `./dev test-systemd SUITE`.
. "$(dirname "$0")/../e2e/lib.sh"
image=$1
need podman
name=sallyport-booted-$$
podman=(podman --runtime "${OCI_RUNTIME:-runc}")

inside() { "${podman[@]}" exec "$name" sh -c "$*" </dev/null; }
is_up() { inside systemctl is-system-running | grep -qE 'running|degraded'; }

"${podman[@]}" run -d --name "$name" --systemd=always --privileged --cgroupns=host --network none \
    --ulimit nofile=20000:20000 --ulimit nproc=4096:4096 "$image" /lib/systemd/systemd >"$scratch/podman.log" 2>&1 || {
    not_ok "systemd starts in a container" && cat "$scratch/podman.log" && exit 1
}
remove() { "${podman[@]}" rm -f -t 0 "$name" >/dev/null 2>&1; }
trap 'status=$?; remove; (exit $status); cleanup' EXIT
check_within "systemd $(inside 'systemctl --version' | sed -nE '1s/^systemd ([0-9]+).*/\1/p') is up" 60 is_up
# As on a machine, where credentials reach a service that way.
inside 'mount --make-rshared /'

inside 'cd /package && sh -x debian/tests/service' >"$scratch/service.log" 2>"$scratch/trace.log"
status=$?
grep -E '^(not )?ok: ' "$scratch/service.log"
[ $status -eq 0 ] || not_ok "the service is as its package promises" # its trace is shown at the end
for unit in sallyport sallyport-rootless; do
    inside "cd /package && sh -x ./upgrade_service $unit /package/sallyport.deb /package/next.deb" \
        >"$scratch/$unit.log" 2>"$scratch/$unit-trace.log" || {
        not_ok "$unit: an upgrade of the package is as promised"
        inside "journalctl --no-pager --lines 30 --unit $unit" >"$scratch/$unit-journal.log"
    }
    grep -E '^(not )?ok: ' "$scratch/$unit.log"
    echo "    $unit: $(inside "systemd-analyze security $unit.service --no-pager" 2>/dev/null | tail -n 1 | sed 's/.*: //')"
done
finish
