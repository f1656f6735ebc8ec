"""docker/kubernetes.yaml for `podman kube play`: with images that are here, one replica, and the secret that it names.

pod.py DIRECTORY IMAGE CERTIFICATE KEY APPLICATION native|plain prints it. Plain: the sidecar as a container like any
other, where nobody knows an init container that is restarted always.
"""
import base64
import sys

import yaml


def encoded(path):
    with open(path, "rb") as file:
        return base64.b64encode(file.read()).decode()


def main(directory, image, certificate, key, application, form):
    with open(f"{directory}/kubernetes.yaml", encoding="utf-8") as file:
        deployment, service = yaml.safe_load_all(file)
    deployment["spec"]["replicas"] = 1
    pod = deployment["spec"]["template"]["spec"]
    (sidecar,) = pod["initContainers"]
    (app,) = pod["containers"]
    sidecar["image"] = image
    app["image"] = "localhost/debian:base"
    with open(application, encoding="utf-8") as file:
        app["command"] = ["/usr/bin/perl", "-e", file.read()]
    for volume in pod["volumes"]:
        if "secret" in volume:
            volume["secret"]["optional"] = False  # as it is without a word; podman 4.3 dies of the missing one
            name = volume["secret"]["secretName"]
    if form == "plain":
        del pod["initContainers"], sidecar["restartPolicy"]
        pod["containers"].append(sidecar)
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": "kubernetes.io/tls",
              "data": {"tls.crt": encoded(certificate), "tls.key": encoded(key)}}
    yaml.safe_dump_all([secret, deployment, service], sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
