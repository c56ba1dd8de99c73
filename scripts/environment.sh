#!/usr/bin/env bash
# Make the virtual environment for one purpose: run, test or bench. Called by make; safe to call again.
set -euo pipefail
purpose=${1:?run, test or bench}
python=${PYTHON:-python3}
venv=.venv

"$python" - <<'PY' || { echo "bailiwick needs Python 3.11 or newer; set PYTHON=/path/to/python" >&2; exit 1; }
import sys
sys.exit(sys.version_info < (3, 11))
PY

if [ ! -x "$venv/bin/python" ]; then
    echo "making the virtual environment in $venv"
    if ! "$python" -m venv "$venv" 2>/dev/null; then
        rm -rf "$venv"
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
            "$python" -m venv "$venv"
        else
            echo "Python's venv module is missing; on Debian: apt install python3-venv" >&2
            exit 1
        fi
    fi
fi

case "$purpose" in
    run) extras="" ;;
    test) extras="[test,check]" ;;
    bench) extras="[test,check,bench]" ;;
    *) echo "unknown purpose $purpose" >&2; exit 1 ;;
esac
echo "installing bailiwick$extras"
"$venv/bin/python" -m pip install -q --disable-pip-version-check -c constraints.txt -e ".$extras"
touch "$venv/.run"
[ "$purpose" = run ] || touch "$venv/.test"
[ "$purpose" != bench ] || touch "$venv/.bench"
