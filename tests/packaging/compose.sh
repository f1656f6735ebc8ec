#!/bin/bash
# compose.sh IMAGE: docker/compose.yaml, started by docker-compose over podman's service, with IMAGE and an application
# of ours in place of what a registry has. Called by `./dev container`.
. "$(dirname "$0")/../e2e/lib.sh"
. "$(dirname "$0")/podman.sh"
need podman docker-compose curl ip unshare
alone_with_network "$0" "$@"
image=$1
podman_settings
trap 'status=$?; podman_clean; (exit $status); cleanup' EXIT

cp -r "$srcdir/docker" "$srcdir/tests/packaging/application.pl" "$scratch"
# As the head of the file says.
mkdir "$scratch/docker/tls"
cp "$CERTS/p256.crt" "$scratch/docker/tls/tls.crt"
cp "$CERTS/p256.key" "$scratch/docker/tls/tls.key"
chown -R 10001 "$scratch/docker/tls"
chmod 400 "$scratch/docker/tls/tls.key"
cat >"$scratch/here.yaml" <<YAML
services:
  app:
    image: localhost/debian:base
    command: ["/usr/bin/perl", "/application.pl"]
    volumes: ["$scratch/application.pl:/application.pl:ro"]
  sallyport:
    image: $image
    ulimits:
      nofile: 4096
      nproc: 512
YAML

export DOCKER_HOST=unix://$scratch/podman.sock
start service podman system service --time 0 "$DOCKER_HOST"
wait_for 10 test -S "$scratch/podman.sock"
compose() {
    docker-compose -p manifest -f "$scratch/docker/compose.yaml" -f "$scratch/here.yaml" "$@" >>"$scratch/compose.log" 2>&1
}
container_of() { podman ps --all --quiet --filter "label=com.docker.compose.service=$1"; }
inspect() { podman inspect --format "$1" "$sallyport"; }
is_healthy() { podman healthcheck run "$sallyport"; }
restarted() { [ "$(inspect '{{.RestartCount}}')" -ge 1 ]; }

check "compose: the file is started" compose up -d --no-build
sallyport=$(container_of sallyport)
[ -n "$sallyport" ] || exit 1
check_within "compose: the application's page comes by TLS from the port that is published" 20 gets_page 443
check_within "compose: its health is good" 20 is_healthy
check_confined "$sallyport"
check_equal "compose: it may have 64 processes" 64 "$(inspect '{{.HostConfig.PidsLimit}}')"
kill -KILL "$(inspect '{{.State.Pid}}')"
check_within "compose: killed, it is started again" 20 restarted
check_within "... and serves" 20 gets_page 443
compose stop
check_equal "compose: stopped, it ends by itself with 0" 0 "$(inspect '{{.State.ExitCode}}')"
podman logs "$sallyport" >"$scratch/sallyport-container.log" 2>&1
finish
