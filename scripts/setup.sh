#!/bin/sh
# Make .venv from constraints.txt: every package at a version that was tested with all the others, nothing resolved anew.
# Does nothing when .venv already follows constraints.txt and pyproject.toml.
set -eu
cd "$(dirname "$0")/.."

wanted=$(cat constraints.txt pyproject.toml scripts/setup.sh | sha256sum | cut -c 1-64)
if [ "$(cat .venv/installed 2>/dev/null || true)" = "$wanted" ]; then exit 0; fi

python=${PYTHON:-python3.11}
if ! command -v "$python" >/dev/null; then
    echo "setup: $python is not installed, and the pinned packages are those of Python 3.11. Install it" \
        "(Debian 12: apt-get install python3.11 python3.11-venv), or name another: make PYTHON=/path/to/python3.11" >&2
    exit 2
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
    echo "setup: $python is $("$python" --version), and the pinned packages are those of Python 3.11. Name one: make PYTHON=python3.11" >&2
    exit 2
fi
if [ ! -x .venv/bin/pip ] && ! "$python" -m venv .venv; then
    rm -rf .venv
    echo "setup: $python cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3.11-venv" >&2
    exit 2
fi

pip() { .venv/bin/python -m pip --disable-pip-version-check --quiet "$@"; }
pin() { grep -E "^$1==" constraints.txt; }

echo "setup: installing $(grep -c == constraints.txt) pinned packages into .venv (about 2.5 GB, one to four minutes)" >&2
pip install --no-deps "$(pin uv)" "$(pin setuptools)"

# A GPU machine takes PyPI's torch, which is the CUDA build, with its CUDA packages. A machine without one takes a CPU build: the one
# that pip is set up to find, or else that of PyTorch's own index.
if nvidia-smi >/dev/null 2>&1; then
    pip install --constraint constraints.txt "$(pin torch)"
else
    found=$(pip install --dry-run --no-deps --ignore-installed --report - "$(pin torch)" 2>/dev/null | grep -c '"version": "[0-9.]*+cpu"' || true)
    if [ "$found" -gt 0 ]; then
        pip install --no-deps "$(pin torch)"
    else
        pip install --no-deps --extra-index-url https://download.pytorch.org/whl/cpu "$(pin torch)"
    fi
fi

# uv installs in a fifth of pip's time; it reads no pip.conf, so where that names the only index in reach, pip does it.
.venv/bin/uv pip install --quiet --no-deps --python .venv/bin/python --requirement constraints.txt ||
    pip install --no-deps --requirement constraints.txt
pip install --no-deps --no-build-isolation --editable .
echo "$wanted" >.venv/installed
