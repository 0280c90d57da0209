import struct
import sys
from collections import Counter
from hashlib import sha256
from math import log
from pathlib import Path

import pytest

from latamgpt.curation.cleaning import decide_language
from latamgpt.curation.identifiers import Cld2, FastText, Second, confirm, editions, in_force
from latamgpt.curation.language import MAX_WINDOWS, WINDOW_CHARS, Identified, samples, shipped_model
from latamgpt.errors import OperatorError
from latamgpt.params import CleanDocumentsParams, IdentifierName, Params
from tests.curation.documents import ENGLISH, PORTUGUESE, QUECHUA, SPANISH

CATALAN = (
    "L'àvia explicava que el riu baixava a poc a poc els anys de sequera, i que aleshores la gent del poble el travessava a peu "
    "per dur la fruita al mercat. Ningú no tenia pressa, perquè el camí era llarg i el sol no perdonava els qui corrien."
)
MAPUDUNGUN = "Kom pu che kisu günen may mülen, kom ka kiñewley tañi yamnieael ka kom rakiduamnieyngün."


class Says:
    """Sees languages as it is told, and remembers what it was asked."""

    def __init__(self, languages: dict[str, str]) -> None:
        self.languages = languages
        self.asked: list[str] = []

    def identify(self, text: str) -> Identified:
        self.asked.append(text)
        return Identified(next((language for word, language in self.languages.items() if word in text), "und"), 1.0)


def second(languages: dict[str, str], texts: dict[str, str]) -> Second:
    return Second("other", "1", Says(languages), texts)


@pytest.mark.parametrize(
    ("seen", "language", "text", "against"),
    [
        ("agrees", "es", "casa", ""),
        ("is not sure of any", "es", "nada", ""),
        ("knows Spanish and sees Catalan", "es", "nit", "ca"),
        ("does not know Wayuu, and says Xhosa of it also where it is sure to be Wayuu", "guc", "wayuu xhosa", ""),
        ("does not know Wayuu, and never says Catalan of it", "guc", "nit", "ca"),
    ],
)
def test_a_second_identifier_speaks_against_the_model_where_it_is_worth_something(
    seen: str, language: str, text: str, against: str
) -> None:
    told = {"casa": "es", "nit": "ca", "xhosa": "xh"}
    assert second(told, {"es": "casa\ncasa\nnit", "guc": "wayuu\nwayuu\nwayuu xhosa"}).against(language, text) == against, seen


def test_a_long_text_is_shown_to_it_in_the_passages_that_the_model_read() -> None:
    other = second({"casa": "es"}, {"es": "casa"})
    text = "casa " * 100_000
    confirm(Identified("es", 0.9), text, [other])
    assert isinstance(other.identifier, Says)
    assert MAX_WINDOWS * (WINDOW_CHARS - 8) < len(other.identifier.asked[0]) < MAX_WINDOWS * (WINDOW_CHARS + 8)


@pytest.fixture(scope="module")
def cld2() -> Second:
    pytest.importorskip("pycld2", reason="pycld2 has no wheel for this machine")
    return Second("cld2", "", Cld2(), samples())


def test_cld2_knows_seven_of_our_languages_and_not_mapudungun(cld2: Second) -> None:
    assert cld2.heard.known == {"ayr", "en", "es", "gug", "hat", "pt", "que"}
    assert cld2.against("arn", MAPUDUNGUN) == ""


@pytest.mark.parametrize(
    ("text", "language"), [(SPANISH, "es"), (PORTUGUESE, "pt"), (ENGLISH, "en"), (QUECHUA, "que"), (CATALAN, "ca")]
)
def test_cld2_reads_plain_text_also_with_what_it_refuses(cld2: Second, text: str, language: str) -> None:
    assert cld2.identifier.identify(text).language == language
    assert cld2.identifier.identify(f"{text}\x00\x08\ufdd0\U0001fffe 12 !").language == language
    assert cld2.identifier.identify("").language == "und"


def test_what_the_model_takes_for_spanish_and_is_catalan_goes_to_people(cld2: Second) -> None:
    found = shipped_model().identify(CATALAN)
    assert (found.language, found.confidence > 0.9) == ("es", True)
    verdict = decide_language("und", confirm(found, CATALAN, [cld2]), 200, 0.6)
    assert (verdict.language, verdict.doubt) == ("und", "language_undetermined")
    assert verdict.detail.endswith(", while cld2 sees ca")
    declared = decide_language("ca", confirm(found, CATALAN, [cld2]), 200, 0.6)
    assert (declared.language, declared.doubt) == ("ca", "")


def write_fasttext(path: Path, texts: dict[str, str]) -> str:
    """Naive Bayes over words as a fastText file: one dimension per label, a word's vector its log-probabilities; its sha256."""
    counts = {label: Counter(text.lower().split()) for label, text in texts.items()}
    words = sorted({word for of in counts.values() for word in of})
    entries = [(word, 0) for word in words] + [(f"__label__{label}", 1) for label in texts]
    args = (len(texts), 5, 1, 1, 5, 1, 3, 3, 0, 0, 0, 100)  # softmax, supervised, no subwords
    raw = struct.pack("<ii12id", 793712314, 12, *args, 1e-4)
    raw += struct.pack("<iiiqq", len(entries), len(words), len(texts), sum(of.total() for of in counts.values()), -1)
    raw += b"".join(name.encode() + struct.pack("<xqb", 1, kind) for name, kind in entries)
    rows = [[log((of[word] + 0.1) / (of.total() + 0.1 * len(words))) for of in counts.values()] for word in words]
    raw += struct.pack(f"<?qq{len(words) * len(texts)}f", False, len(words), len(texts), *(cell for row in rows for cell in row))
    identity = [20.0 * (i == j) for i in range(len(texts)) for j in range(len(texts))]  # the mean of words counts as 20 of them
    raw += struct.pack(f"<?qq{len(identity)}f", False, len(texts), len(texts), *identity)
    path.write_bytes(raw)
    return sha256(raw).hexdigest()


LABELS = {"spa_Latn": "es", "por_Latn": "pt", "quy_Latn": "que", "grn_Latn": "gug"}


def with_fasttext(params: Params, digest: str) -> CleanDocumentsParams:
    return CleanDocumentsParams.model_validate(
        params.clean_documents.model_dump() | {"language_identifiers": ("fasttext",), "fasttext_sha256": digest}
    )


def test_a_fasttext_model_of_the_site_s_is_one_of_the_identifiers(tmp_path: Path, params: Params) -> None:
    pytest.importorskip("fasttext", reason="fasttext-predict is not installed: pip install latamgpt[fasttext]")
    path = tmp_path / "model.bin"
    digest = write_fasttext(path, {label: samples()[code] for label, code in LABELS.items()})
    (found,) = in_force(with_fasttext(params, digest), str(path))
    seen = [found.identifier.identify(text.replace(" ", "\n")).language for text in (SPANISH, PORTUGUESE, QUECHUA, "")]
    assert seen[:3] == ["es", "pt", "que"]
    assert found.heard.known == set(LABELS.values())
    assert confirm(Identified("pt", 0.9), SPANISH, [found]).against == "fasttext sees es"
    assert confirm(Identified("es", 0.9), SPANISH, [found]).against == ""
    assert editions([found]).rows[1] == ("fasttext", digest)


def test_a_missing_another_or_a_broken_model_stops_the_run_by_name(tmp_path: Path) -> None:
    pytest.importorskip("fasttext", reason="fasttext-predict is not installed: pip install latamgpt[fasttext]")
    path = tmp_path / "model.bin"
    with pytest.raises(OperatorError, match="set fasttext_model in the site"):
        FastText(path, "0" * 64)
    path.write_bytes(b"no model")
    with pytest.raises(OperatorError, match=f"asks for the fastText model with {'0' * 64}"):
        FastText(path, "0" * 64)
    with pytest.raises(OperatorError, match="is no fastText model"):
        FastText(path, sha256(b"no model").hexdigest())


@pytest.mark.parametrize(("module", "make"), [("pycld2", Cld2), ("fasttext", lambda: FastText(Path("a"), "0" * 64))])
def test_a_missing_package_stops_the_run_by_name(monkeypatch: pytest.MonkeyPatch, module: str, make: type[Cld2]) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(OperatorError, match="is not installed here"):
        make()


@pytest.mark.parametrize(("names", "digest"), [(["fasttext"], ""), (["cld2"], "0" * 64)])
def test_a_fasttext_model_is_asked_for_by_its_digest(params: Params, names: list[str], digest: str) -> None:
    with pytest.raises(ValueError, match="fasttext_sha256 is there if, and only if"):
        CleanDocumentsParams.model_validate(
            params.clean_documents.model_dump() | {"language_identifiers": names, "fasttext_sha256": digest}
        )


def test_the_report_names_what_said_which_language() -> None:
    rows = editions([Second("cld2", "pycld2 0.42", Says({}), {})]).rows
    assert [row[0] for row in rows] == ["own", IdentifierName.CLD2]
    assert len(str(rows[0][1])) == 64
    assert rows[1][1] == "pycld2 0.42"
