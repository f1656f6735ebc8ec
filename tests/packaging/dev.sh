# dev.sh: the verbs of ./dev that package what is committed, and try the packages. Sourced by it.

# The committed tree as a Debian source tree: DIRECTORY/sallyport
deb_source() {
    git diff --quiet HEAD || echo "dev: note: what is not committed is not packaged"
    mkdir -p "$1/sallyport"
    git archive HEAD | tar -C "$1/sallyport" -x
}

cmd_deb() {
    local suite=${1:-}
    if [ -z "$suite" ]; then
        need_packages "${BUILD_PACKAGES[@]}" check man-db procps python3 dpkg-dev debhelper lintian
        rm -rf "$top"/build/deb/sallyport*
        deb_source "$top/build/deb"
        "$top/tests/packaging/build_deb" "$top/build/deb/sallyport"
        return
    fi
    [ "$(id -u)" -eq 0 ] || die "deb $suite needs root"
    scratch=$(mktemp -d /var/tmp/sallyport-deb.XXXXXX)
    trap 'rm -rf --one-file-system "$scratch"' EXIT
    bare_root "$suite" "$scratch/build"
    bare_root "$suite" "$scratch/try"
    deb_source "$scratch/build/build"
    unshare --mount --pid --fork --kill-child "$top/tests/packaging/in_bare_root" "$scratch/build" "$scratch/try"
    mkdir -p "$top/build/deb/$suite"
    mv "$scratch"/build/build/sallyport_* "$top/build/deb/$suite/"
    echo "==> in build/deb/$suite: $(cd "$top/build/deb/$suite" && echo *.deb)"
}

cmd_test_systemd() {
    local suite=${1:-} packages
    [ -n "$suite" ] || die "test-systemd: which suite? (bookworm, trixie)"
    [ "$(id -u)" -eq 0 ] || die "test-systemd needs root"
    packages=("$top/build/deb/$suite"/sallyport_*.deb)
    [ -f "${packages[0]}" ] || die "test-systemd: ./dev deb $suite comes first"
    need_packages buildah podman runc
    container_base "$suite"
    mkdir "$scratch/context"
    cp "${packages[0]}" "$scratch/context/sallyport.deb"
    "$top/tests/packaging/next_version" "${packages[0]}" "$scratch/context/next.deb"
    cp -r debian tests/packaging/upgrade_service "$scratch/context/"
    cat >"$scratch/context/Dockerfile" <<'FILE'
FROM localhost/debian:base
COPY . /package
RUN printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d && apt-get update && \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends /package/sallyport.deb \
    ca-certificates curl dbus openssl procps python3 systemd systemd-sysv
FILE
    container_build -f "$scratch/context/Dockerfile" "$scratch/context"
    say "booting"
    "$top/tests/packaging/booted.sh" localhost/sallyport
}

# container_base SUITE: localhost/debian:base in a storage of its own, below $scratch, that goes when dev ends
container_base() {
    local suite=$1 store=${SALLYPORT_ROOTS:-/var/tmp/sallyport-roots}
    scratch=$(mktemp -d /var/tmp/sallyport-container.XXXXXX)
    trap container_end EXIT
    [ -f "$store/$suite.tar" ] || bare_root "$suite" "$scratch/root"
    printf '[storage]\ndriver = "overlay"\ngraphroot = "%s/graph"\nrunroot = "%s/run"\n' "$scratch" "$scratch" \
        >"$scratch/storage.conf"
    export CONTAINERS_STORAGE_CONF=$scratch/storage.conf
    podman import --quiet "$store/$suite.tar" localhost/debian:base >/dev/null
}

container_end() {
    podman rmi --all --force >/dev/null || true
    rm -rf --one-file-system "$scratch"
}

# container_build ARGUMENTS...: localhost/sallyport, built in a chroot, which asks nothing of the machine's control groups
container_build() {
    say "building the image"
    mkdir -p "$top/build"
    buildah bud --isolation chroot --format docker --network host -t localhost/sallyport "$@" >"$top/build/container.log" 2>&1 ||
        { tail -n 40 "$top/build/container.log" && die "the image cannot be built"; }
}

cmd_container() {
    local test status=0
    [ "$(id -u)" -eq 0 ] || die "container needs root"
    git diff --quiet HEAD || echo "dev: note: what is not committed is not in it"
    need_packages buildah catatonit curl docker-compose iproute2 iptables netavark podman python3 python3-yaml runc
    container_base "${1:-bookworm}"
    mkdir "$scratch/source"
    git archive HEAD | tar -C "$scratch/source" -x
    container_build --build-arg BASE=localhost/debian:base -f "$scratch/source/docker/Dockerfile" "$scratch/source"
    for test in container compose kubernetes; do
        say "trying it: $test"
        "$top/tests/packaging/$test.sh" localhost/sallyport || [ $? -eq 77 ] || status=1
    done
    return $status
}
