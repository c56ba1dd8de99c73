#!/bin/sh
# Installs the proxy that `make cluster` puts in front of its servers: HAProxy (Debian).
# Does nothing when it is there. The system service that the package brings is not wanted: it is stopped if this
# installation started it, and left alone otherwise.
set -eu

PATH="$PATH:/usr/sbin"
if command -v haproxy >/dev/null 2>&1; then
    echo "haproxy is installed"
    exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "missing: haproxy; run this script as root, or: sudo apt-get install haproxy" >&2
    exit 1
fi
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends haproxy
if service haproxy status >/dev/null 2>&1; then
    service haproxy stop
    if [ -d /run/systemd/system ]; then systemctl disable haproxy; fi
fi
haproxy -v | head -n 1
