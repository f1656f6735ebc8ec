"""What is promised of docker/: said of what stands in the files, and of the program that they start.

manifests.py DIRECTORY PROGRAM prints "ok: SENTENCE" or "not ok: SENTENCE" for each thing it looked at.
"""
import os
import re
import subprocess
import sys

import yaml

failures = 0


def check(sentence, holds):
    global failures
    failures += not holds
    print(f"{'ok' if holds else 'not ok'}: {sentence}")


def names_of(program):
    usage = subprocess.run([program, "-h"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"^  (SALLYPORT_[A-Z_]+)$", usage, re.M))


def check_compose(compose, names):
    service = compose["services"]["sallyport"]
    check("compose: every variable is one that the program knows", set(service["environment"]) <= names)
    check("compose: the root is read-only, no capability is left, none can be gained",
          service["read_only"] is True and service["cap_drop"] == ["ALL"]
          and "no-new-privileges:true" in service["security_opt"])
    check("compose: the two share a network, and only TLS is published",
          service["network_mode"] == "service:app" and compose["services"]["app"]["ports"] == ["443:8443"])
    check("compose: the certificate is mounted as a directory", "./tls:/tls:ro" in service["volumes"])
    check("compose: what it writes is in memory", compose["volumes"]["run"]["driver_opts"]["type"] == "tmpfs"
          and "run:/run/sallyport" in service["volumes"])
    check("compose: a drain may end", int(service["stop_grace_period"].rstrip("s")) > 30)


def check_ignored(compose, top):
    """What is mounted from the tree, which is what an image is built of. A tarball has no .gitignore."""
    mounted = [volume.split(":")[0] for service in compose["services"].values() for volume in service.get("volumes", ())]
    places = {os.path.normpath(f"docker/{path}") for path in mounted if path.startswith(".")}
    for name in filter(lambda name: os.path.exists(f"{top}/{name}"), (".dockerignore", ".gitignore")):
        with open(f"{top}/{name}", encoding="utf-8") as file:
            ignored = {line.strip().strip("/") for line in file}
        check(f"{name}: what compose mounts is in no image and no commit", places and places <= ignored)


def check_container(container, volumes, names):
    context = container["securityContext"]
    check("kubernetes: the sidecar is a native one", container["restartPolicy"] == "Always")
    check("kubernetes: every variable is one that the program knows",
          {entry["name"] for entry in container["env"]} <= names)
    check("kubernetes: it is a number that is not root, on a root that is read-only, without capabilities",
          context["runAsNonRoot"] is True and context["runAsUser"] == 10001 and context["readOnlyRootFilesystem"] is True
          and context["allowPrivilegeEscalation"] is False and context["capabilities"] == {"drop": ["ALL"]})
    probes = [container[f"{kind}Probe"]["exec"]["command"] for kind in ("startup", "liveness", "readiness")]
    check("kubernetes: the three probes ask the program itself",
          all(probe[:2] == ["/usr/sbin/sallyport", "healthcheck"] for probe in probes) and "--ready" in probes[2])
    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
    check("kubernetes: each mount has its volume", set(mounts) <= set(volumes))
    check("kubernetes: the secret is mounted as a directory, so that a renewed one is seen",
          "secret" in volumes["tls"] and "subPath" not in mounts["tls"] and mounts["tls"]["mountPath"] == "/tls")
    check("kubernetes: the files of the secret are for its group alone", volumes["tls"]["secret"]["defaultMode"] == 0o440)


def check_kubernetes(documents, names):
    deployment, service = documents
    pod = deployment["spec"]["template"]["spec"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    (container,) = pod["initContainers"]
    check("kubernetes: deployment, pod and service speak of the same",
          deployment["spec"]["selector"]["matchLabels"] == labels == service["spec"]["selector"])
    check("kubernetes: the service goes to the sidecar's port",
          service["spec"]["ports"][0]["targetPort"] in [port["name"] for port in container["ports"]])
    check("kubernetes: a drain may end", pod["terminationGracePeriodSeconds"] >= 10 + sum(
        int(variable["value"].rstrip("s")) for variable in container["env"] if "_DRAIN_" in variable["name"]) > 30)
    check_container(container, volumes, names)


def check_dockerfile(text, names):
    stages = re.findall(r"^FROM (\S+)", text, re.M)
    last = text[text.rindex("\nFROM "):]
    check("Dockerfile: the last stage begins with nothing", len(stages) == 2 and stages[1] == "scratch")
    check("Dockerfile: it is a number that is not root", re.search(r"^USER 10001:10001$", last, re.M) is not None)
    check("Dockerfile: it is process 1, without a shell", '\nENTRYPOINT ["/usr/sbin/sallyport"]\n' in last)
    check("Dockerfile: its health is asked of the program itself", '["/usr/sbin/sallyport", "healthcheck"' in last)
    check("Dockerfile: a variable that stands for an option is one that the program knows", "SALLYPORT_LISTEN" in names)


def main(directory, program):
    names = names_of(program)
    with open(f"{directory}/compose.yaml", encoding="utf-8") as file:
        compose = yaml.safe_load(file)
    check_compose(compose, names)
    check_ignored(compose, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    with open(f"{directory}/kubernetes.yaml", encoding="utf-8") as file:
        check_kubernetes(list(yaml.safe_load_all(file)), names)
    with open(f"{directory}/Dockerfile", encoding="utf-8") as file:
        check_dockerfile(file.read(), names)
    return failures > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
