#!/bin/sh
# What reads scans: Tesseract with the language packs for Spanish, Portuguese and Quechua, and Poppler, which draws pages of PDFs.
# Only `latamgpt ocr` needs them; the run reads results that lie beside the scans.
set -eu
packages="tesseract-ocr tesseract-ocr-spa tesseract-ocr-por tesseract-ocr-que poppler-utils"

missing=""
command -v pdftoppm >/dev/null || missing=" pdftoppm"
if command -v tesseract >/dev/null; then
    for pack in spa por que; do
        tesseract --list-langs 2>/dev/null | grep -qx "$pack" || missing="$missing language:$pack"
    done
else
    missing="$missing tesseract"
fi
if [ -z "$missing" ]; then exit 0; fi

. "$(dirname "$0")/apt-install.sh"
install_packages setup-ocr "$missing" "Tesseract 5 with the languages spa, por and que, and Poppler (pdftoppm)," "$packages"
tesseract --version 2>/dev/null | head -1
