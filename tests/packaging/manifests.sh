#!/bin/bash
# docker/: compose file, Kubernetes manifest and Dockerfile hold what they promise; what they say of the program is so.
. "$(dirname "$0")/../lint/lib.sh"
[ -x "$builddir/sallyport" ] || skip "the program is not part of the build yet"
python3 -c 'import yaml' 2>/dev/null || skip "python3 has no yaml here"

look() { python3 "$srcdir/tests/packaging/manifests.py" "$1" "$builddir/sallyport" 2>&1; }
faults() { look "$1" | grep -v '^ok: '; }

cp -r "$srcdir/docker" "$scratch/planted"
sed -i 's/SALLYPORT_CERT/SALLYPORT_CERTS/; s/mountPath: \/tls$/&\n              subPath: tls.crt/; s/restartPolicy: Always/restartPolicy: Never/' \
    "$scratch/planted/kubernetes.yaml"
seen() { faults "$scratch/planted" | grep -F "$1"; }
for planted in "every variable is one" "mounted as a directory" "a native one"; do
    expect_fires "the check sees what does not hold ($planted)" "not ok: kubernetes: " seen "$planted"
done
look "$srcdir/docker" || failures=$((failures + 1))
finish
