"""The scorecard's page: the scorecard's numbers and no others, in each language, and nothing that a browser would act on."""

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from latamgpt.evaluation.page.bars import bars
from latamgpt.evaluation.page.differing import Turn, differing, wordings
from latamgpt.evaluation.page.meaning import Verdict, judge, meaning
from latamgpt.evaluation.page.render import render
from latamgpt.evaluation.page.tiles import PLACES, draw_map
from latamgpt.evaluation.page.words import catalogue, words
from latamgpt.evaluation.questions import CANARY
from latamgpt.evaluation.score import Cell, ItemScore, LetterShare, Memorised, PeerColumn, Scorecard, Scored
from latamgpt.pages import Language, decimal
from latamgpt.params import Params
from tests.evaluation.scorecards import (
    BASE,
    CANDIDATE,
    passages,
    planted_items,
    questions,
    scorecard_of,
    wordings_of,
)

ALPHA = 0.05
PARTS = {"difference", "low", "high", "minimum_detectable", "base", "candidate"}


class Page(HTMLParser):
    """What a page shows of each comparison: (value, text) by table row, and by anything else that names a comparison."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: dict[str, dict[str, tuple[str, str]]] = {}
        self.other: list[tuple[str, str, str, str]] = []
        self._cell, self._tag, self._data = "", "", ("", "")
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "data-cell" in found:
            self._cell, self._tag = found["data-cell"], tag
        if tag == "data":
            self._data = (found["data-part"], found["value"])

    def handle_data(self, data: str) -> None:
        part, value = self._data
        if not part:
            return
        if self._tag == "tr":
            self.rows.setdefault(self._cell, {})[part] = (value, data)
        else:
            self.other.append((self._cell, part, value, data))
        self._data = ("", "")


@pytest.fixture(scope="module")
def card(params: Params) -> Scorecard:
    return scorecard_of(planted_items(), params.scorecard)


@pytest.mark.parametrize("language", Language)
def test_page_shows_every_number_of_the_scorecard_and_no_other(card: Scorecard, language: Language) -> None:
    page = Page(render(card, language, wordings_of(card.items)))
    cells = {f"{cell.measure} {cell.group}": cell for cell in card.cells}
    assert set(page.rows) == set(cells)
    for name, shown in page.rows.items():
        assert set(shown) == PARTS
        for part, (value, text) in shown.items():
            must_show(cells[name], part, value, text, language)
    assert page.other
    for name, part, value, text in page.other:
        must_show(cells[name], part, value, text, language)


def must_show(cell: Cell, part: str, value: str, text: str, language: Language) -> None:
    """Both what a program reads and what a person reads is the scorecard's, to the decimals that are shown."""
    assert float(value) == getattr(cell, part)
    plain = text.replace("\u2212", "-")
    number = float(plain.replace(",", "") if language is Language.ENGLISH else plain.replace(".", "").replace(",", "."))
    decimals = len(re.split(r"[.,]", plain)[-1])
    assert decimals in (1, 2, 3)
    assert number == pytest.approx(getattr(cell, part) * meaning(cell.measure).scale, abs=0.5001 * 10**-decimals)


def test_first_sentence_says_what_was_gained_what_was_lost_and_where_nobody_can_tell(card: Scorecard) -> None:
    page = render(card, Language.ENGLISH, {})
    lead = re.search(r'<p class="lead">(.*?)</p>', page)
    assert lead is not None
    assert lead[1] == (
        "Of 6 comparisons, the candidate gained in 2 (Not making things up, Guarani), lost in 1 (Spanish), and in 3 (Culture, "
        "Arithmetic, English) the test cannot tell."
    )
    spanish = render(card, Language.SPANISH, {})
    assert "el modelo candidato ganó en 2 (no inventar, guaraní), perdió en 1 (español), y en 3" in spanish


def test_a_scorecard_without_comparisons_says_so(params: Params) -> None:
    empty = scorecard_of(passages("es", 0.1, num=1), params.scorecard)
    assert empty.cells == ()
    assert words(Language.PORTUGUESE)["nothing_compared"] in render(empty, Language.PORTUGUESE, {})


def test_a_difference_counts_only_beyond_holm_and_outside_of_its_interval(card: Scorecard) -> None:
    gained = next(cell for cell in card.cells if cell.group == "gug")
    assert judge(gained, ALPHA) is Verdict.GAINED  # fewer bits
    assert judge(gained.model_copy(update={"p_holm": 0.05}), ALPHA) is Verdict.UNSURE
    assert judge(gained.model_copy(update={"high": 0.001}), ALPHA) is Verdict.UNSURE
    assert judge(gained.model_copy(update={"measure": "accuracy"}), ALPHA) is Verdict.LOST
    assert judge(gained.model_copy(update={"measure": "abstained"}), ALPHA) is Verdict.CHANGED


def test_map_colours_what_holm_allows_and_hatches_the_rest(card: Scorecard) -> None:
    drawn = draw_map(card.cells, ALPHA, words(Language.ENGLISH))
    assert drawn is not None
    tiles = {tile.code: tile for tile in drawn.tiles}
    assert tiles["AR"].look.startswith("gained")
    assert tiles["CL"].look.startswith("lost")
    assert tiles["PE"].look == "unsure"
    assert tiles["MX"].look == "none"
    assert tiles["AR"].text == "+10.17"
    assert tiles["AR"].says == "Argentina: +10.17 points, between +9.92 and +10.42; Gained"
    assert tiles["MX"].says == "Mexico: not asked"


def test_map_has_a_place_for_each_country_once_and_for_one_that_it_does_not_know(params: Params) -> None:
    assert len(set(PLACES.values())) == len(PLACES)
    assert set(PLACES) == set(catalogue()["countries"])
    drawn = draw_map(scorecard_of(questions("culture/gq", "GQ", 0.1), params.scorecard).cells, ALPHA, words(Language.SPANISH))
    assert drawn is not None
    [tile] = [tile for tile in drawn.tiles if tile.code == "GQ"]
    assert tile.y > max(other.y for other in drawn.tiles if other is not tile)
    assert tile.y < drawn.height


def test_bars_tell_knowing_from_being_wrong_and_from_abstaining() -> None:
    def asked(answer: int, chosen: int) -> Scored:
        [one, *_] = questions("hallucination/uy", "UY", 0.0)
        return one.model_copy(update={"answer": answer, "scores": {BASE: ItemScore(value=0.5, chosen=chosen)}})

    chosen = [asked(1, 1), asked(1, 2), asked(1, 3), asked(1, 1), asked(3, 3), asked(3, 0)]
    everywhere, uruguay = bars(chosen, [BASE, CANDIDATE])
    assert everywhere.country == ""
    assert uruguay.country == "UY"
    assert uruguay.num == 6
    assert uruguay.models == (BASE,)
    assert dict(uruguay.answerable[BASE]) == {"knows": 0.5, "wrong": 0.25, "abstains": 0.25}
    assert dict(uruguay.unanswerable[BASE]) == {"wrong": 0.5, "abstains": 0.5}


def test_items_where_the_models_differ_are_shown_with_words_answer_choices_and_source(card: Scorecard) -> None:
    known = wordings_of(card.items)
    found = differing(card.items, BASE, CANDIDATE, known)
    asked = [item for item in card.items if item.answer is not None]
    assert len(found) == sum(item.scores[BASE].chosen != item.scores[CANDIDATE].chosen for item in asked)
    one = next(each for each in found if each.turn is Turn.GAINED)
    assert one.item.scores[CANDIDATE].chosen == one.item.answer
    page = render(card, Language.SPANISH, known)
    assert page.count('<details class="item"') == len(found)
    [shown] = re.findall(rf'<details class="item"[^>]*>(?:(?!</details>).)*<code>{one.item.item}</code>', page, re.S)[:1]
    wording = known[one.item.task, one.item.item]
    assert wording.prompt in shown
    assert wording.source in shown
    answer = wording.choices[one.item.answer or 0]
    assert re.search(rf"{re.escape(answer)} <b>correcta</b> <i>modelo candidato</i>", shown)


def test_a_question_that_changed_since_is_shown_by_its_id_alone(card: Scorecard) -> None:
    stale = [item.model_copy(update={"asked": "0123456789abcdef"}) for item in card.items]
    page = render(card.model_copy(update={"items": tuple(stale)}), Language.ENGLISH, wordings_of(card.items))
    assert "¿Qué se pregunta" not in page
    assert words(Language.ENGLISH)["text_elsewhere"] in page


def test_names_words_and_settings_are_escaped(params: Params) -> None:
    evil = "<script>alert('x')</script>"
    items = [
        item.model_copy(update={"scores": {evil: item.scores[BASE], CANDIDATE: item.scores[CANDIDATE]}, "country": "CL"})
        for item in questions("culture/cl", "CL", 0.3)
    ]
    card = scorecard_of(items, params.scorecard, base=evil)
    known = {
        name: wording.__class__(evil, (evil, "b", "c", "d"), evil, wording.digest) for name, wording in wordings_of(items).items()
    }
    page = render(card, Language.SPANISH, known)
    assert page.count("<script") == 1  # the page's own
    assert "alert('x')" not in page
    assert "&lt;script&gt;" in page


def test_page_brings_all_it_needs_and_says_not_to_train_on_it(card: Scorecard) -> None:
    page = render(card, Language.PORTUGUESE, wordings_of(card.items))
    assert not re.search(r"(?:src|href)=|@import|https?://", page)
    assert CANARY in page
    assert '<html lang="pt">' in page
    for tag in ("details", "table", "section", "svg", "g", "ul", "li", "ol", "p", "div", "span"):
        assert len(re.findall(rf"<{tag}[ >]", page)) == page.count(f"</{tag}>"), tag


def test_peers_stand_beside_with_their_facts_and_one_that_was_not_run_has_a_reason_and_no_number(card: Scorecard) -> None:
    likelihood = PeerColumn(
        name="likely",
        model="m-1",
        protocol="likelihood",
        licence="MIT",
        first_day="2026-11-02",
        last_day="2026-11-03",
        us_dollars=1.5,
        num_items=60,
        cells=card.cells,
    )
    shares = (LetterShare(group="culture/CL", num_items=20, num_clusters=10, share=0.5, low=0.25, high=0.75),)
    peers = (
        PeerColumn(name="away", model="m-0", protocol="letter", licence="none", not_run="no key is set"),
        likelihood,
        likelihood.model_copy(update={"name": "chatty", "protocol": "letter", "cells": (), "shares": shares}),
    )
    page = render(card.model_copy(update={"peers": peers}), Language.SPANISH, {})
    away, likely, chatty = re.split(r"<h3>(?:away|likely|chatty)</h3>", page)[1:]
    assert "no key is set" in away
    assert not re.search(r"\d", away)
    assert "costó 1,50 dólares" in likely
    assert 'data-cell="likely bits_per_byte gug"' in likely
    assert 'data-cell="likely probability culture/CL"' not in likely  # only what the first sentence counts
    assert "Cultura: Chile" in chatty
    assert "25,0 … 75,0" in chatty


def test_what_a_model_repeats_by_heart_is_told_in_counts(card: Scorecard) -> None:
    told = Memorised(
        partner="archivo-uno",
        seen="training",
        num_passages=4,
        num_tokens=200,
        base_verbatim=3,
        candidate_verbatim=30,
        base_longest=2,
        candidate_longest=11,
        base_exact=0,
        candidate_exact=0,
    )
    page = render(card.model_copy(update={"memorisation": (told,)}), Language.SPANISH, {})
    assert "1,5 → 15,0" in page
    assert "2 → 11" in page
    assert "usados para entrenar" in page


def test_passages_are_never_quoted(card: Scorecard) -> None:
    ids = [item.item for item in card.items if not item.battery]
    page = render(card, Language.SPANISH, wordings_of(card.items))
    assert not [each for each in ids if each in page]


def test_page_of_fifteen_hundred_questions_stays_below_three_megabytes(params: Params) -> None:
    items = [one for n in range(15) for one in questions(f"culture/c{n}", "CL", 0.0, num=100)]
    every = [
        item.model_copy(update={"scores": {BASE: ItemScore(value=0.2, chosen=0), CANDIDATE: ItemScore(value=0.2, chosen=1)}})
        for item in items
    ]
    card = Scorecard(base=BASE, candidate=CANDIDATE, items=tuple(every), cells=())
    page = render(card, Language.SPANISH, wordings())
    longest = render(card, Language.SPANISH, wordings_of(every))
    assert page.count('<details class="item"') == 3000
    assert len(longest.encode()) < 3_000_000
    sample = list(wordings().values())
    mean = sum(len(one.prompt) + sum(map(len, one.choices)) + len(one.source) for one in sample) / len(sample)
    assert len(page.encode()) + 3000 * mean < 3_000_000  # if every question that we have were shown in full


def test_every_word_is_there_in_every_language_and_with_the_same_places() -> None:
    for section, entries in catalogue().items():
        for key, texts in entries.items():
            assert set(texts) == set(Language), (section, key)
            places = [sorted(re.findall(r"\{\w+\}", text)) for text in texts.values()]
            assert all(one == other for one, other in pairwise(places)), (section, key)


def test_decimals_are_written_as_each_language_does() -> None:
    assert decimal(-1234.5, 2, Language.SPANISH, signed=True) == "\u22121.234,50"
    assert decimal(1234.5, 1, Language.ENGLISH, signed=True) == "+1,234.5"
    assert decimal(-0.0004, 2, Language.PORTUGUESE, signed=True) == "0,00"
    assert decimal(0.0004, 2, Language.ENGLISH, signed=True) == "0.00"
