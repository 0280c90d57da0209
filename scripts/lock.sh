#!/bin/sh
# Write constraints.txt from what .venv holds, after the packages were found to fit together.
set -eu
cd "$(dirname "$0")/.."
.venv/bin/python -m pip check
{
    # shellcheck disable=SC2016
    echo '# Every package of the environment at the version that was tested together, on Python 3.11. `make lock` writes this file anew.'
    .venv/bin/python -m pip freeze --all --exclude-editable | grep -v -E '^pip==' | sed -E 's/ @ .*//; s/\+cpu$//' | LC_ALL=C sort -f
} >constraints.draft
mv constraints.draft constraints.txt
