# Sourced by the scripts that install Debian packages for tests and for `make cluster`.

# install_packages MISSING PACKAGE...: installs them, or says what is missing to whoever may not.
install_packages() {
    missing=$1
    shift
    if [ "$(id -u)" -ne 0 ]; then
        echo "missing: $missing; run this script as root, or: sudo apt-get install $*" >&2
        exit 1
    fi
    apt-get update -q
    # A configuration file that is there already is kept.
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        -o Dpkg::Options::=--force-confold "$@"
}

# service_runs NAME: does the system's service run? Asks whichever init the machine has.
service_runs() {
    command -v service >/dev/null 2>&1 && service "$1" status >/dev/null 2>&1
}

# stop_service NAME: ends a service that an installation has started.
stop_service() {
    service "$1" stop
    if [ -d /run/systemd/system ]; then systemctl disable "$1"; fi
}

# install_program NAME: installs the package of this name for its program alone, unless it is there. The system
# service that it brings is not wanted: it is stopped if this installation started it, and left alone otherwise.
install_program() {
    PATH="$PATH:/usr/sbin"
    if command -v "$1" >/dev/null 2>&1; then
        echo "$1 is installed"
        return
    fi
    install_packages "$1" "$1"
    if service_runs "$1"; then stop_service "$1"; fi
    echo "$1 is installed now"
}
