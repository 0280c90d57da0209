"""The shards gate: each of its expectations is broken once."""

import pytest
from tokenizers import Tokenizer, decoders, models

from latamgpt.gates.shards_gate import SpecialTokens, language_rules, piece_rules, profile_rules, run
from latamgpt.params import Params, ShardsGateParams
from latamgpt.store import Workspace
from tests.builders import (
    EOS,
    Row,
    clean_document,
    failed,
    publish_corpus,
    publish_shards,
    publish_tokenizer,
    shard_row,
    train_tokenizer,
)

pytestmark = pytest.mark.usefixtures("without_data_docs")

EOS_ID, UNKNOWN, VOCAB_SIZE = 0, 1, 100
SMALL = ShardsGateParams(min_tokens=8, max_unknown_token_share=0.1, max_tokens_per_byte=0.8, max_held_out_run_share=0.5)
DOC_IDS = [str(clean_document(n)["doc_id"]) for n in range(3)]


def letters() -> Tokenizer:
    """A tokenizer each of whose tokens stands for one character."""
    vocabulary = {EOS: EOS_ID, "<unk>": UNKNOWN} | {chr(32 + n): n for n in range(2, VOCAB_SIZE)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.add_special_tokens([EOS])
    tokenizer.decoder = decoders.Fuse()
    return tokenizer


def train() -> list[Row]:
    """A document of two pieces and one of one."""
    return [
        shard_row(DOC_IDS[0], [5, 6, 7, 8]),
        shard_row(DOC_IDS[0], [9, EOS_ID], piece=1),
        shard_row(DOC_IDS[1], [7, 8, EOS_ID]),
    ]


def held_out() -> list[Row]:
    return [shard_row(DOC_IDS[2], [9, 9, EOS_ID])]


def fails(workspace: Workspace, params: Params, trained: list[Row], kept_back: list[Row]) -> set[str]:
    """The expectations that fail for these shards of a corpus of three documents."""
    publish_corpus(workspace, [clean_document(n) for n in range(3)])
    publish_tokenizer(workspace, letters(), UNKNOWN)
    publish_shards(workspace, trained, kept_back)
    report = run(workspace, params.model_copy(update={"shards_gate": SMALL}))
    assert report.passed == (failed(report) <= {"values_to_be_between tokens_per_byte"})
    return failed(report)


def test_gate_passes_for_whole_shards(workspace: Workspace, params: Params) -> None:
    assert fails(workspace, params, train(), held_out()) == set()


LEAK = shard_row(DOC_IDS[2], [9, 9, EOS_ID], piece=0)
LONG = list(range(2, 96))  # 94 bytes: 31 runs

BROKEN: list[tuple[list[Row], list[Row], set[str]]] = [
    ([*train(), train()[0]], held_out(), {"compound_columns_to_be_unique"}),
    ([*train(), shard_row("f" * 64, [4, EOS_ID])], held_out(), {"max_to_be_between num_documents_from_nowhere"}),
    (train(), [], {"max_to_be_between num_documents_left_out"}),
    (
        [*train(), LEAK],
        held_out(),
        {"max_to_be_between num_documents_on_both_sides", "compound_columns_to_be_unique"},
    ),
    ([*train()[:2], shard_row(DOC_IDS[1], [7, 8, VOCAB_SIZE, EOS_ID])], held_out(), {"values_to_be_between highest_token"}),
    ([*train()[:2], shard_row(DOC_IDS[1], [7, UNKNOWN, UNKNOWN, EOS_ID])], held_out(), {"max_to_be_between unknown_share"}),
    ([*train()[:2], shard_row(DOC_IDS[1], [7, 8])], held_out(), {"max_to_be_between num_documents_without_end"}),
    ([*train()[:2], shard_row(DOC_IDS[1], [7, EOS_ID, 8, EOS_ID])], held_out(), {"max_to_be_between num_ends_inside_documents"}),
    (
        [train()[0], *train()[2:], shard_row(DOC_IDS[0], [9, EOS_ID], piece=2)],
        held_out(),
        {"max_to_be_between num_pieces_missing"},
    ),
    (
        [*train()[:2], shard_row(DOC_IDS[1], [])],
        held_out(),
        {
            "values_to_be_between num_tokens",
            "max_to_be_between num_documents_without_end",
            "min_to_be_between num_train_tokens",
        },
    ),
    ([shard_row(DOC_IDS[0], [5, EOS_ID]), train()[2]], held_out(), {"min_to_be_between num_train_tokens"}),
    (
        [*train()[:2], shard_row(DOC_IDS[1], [*LONG, EOS_ID])],
        [shard_row(DOC_IDS[2], [*LONG, EOS_ID])],
        {"max_to_be_between held_out_run_share"},
    ),
    (train(), [held_out()[0] | {"num_bytes": 2, "language": "arn"}], {"values_to_be_between tokens_per_byte"}),
]


@pytest.mark.parametrize(("trained", "kept_back", "broken"), BROKEN, ids=["+".join(sorted(broken)) for _, _, broken in BROKEN])
def test_gate_fails_where_shards_break_it(
    workspace: Workspace, params: Params, trained: list[Row], kept_back: list[Row], broken: set[str]
) -> None:
    assert fails(workspace, params, trained, kept_back) == broken


@pytest.mark.parametrize(("num_shared", "broken"), [(78, set()), (79, {"max_to_be_between held_out_run_share"})])
def test_at_most_half_of_the_held_out_runs_may_stand_in_training(
    workspace: Workspace, params: Params, num_shared: int, broken: set[str]
) -> None:
    trained = [*train()[:2], shard_row(DOC_IDS[1], [*LONG[:num_shared], 7, EOS_ID])]
    kept_back = [shard_row(DOC_IDS[2], [*LONG, EOS_ID])]  # 78 shared tokens hold 15 of its 31 runs
    assert fails(workspace, params, trained, kept_back) == broken


def test_a_run_over_two_pieces_of_a_document_counts(workspace: Workspace, params: Params) -> None:
    in_pieces = [shard_row(DOC_IDS[1], LONG[:40]), shard_row(DOC_IDS[1], [*LONG[40:], EOS_ID], piece=1)]
    kept_back = [shard_row(DOC_IDS[2], [*LONG, EOS_ID])]
    assert fails(workspace, params, [*train()[:2], *in_pieces], kept_back) == {"max_to_be_between held_out_run_share"}


def test_the_share_of_held_out_runs_is_the_same_for_every_vocabulary(workspace: Workspace, params: Params) -> None:
    shared = "Kay pachapi tukuy runakunam qispisqa paqarinku, huk kaqlla kawsaytam munanku, ñoqanchik hina."
    texts = [f"Ñawpaqta willasaq: {shared} Chaymanta hamun.", f"Huk punchaw nirqa: {shared} Manañam kutimunchu."]
    observed: set[str] = set()
    num_tokens: set[int] = set()
    for vocab_size in (258, 320):
        tokenizer = train_tokenizer(texts, vocab_size)
        encoded = [[*tokenizer.encode(text).ids, EOS_ID] for text in texts]
        publish_corpus(workspace, [clean_document(n, text=text) for n, text in enumerate(texts)])
        publish_tokenizer(workspace, tokenizer)
        publish_shards(workspace, [shard_row(DOC_IDS[0], encoded[0])], [shard_row(DOC_IDS[1], encoded[1])])
        report = run(workspace, params.model_copy(update={"shards_gate": SMALL}))
        observed |= {e.observed for e in report.expectations if e.arguments.get("column") == "held_out_run_share"}
        num_tokens.add(report.counts["num_train_tokens"])
    assert len(num_tokens) == 2
    num_shared, num_runs = (len(text.encode()) - 63 for text in (f": {shared} ", texts[1]))
    assert observed == {f"{num_shared / num_runs:.6g}"}


def test_every_expectation_of_the_gate_is_broken_by_a_test() -> None:
    special = SpecialTokens(VOCAB_SIZE, EOS_ID, UNKNOWN)
    rules = [*piece_rules(special), *language_rules(SMALL), *profile_rules(SMALL)]
    names = {f"{r.kind.removeprefix('expect_').removeprefix('column_')} {r.arguments.get('column', '')}".strip() for r in rules}
    assert names == set().union(*(broken for _, _, broken in BROKEN))
