# podman.sh: what the tests of the manifests share; sourced after tests/e2e/lib.sh. They run in a network namespace of
# their own (alone_with_network), where any port can be published, and with podman's settings from here alone.
export DISABLE_HC_SYSTEMD=true # health is asked by hand, nobody's timers do it

# alone_with_network SCRIPT ARGUMENTS...: this script again, in a network of its own. Never with the containers of
# others: what is found is removed at the end.
alone_with_network() {
    [ -n "${CONTAINERS_STORAGE_CONF:-}" ] || skip "it wants a storage of its own for containers: ./dev container"
    [ -z "${ALONE_WITH_NETWORK:-}" ] || { ip link set lo up && return; }
    rm -rf "$scratch"
    ALONE_WITH_NETWORK=yes exec unshare --net --mount "$@"
}

# The limits are those that this machine allows.
podman_settings() {
    cat >"$scratch/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=512:512"]

[engine]
runtime = "${OCI_RUNTIME:-runc}"
cgroup_manager = "cgroupfs"
events_logger = "file"

[network]
network_backend = "netavark"
network_config_dir = "$scratch/networks"
CONF
    export CONTAINERS_CONF=$scratch/containers.conf
}

podman_clean() {
    podman pod rm --all --force --time 0
    podman rm --all --force --time 0
    podman volume rm --all --force
    podman secret rm --all
    podman network prune --force
} >/dev/null 2>&1

# fetch_page PORT, gets_page PORT: the page that is served by TLS there
fetch_page() {
    curl --silent --max-time 5 --cacert "$ROOT_CRT" --resolve "app.example:$1:127.0.0.1" "https://app.example:$1/"
}
gets_page() { [ "$(fetch_page "$1")" = "from the application" ]; }

# check_confined CONTAINER: its process 1, as the machine sees it
check_confined() {
    local pid words='/^(Uid|CapEff|NoNewPrivs|Seccomp):/ { printf "%s%s", separator, $2; separator = " " }'
    pid=$(podman inspect --format '{{.State.Pid}}' "$1")
    check_equal "its process 1 is the user 10001, without capabilities, cannot gain one, and is filtered" \
        "10001 0000000000000000 1 2" "$(awk "$words" "/proc/$pid/status")"
    check "its root cannot be written to" grep -qE '^[0-9]+ [0-9]+ [^ ]+ / / ro' "/proc/$pid/mountinfo"
}
