#!/bin/sh
# The browser that the slow tests drive: Debian's chromium.
set -eu
if command -v chromium >/dev/null; then exit 0; fi
. "$(dirname "$0")/apt-install.sh"
install_packages setup-browser " chromium" "Chromium" "chromium fonts-dejavu-core"
