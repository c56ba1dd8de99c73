#!/bin/sh
# Installs libfaketime (Debian's faketime), by which the tests of faults give one process another time of day.
# Does nothing when it is there.
set -eu
. "$(dirname "$0")/debian.sh"

if command -v faketime >/dev/null 2>&1; then
    echo "faketime is installed"
    exit 0
fi
install_packages faketime faketime
