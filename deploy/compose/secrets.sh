#!/bin/sh
# secrets.sh FOLDER: draws the passwords of deploy/compose.yaml into files of a new folder. Run as root, once.
# The folder is the containers' user's alone. What PostgreSQL's container reads is of another user, so within the folder
# those files may be read by all; nobody but root and 10001 comes to them.
set -eu
folder=$1
user=10001

if [ -e "$folder" ]; then
    echo "$folder is there already: its passwords are those of the database" >&2
    exit 1
fi
umask 077
mkdir "$folder"
for role in superuser owner serving; do
    # 32 bytes, in letters that need no quoting in any of the files.
    head -c 32 /dev/urandom | base64 | tr -d '\n=' | tr '+/' '-_' > "$folder/$role.password"
done
echo "db:5432:bailiwick:bailiwick_owner:$(cat "$folder/owner.password")" > "$folder/owner.pgpass"
echo "db:5432:bailiwick:bailiwick:$(cat "$folder/serving.password")" > "$folder/serving.pgpass"
chmod 0444 "$folder"/*.password
chown -R "$user:$user" "$folder"
