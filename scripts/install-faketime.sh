#!/bin/sh
# Installs libfaketime (Debian's faketime), by which the tests of faults give one process another time of day.
# Does nothing when it is there.
set -eu

if command -v faketime >/dev/null 2>&1; then
    echo "faketime is installed"
    exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "missing: faketime; run this script as root, or: sudo apt-get install faketime" >&2
    exit 1
fi
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends faketime
