#!/bin/bash
# container.sh IMAGE: the image as docker/Dockerfile made it, run by podman with nothing that it does not need: a root
# that cannot be written to, no capability, no new privileges, a number as its user. Called by `./dev container`.
. "$(dirname "$0")/../e2e/lib.sh"
image=$1
need podman curl python3

# With systemd as podman's helper there would be timers for health checks; the limits are those this machine allows.
podman=(podman --runtime "${OCI_RUNTIME:-runc}")
limits=(--no-healthcheck --ulimit nofile=4096:4096 --ulimit nproc=512:512 --pids-limit=512)
closed=(--network host --read-only --cap-drop=ALL --security-opt=no-new-privileges)
name=sallyport-test-$$

run() { "${podman[@]}" run "${limits[@]}" "${closed[@]}" "$@"; }
inspect() { "${podman[@]}" inspect --format "$1" "$name"; }
remove() { "${podman[@]}" rm -f -t 0 "$name"; }

# status_of KEY: of its process 1, as the machine sees it
status_of() { sed -nE "s/^$1:[[:space:]]*//p" "/proc/$(inspect '{{.State.Pid}}')/status"; }

mounted=$("${podman[@]}" image mount "$image")
check_equal "no file of the image is set-user-ID or set-group-ID" "" "$(find "$mounted" -perm /6000)"
check_equal "there is one program in it" "/usr/sbin/sallyport" "$(find "$mounted"/*bin "$mounted"/usr/*bin -type f 2>/dev/null | sed "s|$mounted||")"
size=$(du -sk "$mounted" | cut -f1)
check "the image has less than 16 MiB (it has $size KiB)" [ "$size" -lt 16384 ]
"${podman[@]}" image unmount "$image" >/dev/null
check "its health is asked of the program itself" sh -c \
    "podman image inspect $image | tr -d ' \n' | grep -qF '\"/usr/sbin/sallyport\",\"healthcheck\"'"

check_status "without a certificate it says which variable is missing, and ends with 78" 78 run --rm "$image"
check "... in words" grep -q '^SALLYPORT_CERT: is not set' "$scratch/output"
check_status "the program runs" 0 run --rm "$image" -V

mkdir "$scratch/tls"
cp "$CERTS/p256.crt" "$scratch/tls/tls.crt"
cp "$CERTS/p256.key" "$scratch/tls/tls.key"
chmod 755 "$scratch" "$scratch/tls"
chown 10001 "$scratch/tls/tls.key"
chmod 400 "$scratch/tls/tls.key"
mkdir "$scratch/www"
echo "from behind the container" >"$scratch/www/index.html"
start web python3 -m http.server --bind "$HOST" --directory "$scratch/www" 8080
wait_for 10 is_listening "$HOST" 8080

# serves SENTENCE RUN-ARGUMENTS...: detached, until it listens; a request by TLS; then TERM by podman
serves() {
    local sentence=$1
    shift
    run -d --name "$name" --tmpfs /run/sallyport:U -v "$scratch/tls:/tls:ro" "$@" >"$scratch/output" 2>&1
    if wait_for 20 is_listening "$HOST" "$PORT"; then
        check_equal "$sentence" "from behind the container" "$(fetch app.example / 2>&1)"
    else
        not_ok "$sentence"
        cat "$scratch/output"
    fi
}

fetch_demo() { curl --silent --fail --insecure "https://$HOST:$PORT/" | grep -q 'your handshake'; }

# ends: within its time, by itself, as told
ends() {
    "${podman[@]}" stop -t 20 "$name" >/dev/null 2>&1
    check_equal "TERM reaches it as process 1: it ends by itself, with 0" 0 "$(inspect '{{.State.ExitCode}}')"
    "${podman[@]}" logs "$name" >"$scratch/container.log" 2>&1
    check "... and its last line says so" grep -q 'stopped' "$scratch/container.log"
    remove >/dev/null 2>&1
}

serves "variables of the environment are all it needs to serve" -e SALLYPORT_LISTEN="$HOST:$PORT" \
    -e SALLYPORT_BACKEND="$HOST:8080" -e SALLYPORT_CERT=/tls/tls.crt -e SALLYPORT_KEY=/tls/tls.key "$image"
check_equal "it is the user 10001" "10001 10001 10001 10001" "$(status_of Uid | tr '\t' ' ')"
check_equal "it has no capability" 0000000000000000 "$(status_of CapEff)"
check_equal "it cannot gain one" 1 "$(status_of NoNewPrivs)"
check_equal "its system calls are filtered" 2 "$(status_of Seccomp)"
check_equal "it is process 1" 1 "$(status_of NSpid | awk '{ print $NF }')"
check "its root cannot be written to" grep -qE '^[0-9]+ [0-9]+ [^ ]+ / / ro' "/proc/$(inspect '{{.State.Pid}}')/mountinfo"
check "it says that it is healthy" "${podman[@]}" exec "$name" /usr/sbin/sallyport healthcheck \
    --admin unix:/run/sallyport/admin.sock
ends

cat >"$scratch/tls/sallyport.conf" <<CONF
[listen web]
address = $HOST:$PORT
certificate = /tls/tls.crt
key = /tls/tls.key
backend = app

[backend app]
server = $HOST:8080
CONF
run -d --name "$name" --tmpfs /run/sallyport:U -e SALLYPORT_LISTEN="$HOST:$PORT" -e SALLYPORT_BACKEND=demo \
    -e SALLYPORT_CERT=development "$image" >"$scratch/output" 2>&1
check_within "what is built in is served to who names it" 20 fetch_demo
"${podman[@]}" logs "$name" >"$scratch/container.log" 2>&1
check "the directory of its run time can be written to" sh -c "! grep -q 'cannot be kept' '$scratch/container.log'"
ends

serves "so is a configuration" "$image" -c /tls/sallyport.conf
ends
remove >/dev/null 2>&1
finish
