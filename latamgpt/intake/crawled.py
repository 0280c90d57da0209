"""A delivery that looks like a crawl is refused: by its description, by its files, or by texts that only list addresses."""

import re
from pathlib import Path, PurePosixPath

import yaml

from latamgpt.governance.contents import lines_of
from latamgpt.intake.delivery import DELIVERY_NAME, MAX_DESCRIPTION_BYTES
from latamgpt.intake.quarantine import Rejected
from latamgpt.registry import crawl
from latamgpt.store import list_files
from latamgpt.yaml_files import load_yaml

MAX_ADDRESS_SHARE = 0.8
"""Of a text's lines; above it the text is a list of addresses."""

CRAWL_SUFFIXES = (".warc", ".warc.gz", ".arc.gz", ".wacz", ".wat.gz", ".wet", ".wet.gz", ".cdx", ".cdx.gz", ".cdxj")
CRAWL_NAMES = re.compile(r"(?:urls?(?:[-_ ]?list)?\.(?:txt|csv|tsv|jsonl)|sitemap[^/]*\.xml(?:\.gz)?)", re.IGNORECASE)
ADDRESS = re.compile(r"[\"'<(]?(?:https?://|www\.)\S+", re.IGNORECASE)
WORLD_WIDE = re.compile(r"www\.", re.IGNORECASE)


def refuse_crawled(folder: Path) -> None:
    """Refuse a delivery whose description or whose files are a crawler's.

    Raises:
        Rejected: names the keys or the file that show it.
    """
    if named := crawl.crawl_fields(_description(folder)):
        raise Rejected(crawl.REASON, f"{DELIVERY_NAME} names {', '.join(named)}. {crawl.WHY}", DELIVERY_NAME)
    for name in list_files(folder):
        if name.lower().endswith(CRAWL_SUFFIXES) or CRAWL_NAMES.fullmatch(PurePosixPath(name).name):
            raise Rejected(crawl.REASON, f"{name} is what a crawler writes or reads. {crawl.WHY}", name)


def is_address_list(text: str) -> bool:
    """Whether nearly all lines of a text are web addresses and nothing else."""
    if "://" not in text and not WORLD_WIDE.search(text):
        return False
    num_lines = num_addresses = 0
    for line in filter(None, map(str.strip, lines_of(text))):
        num_lines += 1
        num_addresses += ADDRESS.fullmatch(line) is not None
    return num_addresses > MAX_ADDRESS_SHARE * num_lines


def _description(folder: Path) -> object:
    """What delivery.yaml holds; nothing where it does not read, which reading it for good will say."""
    path = folder / DELIVERY_NAME
    if not path.is_file() or path.stat().st_size > MAX_DESCRIPTION_BYTES:
        return None
    try:
        return load_yaml(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError):
        return None
