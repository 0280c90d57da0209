#!/bin/sh
# What reads scans: Tesseract with the language packs for Spanish, Portuguese and Quechua, and Poppler, which draws pages of PDFs.
# Only `latamgpt ocr` needs them; the run reads results that lie beside the scans.
set -eu
packages="tesseract-ocr tesseract-ocr-spa tesseract-ocr-por tesseract-ocr-que poppler-utils"

missing=""
command -v pdftoppm >/dev/null || missing="pdftoppm"
if command -v tesseract >/dev/null; then
    for pack in spa por que; do
        tesseract --list-langs 2>/dev/null | grep -qx "$pack" || missing="$missing language:$pack"
    done
else
    missing="$missing tesseract"
fi
if [ -z "$missing" ]; then exit 0; fi

if ! command -v apt-get >/dev/null; then
    echo "setup-ocr: missing: $missing. There is no apt-get here: install Tesseract 5 with the languages spa, por and que, and" \
        "Poppler (pdftoppm), by this system's own means" >&2
    exit 2
fi
if [ "$(id -u)" != 0 ]; then
    echo "setup-ocr: missing: $missing. Installing needs root: sudo apt-get install $packages" >&2
    exit 2
fi
apt-get update -qq
# shellcheck disable=SC2086 # a list of words
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
tesseract --version 2>/dev/null | head -1
