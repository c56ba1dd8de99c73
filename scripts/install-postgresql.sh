#!/bin/sh
# Installs what the tests of many nodes run: PostgreSQL's server (Debian). Does nothing when it is there.
# The tests start servers of their own, so the cluster that the package brings is not wanted: it is stopped if this
# installation started it, and left alone otherwise.
set -eu
. "$(dirname "$0")/debian.sh"

for programs in /usr/lib/postgresql/*/bin /usr/pgsql*/bin; do
    if [ -x "$programs/initdb" ] && [ -x "$programs/pg_basebackup" ]; then
        echo "PostgreSQL is installed in $programs"
        exit 0
    fi
done
# WHY: the package would make and start a cluster of the system; nobody asked for one.
if [ "$(id -u)" -eq 0 ] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf
fi
install_packages "PostgreSQL's server" postgresql
ls -d /usr/lib/postgresql/*/bin
