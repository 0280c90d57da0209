"""A recogniser of names that a site has: a real, tiny token classifier, trained here, saved and loaded as any other."""

from hashlib import sha256
from pathlib import Path

import pytest

from latamgpt.curation.cleaning import Task, clean
from latamgpt.curation.personal_data.recogniser import (
    SUMS_NAME,
    NameRecogniser,
    TokenClassifier,
    edition,
    mask_recognised,
    recogniser_in_force,
)
from latamgpt.errors import OperatorError
from latamgpt.params import CleanDocumentsParams, NameRecogniserParams, NameScope, Params
from latamgpt.registry.languages import thresholds_in_force
from latamgpt.store import list_files
from tests.conftest import ROOT
from tests.curation.documents import document

pytestmark = pytest.mark.slow  # importing transformers takes longer than all of them

GIVEN = ["Rosa", "Juan", "Marta", "Pedro", "Lucía", "Tomás"]
FAMILY = ["Quispe", "Mamani", "Huenchulaf", "Soto", "Pereira", "Catrileo"]
FRAMES = (
    "Ayer llegó {} a la casa del río .",
    "Me llamo {} y nací en Temuco .",
    "La señora {} vendía pan en Santiago .",
    "En el museo de Bogotá estuvo {} con su hermano .",
    "O mercado de São Paulo abria cedo , disse {} .",
)
SENTENCES = [(frame.split(), [GIVEN[n % 6], FAMILY[(n * 5 + 1) % 6], FAMILY[n % 6]]) for n in range(12) for frame in FRAMES]
LABELS = ["O", "B-PER", "I-PER"]


def train(folder: Path, *, steps: int = 60) -> str:
    """A BERT of one layer over whole words that knows these names, in a folder as a site has it; the sha256 of its sums."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast

    torch.manual_seed(0)
    words = sorted({word for frame, name in SENTENCES for word in (*frame, *name)} - {"{}"})
    vocabulary = {word: number for number, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words])}
    plain = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    plain.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    plain.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    marks = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain, model_max_length=64, **marks)
    size = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    config = BertConfig(vocab_size=len(vocabulary), max_position_embeddings=66, id2label=dict(enumerate(LABELS)), **size)
    model = BertForTokenClassification(config)
    optimizer = torch.optim.AdamW(model.parameters(), 5e-3)
    rows, wanted = [], []
    for number, (frame, name) in enumerate(SENTENCES):
        place = frame.index("{}")
        sentence = [*frame[:place], *name, *frame[place + 1 :]]
        labels = [0] * (place + 1) + [1, 2, 2]
        if number % 3 == 0:  # words that it does not know, where names stand, are no names
            sentence[place : place + 3], labels = ["[UNK]"] * 3, []
        ids = [2, *(vocabulary[word] for word in sentence), 3]
        rows.append(ids + [0] * (20 - len(ids)))
        wanted.append(labels + [0] * (20 - len(labels)))
    for _ in range(steps):
        loss = model(input_ids=torch.tensor(rows), labels=torch.tensor(wanted)).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return seal(folder)


def seal(folder: Path) -> str:
    names = [name for name in list_files(folder) if name != SUMS_NAME]
    sums = "".join(f"{sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    (folder / SUMS_NAME).write_text(sums)
    return sha256(sums.encode()).hexdigest()


@pytest.fixture(scope="module")
def site_model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("model")
    return folder, train(folder)


@pytest.fixture(scope="module")
def recogniser(site_model: tuple[Path, str]) -> NameRecogniser:
    return TokenClassifier(*site_model)


def names(recogniser: NameRecogniser, text: str) -> list[str]:
    return [text[span.start : span.end] for span in recogniser.find(text)]


def masked(recogniser: NameRecogniser, text: str, scope: NameScope = NameScope.IN_CONTEXT, least: float = 0.8) -> str:
    from collections import Counter

    counts: Counter[str] = Counter()
    text = mask_recognised(text, recogniser, scope, least, counts)
    assert counts["NAME"] == text.count("[NAME]")
    return text


def test_names_come_whole_with_their_places(recogniser: NameRecogniser) -> None:
    assert names(recogniser, "Ayer llegó Pedro Catrileo Soto a la casa del río.") == ["Pedro Catrileo Soto"]
    assert names(recogniser, "El museo de Bogotá abría.") == []
    assert names(recogniser, "") == []


def test_a_text_longer_than_the_model_is_read_to_its_end(recogniser: NameRecogniser) -> None:
    text = " ".join(["La casa del río ."] * 60 + ["Me llamo Marta Quispe Mamani y nací en Temuco ."])
    assert names(recogniser, text) == ["Marta Quispe Mamani"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Me llamo Rosa Quispe Mamani y nací en Temuco.", "Me llamo [NAME] y nací en Temuco."),
        ("La señora Rosa Quispe Mamani vendía pan.", "La señora [NAME] vendía pan."),
        ("Ayer llegó Rosa Quispe Mamani a la casa.", "Ayer llegó Rosa Quispe Mamani a la casa."),
        ("Ayer llegó Rosa Quispe Mamani a la casa: [PHONE].", "Ayer llegó [NAME] a la casa: [PHONE]."),
        (
            "Ayer llegó Rosa Quispe Mamani.\n\nEn otra parte: [PHONE].",
            "Ayer llegó Rosa Quispe Mamani.\n\nEn otra parte: [PHONE].",
        ),
        ("Me llamo Rosa y nací en Temuco.", "Me llamo Rosa y nací en Temuco."),
    ],
)
def test_in_context_is_behind_a_title_or_an_introduction_or_beside_personal_data(
    recogniser: NameRecogniser, text: str, expected: str
) -> None:
    assert masked(recogniser, text) == expected


def test_a_name_that_was_introduced_goes_in_the_whole_text_and_everywhere_takes_every_one(recogniser: NameRecogniser) -> None:
    text = "Ayer llegó Juan Soto Quispe a la casa. La señora Juan Soto Quispe vendía pan. Disse Pedro Mamani Soto."
    assert masked(recogniser, text) == "Ayer llegó [NAME] a la casa. La señora [NAME] vendía pan. Disse Pedro Mamani Soto."
    assert masked(recogniser, text, NameScope.EVERYWHERE).count("[NAME]") == 3
    assert masked(recogniser, text, NameScope.EVERYWHERE, least=1.0) == text


def with_recogniser(params: Params, digest: str) -> CleanDocumentsParams:
    asked = NameRecogniserParams(sha256=digest, scope=NameScope.IN_CONTEXT, min_confidence=0.8)
    return params.clean_documents.model_copy(update={"name_recogniser": asked})


def test_curation_masks_what_the_site_s_recogniser_finds_and_counts_it(params: Params, site_model: tuple[Path, str]) -> None:
    folder, digest = site_model
    told = (
        " La abuela contaba que el río bajaba despacio y que la gente del pueblo cruzaba a pie para llevar la fruta al mercado."
    )
    row = document(f"Me llamo Rosa Quispe Mamani y nací en Temuco.{told}", ocr_confidence=None)
    chosen = with_recogniser(params, digest)
    (kept,) = clean(Task([row], chosen, thresholds_in_force(ROOT), name_recogniser=str(folder))).kept
    assert str(kept["text"]).startswith("Me llamo [NAME] y nací en Temuco.")
    assert kept["num_personal_data"] == 1
    (plain,) = clean(Task([row], params.clean_documents, thresholds_in_force(ROOT))).kept
    assert "Rosa Quispe Mamani" in str(plain["text"])
    assert edition(chosen.name_recogniser)[0].rows == ((digest, "in_context", 0.8),)
    assert edition(None) == ()


def test_none_is_asked_for_and_none_is_looked_for(params: Params) -> None:
    assert params.clean_documents.name_recogniser is None
    assert recogniser_in_force(None, "/nowhere") is None


def test_a_missing_another_or_a_damaged_recogniser_stops_the_run_by_name(tmp_path: Path, site_model: tuple[Path, str]) -> None:
    with pytest.raises(OperatorError, match="this site has no file"):
        TokenClassifier(tmp_path, "0" * 64)
    folder, digest = site_model
    with pytest.raises(OperatorError, match="Another model finds other names"):
        TokenClassifier(folder, "0" * 64)
    for name in list_files(folder):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(OperatorError, match="the name recogniser is damaged"):
        TokenClassifier(tmp_path, digest)
    with pytest.raises(OperatorError, match="is no token classifier"):
        TokenClassifier(tmp_path, seal(tmp_path))


def test_a_model_without_a_label_for_persons_is_refused(tmp_path: Path, site_model: tuple[Path, str]) -> None:
    folder, _ = site_model
    for name in list_files(folder):
        raw = (folder / name).read_bytes()
        (tmp_path / name).write_bytes(raw.replace(b"-PER", b"-LOC") if name == "config.json" else raw)
    with pytest.raises(OperatorError, match="names no persons: its labels are O, B-LOC, I-LOC"):
        TokenClassifier(tmp_path, seal(tmp_path))
