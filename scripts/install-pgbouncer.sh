#!/bin/sh
# Installs what the tests of docs/deploy.md put between nodes and PostgreSQL: PgBouncer (Debian).
set -eu
. "$(dirname "$0")/debian.sh"

install_program pgbouncer
