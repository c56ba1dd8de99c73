#!/bin/sh
# Run once by the container of PostgreSQL, when it has made its data: the roles and the database, with passwords of files.
# psql reads the files itself: in a command's words, others could see the passwords.
set -eu
psql -X -q -v ON_ERROR_STOP=1 -U postgres -d postgres <<'COMMANDS'
\set owner_password `cat /run/secrets/owner.password`
\set password `cat /run/secrets/serving.password`
\i /sql/roles.sql
COMMANDS
