#!/bin/sh
# Installs what the end-to-end tests of container registries run: docker-registry and skopeo (Debian).
# Does nothing when both are there. The tests start registries of their own, so the system service that the
# package brings is not wanted: it is stopped if this installation started it, and left alone otherwise.
set -eu
. "$(dirname "$0")/debian.sh"

wanted=""
for program in docker-registry skopeo; do
    command -v "$program" >/dev/null 2>&1 || wanted="$wanted $program"
done
if [ -z "$wanted" ]; then
    echo "docker-registry and skopeo are installed"
    exit 0
fi
ran_before=no
if service_runs docker-registry; then ran_before=yes; fi
# shellcheck disable=SC2086 # the list is meant to be split into words
install_packages "${wanted# }" $wanted
if [ "$ran_before" = no ] && service_runs docker-registry; then stop_service docker-registry; fi
docker-registry --version
skopeo --version
