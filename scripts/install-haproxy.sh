#!/bin/sh
# Installs the proxy that `make cluster` puts in front of its servers: HAProxy (Debian).
set -eu
. "$(dirname "$0")/debian.sh"

install_program haproxy
