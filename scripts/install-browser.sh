#!/bin/sh
# Installs what the tests in tests/browser drive: Chromium, and fonts for its pages (Debian).
# Does nothing when a browser is there. Playwright's own downloads are not used.
set -eu

for program in chromium chromium-browser google-chrome; do
    if command -v "$program" >/dev/null 2>&1; then
        echo "$program is installed"
        exit 0
    fi
done
packages="chromium fonts-dejavu-core fonts-liberation"
if [ "$(id -u)" -ne 0 ]; then
    echo "missing: a browser; run this script as root, or: sudo apt-get install $packages" >&2
    exit 1
fi
apt-get update -q
# shellcheck disable=SC2086 # the list is meant to be split into words
DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages
chromium --version
