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
cd "$scratch" || exit 1
cp "$CERTS/p256.crt" fullchain.pem
cp "$CERTS/p256.key" privkey.pem
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
compose() { docker-compose -p manifest -f docker/compose.yaml -f here.yaml "$@" >>compose.log 2>&1; }
container_of() { podman ps --all --quiet --filter "label=com.docker.compose.service=$1"; }
inspect() { podman inspect --format "$1" "$sallyport"; }
is_healthy() { podman healthcheck run "$sallyport"; }
restarted() { [ "$(inspect '{{.RestartCount}}')" -ge 1 ]; }

# The commands in the head of the file, word for word; "up" with the image that is there, and in the background.
sed -n 's/^#   //p' docker/compose.yaml >commands
docker() {
    [ "$*" = "compose -f docker/compose.yaml up" ] && compose up -d --no-build
}
as_it_says() { while read -r command <&3; do eval "$command" || return 1; done 3<commands; }
check "compose: the commands in its head start it" as_it_says
sallyport=$(container_of sallyport)
[ -n "$sallyport" ] || exit 1
check_within "compose: the application's page comes by TLS from the port that is published" 20 gets_page 443
check_within "compose: its health is good" 20 is_healthy
check_confined "$sallyport"
check_equal "compose: it may have 512 processes" 512 "$(inspect '{{.HostConfig.PidsLimit}}')"
kill -KILL "$(inspect '{{.State.Pid}}')"
check_within "compose: killed, it is started again" 20 restarted
check_within "... and serves" 20 gets_page 443
compose stop
check_equal "compose: stopped, it ends by itself with 0" 0 "$(inspect '{{.State.ExitCode}}')"
podman logs "$sallyport" >"$scratch/sallyport-container.log" 2>&1
finish
