"""What is wrong with a value is said in plain words: the field, the value, what to do."""

from datetime import date
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from latamgpt.errors import OperatorError
from latamgpt.params import read_params
from latamgpt.registry.partners import read_institution
from latamgpt.yaml_files import explain_validation
from tests.builders import INSTITUTION, PARTNER
from tests.conftest import ROOT

PROGRAMMERS_WORDS = ("input", "string", "tuple", "parse", "instance", "validation", "None", "True", "False", "pydantic")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("max_file_bytes: 67108864", "max_file_bytes: mucho", "documents.max_file_bytes: asks for a whole number, found 'mucho'"),
        ("max_file_bytes: 67108864", "max_file_bytes: 0", "documents.max_file_bytes: has to be above 0, found 0"),
        ("min_page_confidence: 0.9", "min_page_confidence: 90", "min_page_confidence: has to be 1.0 or less, found 90"),
        ('as_of: "2026-11-21"', "as_of: ayer", "rights.as_of: asks for a day, as in 2027-12-31, found 'ayer'"),
        ("  - academia-quechua", "  - 7", "partners (number 1): asks for words (a number or a date among quotes), found 7"),
        ("precision: fp32", "precision: fp8", "checkpoint.precision: has to be 'fp32' or 'bf16', found 'fp8'"),
        ("country: CL", "country: Chile", "place.country: asks for a country by its two capital letters, as in CL, or nothing"),
        ("docs_per_task: 256", "", "clean_documents.docs_per_task: is missing"),
        ("docs_per_task: 256", "docs_per_tasks: 256", "clean_documents.docs_per_tasks: there is no such key"),
        (
            "name: latam-gpt-sample",
            "name:",
            "release_candidate.name: asks for words (a number or a date among quotes), found nothing",
        ),
    ],
)
def test_a_wrong_parameter_is_explained(tmp_path: Path, before: str, after: str, said: str) -> None:
    written = (ROOT / "params.yaml").read_text(encoding="utf-8")
    assert before in written
    (tmp_path / "params.yaml").write_text(written.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(OperatorError) as error:
        read_params(tmp_path)
    assert said in str(error.value)
    assert "Nothing was run. Mend the file" in str(error.value)
    assert not any(word in str(error.value).replace(str(tmp_path), "") for word in PROGRAMMERS_WORDS)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("purposes", [], "agreements (number 1).purposes: is empty, and something has to stand there"),
        ("purposes", ["entrenar"], "agreements (number 1).purposes (number 1): has to be 'train', 'evaluate'"),
        ("purposes", "train", "agreements (number 1).purposes: asks for a list"),
        ("valid_from", "1 de marzo", "agreements (number 1).valid_from: asks for a day, as in 2027-12-31, found '1 de marzo'"),
        ("residency", ["Chile"], "agreements (number 1).residency (number 1): asks for a country (CL) or a site (tarapaca)"),
        ("labels", ["tk_attribution"], "labels are a community's, and labels_by does not say whose"),
        ("valid_until", date(2020, 1, 1), "valid_until: lies before valid_from, 2025-03-01, found 2020-01-01"),
        ("title", True, "title: asks for words (a number or a date among quotes), found true"),
    ],
)
def test_a_wrong_agreement_is_explained(tmp_path: Path, field: str, value: object, said: str) -> None:
    values = yaml.safe_load(INSTITUTION)
    values["agreements"][0][field] = value
    (tmp_path / "partners").mkdir()
    (tmp_path / "partners" / f"{PARTNER}.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    with pytest.raises(OperatorError) as error:
        read_institution(tmp_path, PARTNER)
    assert said in str(error.value)
    assert not any(word in str(error.value).replace(str(tmp_path), "") for word in PROGRAMMERS_WORDS)


def test_a_list_of_wrong_words_is_not_called_empty_as_well(tmp_path: Path) -> None:
    values = yaml.safe_load(INSTITUTION)
    values["agreements"][0]["purposes"] = ["entrenar"]
    (tmp_path / "partners").mkdir()
    (tmp_path / "partners" / f"{PARTNER}.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    with pytest.raises(OperatorError) as error:
        read_institution(tmp_path, PARTNER)
    assert "found 'entrenar'" in str(error.value)
    assert "is empty" not in str(error.value)


def test_a_long_value_is_not_repeated_whole() -> None:
    class One(BaseModel):
        number: int

    with pytest.raises(ValidationError) as error:
        One.model_validate({"number": "x" * 500 + "\x1b"})
    said = explain_validation("a file", error.value)
    assert "461 characters more" in said
    assert "\x1b" not in said
