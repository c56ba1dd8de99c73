#!/bin/sh
# Installs what the tests of docs/deploy.md put between nodes and PostgreSQL: PgBouncer (Debian).
# Does nothing when it is there. The system service that the package brings is not wanted: it is stopped if this
# installation started it, and left alone otherwise.
set -eu
. "$(dirname "$0")/debian.sh"

PATH="$PATH:/usr/sbin"
if command -v pgbouncer >/dev/null 2>&1; then
    echo "pgbouncer is installed"
    exit 0
fi
install_packages pgbouncer pgbouncer
if service_runs pgbouncer; then stop_service pgbouncer; fi
pgbouncer --version | head -n 1
