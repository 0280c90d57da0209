"""Reading the registry: a wrong file is refused with the name of what is wrong in it."""

from pathlib import Path

import pytest
import yaml

from latamgpt.errors import OperatorError
from latamgpt.registry.partners import Edge, Purpose, read_institution

INSTITUTION = {
    "id": "archivo-uno",
    "name": "Archivo Uno",
    "country": "AR",
    "kind": "archive",
    "contact": "dirección",
    "data_steward": "acervo",
    "agreements": [
        {
            "id": "au-2025-01",
            "title": "Textos",
            "licence": "CC0-1.0",
            "consent": "holder",
            "purposes": ["train"],
            "valid_from": "2025-01-01",
            "attribution": "Archivo Uno",
        }
    ],
}


def registry(root: Path, **changes: object) -> Path:
    (root / "partners").mkdir()
    values = {**INSTITUTION, **changes}
    (root / "partners" / "archivo-uno.yaml").write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
    return root


def refusal(root: Path, partner: str = "archivo-uno") -> str:
    with pytest.raises(OperatorError) as caught:
        read_institution(root, partner)
    return str(caught.value)


def test_institution_with_an_agreement_is_read(tmp_path: Path) -> None:
    institution = read_institution(registry(tmp_path), "archivo-uno")
    agreement = institution.agreement("au-2025-01")
    assert agreement is not None
    assert agreement.purposes == (Purpose.TRAIN,)
    assert institution.agreement("au-2025-02") is None


def test_institution_is_no_sample_unless_its_file_says_so(tmp_path: Path) -> None:
    assert not read_institution(registry(tmp_path), "archivo-uno").sample


def test_agreement_without_an_end_stays_open(tmp_path: Path) -> None:
    assert read_institution(registry(tmp_path), "archivo-uno").agreements[0].valid_until is None


def test_unknown_field_is_refused_by_its_name(tmp_path: Path) -> None:
    assert "contry: there is no such key" in refusal(registry(tmp_path, contry="AR"))


def test_unknown_field_of_an_agreement_is_refused_with_its_place(tmp_path: Path) -> None:
    agreements = [{**INSTITUTION["agreements"][0], "valid_til": "2027-01-01"}]  # type: ignore[dict-item]
    assert "agreements (number 1).valid_til: there is no such key" in refusal(registry(tmp_path, agreements=agreements))


def test_unknown_purpose_is_refused_with_the_value(tmp_path: Path) -> None:
    agreements = [{**INSTITUTION["agreements"][0], "purposes": ["sell"]}]  # type: ignore[dict-item]
    message = refusal(registry(tmp_path, agreements=agreements))
    assert "agreements (number 1).purposes (number 1)" in message
    assert "'sell'" in message


def test_agreement_without_any_purpose_is_refused(tmp_path: Path) -> None:
    agreements = [{**INSTITUTION["agreements"][0], "purposes": []}]  # type: ignore[dict-item]
    assert "agreements (number 1).purposes" in refusal(registry(tmp_path, agreements=agreements))


def test_two_agreements_of_one_id_are_refused(tmp_path: Path) -> None:
    agreements = [INSTITUTION["agreements"][0]] * 2  # type: ignore[index]
    assert "au-2025-01" in refusal(registry(tmp_path, agreements=agreements))


def test_agreement_that_ends_before_it_begins_is_refused(tmp_path: Path) -> None:
    agreements = [{**INSTITUTION["agreements"][0], "valid_until": "2024-12-31"}]  # type: ignore[dict-item]
    message = refusal(registry(tmp_path, agreements=agreements))
    assert "2024-12-31" in message
    assert "2025-01-01" in message


def test_country_that_is_no_code_is_refused(tmp_path: Path) -> None:
    assert "country" in refusal(registry(tmp_path, country="Argentina"))


def test_missing_institution_is_refused_with_those_that_exist(tmp_path: Path) -> None:
    message = refusal(registry(tmp_path), "archivo-dos")
    assert "'archivo-dos' is not in the registry" in message
    assert "archivo-uno" in message


def test_empty_registry_says_that_it_holds_none(tmp_path: Path) -> None:
    assert "it holds: none" in refusal(tmp_path)


def test_file_that_is_not_yaml_is_refused_by_its_path(tmp_path: Path) -> None:
    root = registry(tmp_path)
    (root / "partners" / "archivo-uno.yaml").write_text("id: [", encoding="utf-8")
    assert "archivo-uno.yaml is not valid YAML in UTF-8" in refusal(root)


def test_empty_file_is_refused(tmp_path: Path) -> None:
    root = registry(tmp_path)
    (root / "partners" / "archivo-uno.yaml").write_text("", encoding="utf-8")
    assert "the whole file" in refusal(root)


def test_file_in_another_encoding_is_refused_by_its_path(tmp_path: Path) -> None:
    root = registry(tmp_path)
    (root / "partners" / "archivo-uno.yaml").write_bytes("contact: dirección\n".encode("latin-1"))
    assert "archivo-uno.yaml is not valid YAML in UTF-8" in refusal(root)


def test_file_named_unlike_its_id_is_refused_with_both_names(tmp_path: Path) -> None:
    message = refusal(registry(tmp_path, id="archivo-dos"))
    assert "'archivo-dos'" in message
    assert "'archivo-uno'" in message


def with_agreement(root: Path, **changes: object) -> Path:
    return registry(root, agreements=[{**INSTITUTION["agreements"][0], **changes}])  # type: ignore[dict-item]


def test_institution_without_a_data_steward_is_refused(tmp_path: Path) -> None:
    assert "data_steward" in refusal(registry(tmp_path, data_steward=""))


def test_kind_that_no_institution_is_of_is_refused_with_the_kinds(tmp_path: Path) -> None:
    message = refusal(registry(tmp_path, kind="crawler"))
    assert "'crawler'" in message
    assert "'library'" in message


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"consent": "nobody asked"}, "agreements (number 1).consent"),
        ({"licence": "cc-by-nc-4.0"}, "agreements (number 1).licence: 'cc-by-nc-4.0' is not spelt as SPDX spells it"),
        ({"accepted_licences": ["CC BY 4.0"]}, "'CC BY 4.0' is not spelt as SPDX spells it"),
        ({"stages": ["serving"]}, "agreements (number 1).stages (number 1)"),
        ({"stages": []}, "agreements (number 1).stages"),
        ({"residency": ["Chile"]}, "agreements (number 1).residency (number 1)"),
        ({"labels": ["tk_sacred"]}, "agreements (number 1).labels (number 1)"),
        ({"labels": ["tk_attribution"]}, "labels_by does not say whose"),
        ({"labels": ["tk_seasonal"], "labels_by": "Comunidad"}, "season (opens and closes, as MM-DD)"),
        ({"season": {"opens": "10-15", "closes": "03-31"}}, "season (opens and closes, as MM-DD)"),
        ({"labels": ["tk_seasonal"], "labels_by": "C", "season": {"opens": "02-30", "closes": "03-31"}}, "season.opens"),
        ({"labels": ["tk_seasonal"], "labels_by": "C", "season": {"opens": "10-15"}}, "season.closes: is missing"),
    ],
)
def test_field_that_could_not_be_enforced_is_refused_by_its_place(tmp_path: Path, changes: dict, said: str) -> None:
    assert said in refusal(with_agreement(tmp_path, **changes))


@pytest.mark.parametrize("key", ["url", "urls", "URL-list", "seeds", "sitemap", "crawl", "warc"])
def test_list_of_addresses_cannot_be_configured_as_a_source(tmp_path: Path, key: str) -> None:
    for number, root in enumerate((registry, with_agreement)):
        place = tmp_path / str(number)
        place.mkdir()
        message = refusal(root(place, **{key: ["https://example.org"]}))
        assert f"{key} (crawl_source)" in message
        assert "let the institution deliver its texts" in message


def test_agreement_that_says_little_may_be_used_at_every_edge_and_anywhere(tmp_path: Path) -> None:
    agreement = read_institution(registry(tmp_path), "archivo-uno").agreements[0]
    assert agreement.stages == tuple(Edge)
    assert agreement.residency == agreement.weights_residency == ()


def test_a_day_that_no_calendar_has_is_refused(tmp_path: Path) -> None:
    path = registry(tmp_path) / "partners" / "archivo-uno.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("'2025-01-01'", "2025-02-30"), encoding="utf-8")
    assert "archivo-uno.yaml is not valid YAML in UTF-8: day is out of range for month" in refusal(tmp_path)


@pytest.mark.parametrize("id_", ["AU-2025-01", "au 2025", "au/2025", "../au", "-au", "au--1", ""])
def test_agreement_id_that_is_no_name_for_files_and_commands_is_refused(tmp_path: Path, id_: str) -> None:
    assert "agreements (number 1).id" in refusal(with_agreement(tmp_path, id=id_))


@pytest.mark.parametrize(
    ("line", "again", "said"),
    [
        ("  licence: CC0-1.0\n", "  licence: CC-BY-NC-4.0\n", "the key 'licence' stands in line"),
        ("country: AR\n", "country: PE\n", "the key 'country' stands in line"),
    ],
)
def test_a_repeated_key_is_refused_by_file_and_line(tmp_path: Path, line: str, again: str, said: str) -> None:
    path = registry(tmp_path) / "partners" / "archivo-uno.yaml"
    text = path.read_text(encoding="utf-8").replace(line, line + again)
    path.write_text(text, encoding="utf-8")
    number = text.splitlines().index(again.rstrip("\n")) + 1
    message = refusal(tmp_path)
    assert f"archivo-uno.yaml is not valid YAML in UTF-8: line {number}: {said} {number - 1} already" in message
