#!/bin/sh
# The browser that the slow tests drive: Debian's chromium, which root may install here and others are asked for.
set -eu
if command -v chromium >/dev/null; then exit 0; fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
else
    echo "setup: chromium is missing; the browser tests need it. Install it: sudo apt-get install chromium" >&2
    exit 2
fi
