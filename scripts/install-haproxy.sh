#!/bin/sh
# Installs the proxy that `make cluster` puts in front of its servers: HAProxy (Debian).
# Does nothing when it is there. The system service that the package brings is not wanted: it is stopped if this
# installation started it, and left alone otherwise.
set -eu
. "$(dirname "$0")/debian.sh"

PATH="$PATH:/usr/sbin"
if command -v haproxy >/dev/null 2>&1; then
    echo "haproxy is installed"
    exit 0
fi
install_packages haproxy haproxy
if service_runs haproxy; then stop_service haproxy; fi
haproxy -v | head -n 1
