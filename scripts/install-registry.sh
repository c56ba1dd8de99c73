#!/bin/sh
# Installs what the end-to-end tests of container registries run: docker-registry and skopeo (Debian).
# Does nothing when both are there. The tests start registries of their own, so the system service that the
# package brings is not wanted: it is stopped if this installation started it, and left alone otherwise.
set -eu

wanted=""
for program in docker-registry skopeo; do
    command -v "$program" >/dev/null 2>&1 || wanted="$wanted $program"
done
if [ -z "$wanted" ]; then
    echo "docker-registry and skopeo are installed"
    exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "missing:$wanted; run this script as root, or: sudo apt-get install$wanted" >&2
    exit 1
fi

# Is the system service running? Asks whichever init the machine has.
service_runs() {
    command -v service >/dev/null 2>&1 && service docker-registry status >/dev/null 2>&1
}

ran_before=no
if service_runs; then ran_before=yes; fi
apt-get update -q
# shellcheck disable=SC2086 # the list is meant to be split into words
DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $wanted
if [ "$ran_before" = no ] && service_runs; then
    service docker-registry stop
    if [ -d /run/systemd/system ]; then systemctl disable docker-registry; fi
fi
docker-registry --version
skopeo --version
