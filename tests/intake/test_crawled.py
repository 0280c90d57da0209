"""Nothing that was crawled comes in: not as a description, not as files, not as a list of addresses."""

import pytest
import yaml

from latamgpt.intake.crawled import is_address_list
from latamgpt.params import Params
from latamgpt.store import Workspace
from tests.intake.deliveries import DESCRIPTION, PARTNER, deliver, documents, exclusions, reasons, register, take_in

STORY = "Había una vez un río que no sabía adónde iba, y preguntó."
ADDRESSES = "https://example.org/uno\nhttp://example.org/dos\nwww.example.org/tres\n"


@pytest.fixture
def archive(workspace: Workspace) -> Workspace:
    register(workspace)
    return workspace


@pytest.mark.parametrize("key", ["url", "urls", "crawl", "crawl-date", "seeds", "sitemap"])
def test_description_with_addresses_is_refused_by_its_reason(archive: Workspace, params: Params, key: str) -> None:
    folder = deliver(archive, {"rio.txt": STORY})
    values = {**DESCRIPTION, key: "https://example.org"}
    (folder / "delivery.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    take_in(archive, params)
    (row,) = exclusions(archive)
    assert (row["reason"], row["path"]) == ("crawl_source", "delivery.yaml")
    assert f"names {key}" in str(row["detail"])
    assert documents(archive) == []


def test_addresses_without_an_agreement_are_refused_as_a_crawl(archive: Workspace, params: Params) -> None:
    folder = archive.root / "samples" / PARTNER / "lista"
    folder.mkdir(parents=True)
    (folder / "delivery.yaml").write_text("id: lista\nurls: [https://example.org]\n", encoding="utf-8")
    take_in(archive, params)
    assert reasons(archive) == {"delivery.yaml": "crawl_source"}


@pytest.mark.parametrize(
    "name",
    ["CC-MAIN-2024.warc.gz", "a.WARC", "site.wacz", "part.wet.gz", "index.cdxj", "urls.txt", "url_list.csv", "sitemap-1.xml"],
)
def test_files_of_a_crawler_keep_the_whole_delivery_out(archive: Workspace, params: Params, name: str) -> None:
    deliver(archive, {"rio.txt": STORY, f"hojas/{name}": b"WARC/1.0"})
    take_in(archive, params)
    assert reasons(archive) == {f"hojas/{name}": "crawl_source"}
    assert documents(archive) == []


def test_text_that_only_lists_addresses_is_set_aside_and_others_stay(archive: Workspace, params: Params) -> None:
    deliver(archive, {"rio.txt": STORY, "enlaces.txt": ADDRESSES})
    take_in(archive, params)
    assert reasons(archive) == {"enlaces.txt": "crawl_source"}
    assert [row["path"] for row in documents(archive)] == ["rio.txt"]


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        (ADDRESSES, True),
        ("https://example.org", True),
        (STORY, False),
        (f"{STORY}\nFuente: https://example.org", False),
        ("", False),
        ("Escríbanos a www.example.org y lea:\nhttps://example.org/uno\n" + STORY, False),
    ],
)
def test_list_of_addresses_is_told_from_prose_that_names_one(text: str, *, listed: bool) -> None:
    assert is_address_list(text) is listed
