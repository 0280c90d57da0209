# shellcheck shell=sh
# Read by the setup scripts with `.`: says what is missing, or installs it.

# install_packages NAME MISSING ELSEWHERE PACKAGES: where apt-get cannot be used, says what is missing and what to do, and ends with 2.
install_packages() {
    if ! command -v apt-get >/dev/null; then
        echo "$1: missing:$2. There is no apt-get here: install $3 by this system's own means" >&2
        exit 2
    fi
    if [ "$(id -u)" != 0 ]; then
        echo "$1: missing:$2. Installing needs root: sudo apt-get install $4" >&2
        exit 2
    fi
    apt-get update -qq
    # shellcheck disable=SC2086 # a list of words
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $4 >/dev/null
}
