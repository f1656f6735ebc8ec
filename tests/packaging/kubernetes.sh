#!/bin/bash
# kubernetes.sh IMAGE: docker/kubernetes.yaml, started by `podman kube play`, with IMAGE and an application of ours in
# place of what a registry has. Called by `./dev container`.
. "$(dirname "$0")/../e2e/lib.sh"
. "$(dirname "$0")/podman.sh"
need podman curl ip unshare python3
python3 -c 'import yaml' 2>/dev/null || skip "python3 has no yaml here"
alone_with_network "$0" "$@"
image=$1
podman_settings
trap 'status=$?; podman_clean; (exit $status); cleanup' EXIT

# play native|plain
play() {
    python3 "$srcdir/tests/packaging/pod.py" "$srcdir/docker" "$image" "$CERTS/p256.crt" "$CERTS/p256.key" \
        "$srcdir/tests/packaging/application.pl" "$1" >"$scratch/$1.yaml" &&
        timeout 60 podman kube play "$scratch/$1.yaml" >"$scratch/play-$1.log" 2>&1
}
if play native; then
    ok "kubernetes: the manifest is started, its sidecar as it stands"
else
    why=$(grep -a Error "$scratch/play-native.log" | tail -n 1)
    echo "skipped: the sidecar as it stands: $(podman --version): ${why:-not within a minute}"
    podman_clean
    check "kubernetes: the manifest is started, its sidecar as a container like any other" play plain
fi

# Podman 4.3 makes files of the secret without decoding them, and knows no fsGroup.
secret=$(podman volume inspect --format '{{.Mountpoint}}' example-tls)
for file in "$secret"/tls.*; do
    grep -q '^-----BEGIN' "$file" || { base64 -d "$file" >"$scratch/decoded" && cat "$scratch/decoded" >"$file"; }
    chgrp 10001 "$file" && chmod 440 "$file"
done
sallyport=$(podman ps --all --format '{{.Names}}' | grep -- '-sallyport$')
probe() { podman exec "$sallyport" "$@"; }
# probe_of KIND: the command of a probe, as the manifest has it
probe_of() {
    python3 -c 'import sys, yaml
pod = next(yaml.safe_load_all(open(sys.argv[1])))["spec"]["template"]["spec"]
print("\n".join(pod["initContainers"][0][sys.argv[2]]["exec"]["command"]))' "$srcdir/docker/kubernetes.yaml" "$1"
}
restarted() { [ "$(podman inspect --format '{{.RestartCount}}' "$sallyport")" -gt "$restarts" ]; }

check_within "kubernetes: the application's page comes by TLS from the sidecar's port" 30 gets_page 8443
for kind in startupProbe livenessProbe readinessProbe; do
    mapfile -t command < <(probe_of $kind)
    check_within "kubernetes: the $kind is answered" 10 probe "${command[@]}"
done
check_confined "$sallyport"
restarts=$(podman inspect --format '{{.RestartCount}}' "$sallyport")
kill -KILL "$(podman inspect --format '{{.State.Pid}}' "$sallyport")"
check_within "kubernetes: killed, it is started again" 20 restarted
check_within "... and serves" 20 gets_page 8443
podman stop --time 20 "$sallyport" >/dev/null 2>&1
code=$(podman inspect --format '{{.State.ExitCode}}' "$sallyport")
check_equal "kubernetes: stopped, it ends by itself with 0" 0 "$code"
podman logs "$sallyport" >"$scratch/sallyport-container.log" 2>&1
finish
