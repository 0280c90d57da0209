"""Fits the tagger: a linear-chain conditional random field over the features of words, by L-BFGS.

Lafferty, McCallum and Pereira 2001 (conditional random fields); CRFsuite (Okazaki 2007) computes it, in one thread and in the
order of the examples, so the same paragraphs and parameters give the same bytes on the same kind of processor.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pycrfsuite

from latamgpt.curation.name_tagger.features import features_of
from latamgpt.curation.name_tagger.lexicon import LEXICON_NAME, Lexicon, known_of, learn_words, read_persons
from latamgpt.curation.name_tagger.paragraphs import Paragraph
from latamgpt.curation.name_tagger.scoring import AFTER, WEIGHTS_NAME, WEIGHTS_SCHEMA
from latamgpt.curation.name_tagger.swapping import as_written, swapped
from latamgpt.curation.name_tagger.words import LABELS
from latamgpt.params import NameTaggerParams
from latamgpt.store import write_json
from latamgpt.table_format import write_table

ORDINARY = Path(__file__).parent.parent / "language_samples"


def fit(paragraphs: Sequence[Paragraph], params: NameTaggerParams, folder: Path) -> Lexicon:
    """Learn from paragraphs, as they are and with names swapped, and write the model and its lexicon into a folder.

    Cost: some 45 s of one processor for 2,400 paragraphs, a copy of each and 60 steps.
    """
    lexicon = learn_words(paragraphs, ordinary_lines(), read_persons(), params.min_confidence)
    known = known_of(lexicon)
    trainer = pycrfsuite.Trainer(verbose=False)  # pyright: ignore[reportAttributeAccessIssue]
    trainer.select("lbfgs")
    trainer.set_params(
        {"c1": params.l1, "c2": params.l2, "max_iterations": params.max_steps, "feature.possible_transitions": True}
    )
    for example in (*map(as_written, paragraphs), *swapped(paragraphs, params.swapped_copies, params.seed)):
        trainer.append(features_of(example.words, known, example.own), example.labels)
    with TemporaryDirectory(dir=folder) as scratch:
        model = Path(scratch) / "model.crfsuite"
        trainer.train(str(model))
        write_table(folder / WEIGHTS_NAME, _weights(model))
    write_json(folder / LEXICON_NAME, lexicon)
    return lexicon


def _weights(model: Path) -> pa.Table:
    """CRFsuite's model as rows of WEIGHTS_SCHEMA, sorted by feature."""
    tagger = pycrfsuite.Tagger()  # pyright: ignore[reportAttributeAccessIssue]
    tagger.open(str(model))
    info = tagger.info()
    rows: dict[str, list[float]] = {}
    for (feature, label), weight in info.state_features.items():
        rows.setdefault(feature, [0.0] * len(LABELS))[LABELS.index(label)] = weight
    for (before, label), weight in info.transitions.items():
        rows.setdefault(f"{AFTER}{before}", [0.0] * len(LABELS))[LABELS.index(label)] = weight
    tagger.close()
    features = sorted(rows)
    return pa.table({"feature": features, "weights": [rows[feature] for feature in features]}, WEIGHTS_SCHEMA)


def ordinary_lines() -> Iterable[str]:
    """Running text in all our languages: what stands in it in small letters is a word and no name."""
    for path in sorted(ORDINARY.glob("*.txt")):
        yield from path.read_text(encoding="utf-8").splitlines()
