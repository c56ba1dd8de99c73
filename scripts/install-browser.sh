#!/bin/sh
# Installs what the tests in tests/browser drive: Chromium, and fonts for its pages (Debian).
# Does nothing when a browser is there. Playwright's own downloads are not used.
set -eu
. "$(dirname "$0")/debian.sh"

for program in chromium chromium-browser google-chrome; do
    if command -v "$program" >/dev/null 2>&1; then
        echo "$program is installed"
        exit 0
    fi
done
install_packages "a browser" chromium fonts-dejavu-core fonts-liberation
chromium --version
