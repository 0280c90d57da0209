import random
from datetime import date
from hashlib import sha256
from itertools import combinations
from itertools import permutations as permutations_of
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latamgpt.curation.duplicates import (
    Kind,
    Reason,
    find_duplicates,
)
from latamgpt.curation.linking import MAX_NEIGHBOURS, band_keys, groups, plain_groups
from latamgpt.curation.minhash import BASE, EMPTY, GOLDEN, MIX_1, MIX_2, permutations, shingle_hashes, signature, similarity
from latamgpt.records import CLEAN_DOCUMENT_SCHEMA
from latamgpt.registry.breadth import Breadth
from latamgpt.registry.edges import Terms
from latamgpt.store import rows_to_table
from tests.curation.documents import PORTUGUESE, SPANISH, Row, document

PERMUTATIONS, BANDS, SHINGLE, SEED = 112, 28, 5, 7
TERMS = "río monte casa abuela fruta camino sol viento piedra pueblo mercado lluvia noche caballo maíz canto fuego"
BITS_32, BITS_64 = (1 << 32) - 1, (1 << 64) - 1


def plain_mix(value: int) -> int:
    value = ((value ^ (value >> 30)) * MIX_1) & BITS_64
    value = ((value ^ (value >> 27)) * MIX_2) & BITS_64
    return value ^ (value >> 31)


def plain_shingles(text: str, width: int) -> set[int]:
    """The hashes of shingles, in plain Python."""
    spaced = "".join(char if char.isalnum() or ord(char) >= 0xFFFF else " " for char in text.lower())
    words = [plain_mix(sum(ord(char) * BASE**i for i, char in enumerate(word)) & BITS_64) for word in spaced.split()]
    hashes: set[int] = set()
    for start in range(max(0, len(words) - min(width, len(words)) + 1) if words else 0):
        value = 0
        for word in words[start : start + width]:
            value = (value * GOLDEN + word) & BITS_64
        hashes.add(plain_mix(value) >> 32)
    return hashes


def plain_signature(text: str, count: int, width: int, seed: int) -> list[int]:
    multipliers, offsets = permutations(count, seed)
    shingles = plain_shingles(text, width)
    pairs = zip(multipliers.tolist(), offsets.tolist(), strict=True)
    return [min(((a * s + b) & BITS_32 for s in shingles), default=int(EMPTY)) for a, b in pairs]


def prose(draw: random.Random, words: int = 120) -> str:
    return " ".join(draw.choice(TERMS.split()) for _ in range(words))


def changed(text: str, draw: random.Random, places: int) -> str:
    words = text.split()
    for place in draw.sample(range(len(words)), places):
        words[place] = "otra"
    return " ".join(words)


def clean(text: str, **changes: object) -> Row:
    quality = changes.pop("quality", 900)
    row = document(text, **changes)
    return row | {
        "language": "es",
        "language_confidence": 1.0,
        "variety": "es-PE",
        "second_language": "",
        "second_language_share": 0.0,
        "has_voseo": False,
        "num_bytes": len(text.encode()),
        "quality": quality,
        "num_personal_data": 0,
        "text_sha256": sha256(text.encode()).hexdigest(),
        "signature": signature(text, PERMUTATIONS, SHINGLE, SEED),
    }


def table_of(rows: list[Row]) -> pa.Table:
    return rows_to_table(rows, CLEAN_DOCUMENT_SCHEMA)


def answer(table: pa.Table) -> dict[str, tuple[str, str]]:
    ids = table.column("doc_id").to_pylist()
    return {ids[d.dropped]: (ids[d.kept], str(d.kind)) for d in find_duplicates(table, BANDS, 0.55)}


@pytest.mark.parametrize(
    "text", ["", "uno", "uno dos", "Uno, DOS; tres cuatro", SPANISH, PORTUGUESE * 3, "k'iche' g̃ua ñe’ẽ 𐐀𐐁 ꞌyo 12 casas más allá"]
)
@pytest.mark.parametrize("width", [1, 5])
def test_signatures_are_those_of_plain_python(text: str, width: int) -> None:
    assert set(shingle_hashes(text, width).tolist()) == plain_shingles(text, width)
    assert signature(text, 16, width, SEED).tolist() == plain_signature(text, 16, width, SEED)


@given(st.text(max_size=80), st.integers(1, 6))
def test_shingles_of_any_text_are_those_of_plain_python(text: str, width: int) -> None:
    assert set(shingle_hashes(text, width).tolist()) == plain_shingles(text, width)


def test_a_signature_is_the_same_for_ever() -> None:
    """Published signatures are compared with new ones: another value here makes old corpora unreadable."""
    assert signature("el río no sabía adónde iba y preguntó", 4, 5, 7).tolist() == GOLDEN_SIGNATURE


GOLDEN_SIGNATURE = [1258210627, 282546190, 1214240066, 1211907097]


def test_case_and_punctuation_do_not_matter_to_a_signature() -> None:
    assert np.array_equal(signature("¡Uno, dos! Tres.", 16, 2, 1), signature("uno dos\ntres", 16, 2, 1))
    assert not np.array_equal(signature("uno dos tres", 16, 2, 1), signature("uno dos tres", 16, 2, 2))


def test_a_text_without_words_has_the_empty_signature() -> None:
    assert signature("... !", 8, 5, 7).tolist() == [EMPTY] * 8


def test_similarity_estimates_jaccard() -> None:
    draw = random.Random(4)
    for places in (1, 3, 8):
        first = prose(draw, 200)
        second = changed(first, draw, places)
        a, b = plain_shingles(first, 5), plain_shingles(second, 5)
        estimate = similarity(signature(first, 512, 5, 7), signature(second, 512, 5, 7))
        assert abs(estimate - len(a & b) / len(a | b)) < 0.08


def test_estimates_spread_no_more_than_those_of_independent_hashes() -> None:
    draw = np.random.Generator(np.random.PCG64(5))
    multipliers, offsets = permutations(PERMUTATIONS, SEED)
    for num_shingles, share in ((40, 0.5), (300, 0.8), (2000, 0.55)):
        errors: list[float] = []
        for _ in range(400):
            shingles = draw.integers(0, 1 << 32, num_shingles, dtype=np.uint32)
            kept = round(num_shingles * 2 * share / (1 + share))
            other = np.concatenate([shingles[:kept], draw.integers(0, 1 << 32, num_shingles - kept, dtype=np.uint32)])
            first, second = ((multipliers[:, None] * some[None] + offsets[:, None]).min(axis=1) for some in (shingles, other))
            errors.append(float(np.mean(first == second)) - kept / (2 * num_shingles - kept))
        independent = np.sqrt(share * (1 - share) / PERMUTATIONS)
        assert abs(np.mean(errors)) < 4 * independent / np.sqrt(len(errors))
        assert np.std(errors) < 1.1 * independent


def test_lsh_finds_what_comparing_all_pairs_finds() -> None:
    draw = random.Random(2)
    texts: list[str] = []
    for _ in range(40):
        original = prose(draw)
        texts += [original, changed(original, draw, draw.randint(1, 4)), prose(draw)]
    signatures = np.stack([signature(text, PERMUTATIONS, SHINGLE, SEED) for text in texts])
    linked = [[i, j] for i, j in combinations(range(len(texts)), 2) if similarity(signatures[i], signatures[j]) >= 0.55]
    found = groups(signatures, BANDS, 0.55).tolist()
    assert len(linked) >= 30
    assert found == flooded(len(texts), linked)


def flooded(count: int, pairs: list[list[int]]) -> list[int]:
    group = list(range(count))
    for _ in range(count):
        for a, b in pairs:
            group[a] = group[b] = min(group[a], group[b])
    return group


def test_documents_share_a_key_where_they_share_a_band() -> None:
    draw = np.random.Generator(np.random.PCG64(3))
    signatures = draw.integers(0, 3, (60, 8), dtype=np.uint32)
    for band in range(4):
        keys = band_keys(signatures, band, 4)
        for i, j in combinations(range(60), 2):
            same = (signatures[i].reshape(4, 2)[band] == signatures[j].reshape(4, 2)[band]).all()
            assert (keys[i] == keys[j]) == same


@given(st.lists(st.lists(st.integers(0, 2), min_size=8, max_size=8), max_size=40), st.sampled_from((0.0, 0.4, 0.5, 0.75, 1.0)))
def test_groups_are_those_of_comparing_every_pair_that_shares_a_key(rows: list[list[int]], least: float) -> None:
    signatures = np.array(rows, np.uint32).reshape(-1, 8)
    assert groups(signatures, 4, least).tolist() == plain_groups(signatures, 4, least).tolist()


def test_a_key_shared_by_thousands_links_them_all() -> None:
    assert set(groups(np.zeros((3000, 8), np.uint32), 2, 1.0).tolist()) == {0}


def test_signatures_may_lie_on_a_disk(tmp_path: Path) -> None:
    draw = np.random.Generator(np.random.PCG64(5))
    signatures = draw.integers(0, 4, (500, 8), dtype=np.uint32)
    on_disk = np.memmap(tmp_path / "signatures", np.uint32, "w+", shape=signatures.shape)
    on_disk[:] = signatures
    assert groups(on_disk, 4, 0.5).tolist() == groups(signatures, 4, 0.5).tolist()


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_documents_have_no_duplicates(count: int) -> None:
    assert answer(table_of([clean(SPANISH)][:count])) == {}


BROAD, NARROW = Breadth(3, True, -2), Breadth(3, True, -3)
BREADTHS = {Terms("a-partner", "aq-1", "CC0-1.0"): NARROW, Terms("b-partner", "aq-1", "CC-BY-4.0"): BROAD}


def why(rows: list[Row]) -> dict[object, tuple[object, str]]:
    table = table_of(rows)
    ids = table.column("doc_id").to_pylist()
    return {ids[d.dropped]: (ids[d.kept], d.reason) for d in find_duplicates(table, BANDS, 0.55, BREADTHS)}


def test_of_copies_the_broadest_rights_stay_then_the_best_quality_then_the_lowest_id() -> None:
    """In spite of all that used to decide: date, partner, delivery, path."""
    near = SPANISH.replace("despacio", "lento")
    first = {"partner": "a-partner", "delivery_date": date(2026, 1, 1), "path": "1.txt"}
    last = {"partner": "b-partner", "delivery_date": date(2026, 5, 1), "path": "9.txt", "licence": "CC-BY-4.0"}
    rows = [
        clean(SPANISH, doc_id="1", quality=999, **first),
        clean(near, doc_id="2", quality=800, **last),
        clean(SPANISH, doc_id="4", quality=801, **last),
        clean(near, doc_id="3", quality=801, **last),
    ]
    for order in permutations_of(rows):
        assert why(list(order)) == {"1": ("3", Reason.RIGHTS), "2": ("3", Reason.QUALITY), "4": ("3", Reason.ID)}


def test_who_is_linked_does_not_hang_on_who_wins() -> None:
    """Of those that share a key each is held against a few before it; which these are must not change with the quality."""
    draw = np.random.Generator(np.random.PCG64(8))
    rows: list[Row] = []
    for number in range(3 * MAX_NEIGHBOURS):
        signed = np.r_[np.zeros(56, np.uint32), draw.integers(0, 9, 56, dtype=np.uint32)]
        rows.append(clean(f"{number}", doc_id=f"{number:04}") | {"signature": signed.tolist()})

    def clusters(qualities: list[int]) -> set[frozenset[object]]:
        table = table_of([row | {"quality": quality} for row, quality in zip(rows, qualities, strict=True)])
        members: dict[int, set[object]] = {}
        for one in find_duplicates(table, BANDS, 0.61):
            members.setdefault(one.kept, {one.kept}).add(one.dropped)
        return {frozenset(one) for one in members.values()}

    found = clusters([900] * len(rows))
    assert len(found) > 1
    for _ in range(5):
        assert clusters(draw.permutation(len(rows)).tolist()) == found


def test_a_chain_of_near_duplicates_is_one_group() -> None:
    draw = random.Random(9)
    first = prose(draw, 150)
    second = changed(first, draw, 3)
    third = changed(second, draw, 3)
    rows = [clean(text, quality=900 - place) for place, text in enumerate((first, second, third))]
    found = answer(table_of(rows))
    assert found == {rows[1]["doc_id"]: (rows[0]["doc_id"], "near"), rows[2]["doc_id"]: (rows[0]["doc_id"], "near")}
    assert {d.kind for d in find_duplicates(table_of(rows), BANDS, 0.55)} == {Kind.NEAR}


@settings(max_examples=15)
@given(st.permutations(range(12)))
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    draw = random.Random(1)
    originals = [prose(draw, 40) for _ in range(4)]
    texts = originals + originals[:4] + [changed(text, draw, 1) for text in originals]
    rows = [clean(text, delivery=f"d{n % 3}", path=f"{n}.txt", quality=900 + n % 2) for n, text in enumerate(texts)]
    assert answer(table_of([rows[n] for n in order])) == answer(table_of(rows))
