"""Every comparison of a scorecard: which items it is of, and that nothing but they decide it."""

import numpy as np
import pytest

from latamgpt.evaluation.items import Measure
from latamgpt.evaluation.score import Cell, ItemScore, Scored
from latamgpt.evaluation.statistics.cells import compare_all
from latamgpt.evaluation.statistics.holm import family_of, holm
from latamgpt.params import Params, ScorecardParams
from tests.scored_items import BASE, CANDIDATE, around, passages, questions


@pytest.fixture
def asked(params: Params) -> ScorecardParams:
    return params.scorecard


def two_forms(items: list[Scored]) -> list[Scored]:
    """Each question again in another wording, of the same cluster."""
    return [item.model_copy(update={"item": item.item.replace("/a", f"/{form}")}) for item in items for form in "ab"]


def all_items() -> list[Scored]:
    rng = np.random.default_rng(6)
    return [
        *passages("gug", around(rng, 12, 3.0, -0.4, 0.2), per_document=2),
        *passages("en", around(rng, 12, 1.0, 0.0, 0.02)),
        *two_forms(questions("culture/cl", around(rng, 30, 0.5, 0.05, 0.1), country="CL")),
        *two_forms(questions("culture/br", around(rng, 30, 0.5, 0.0, 0.1), country="BR", language="pt")),
        *questions("hallucination/cl", around(rng, 10, 0.5, 0.0, 0.3), country="CL", abstain=2),
        *questions("hallucination/br", around(rng, 10, 0.5, 0.0, 0.3), country="BR", language="pt", answer=2, abstain=2),
        *questions("ability/arithmetic", around(rng, 20, 0.5, 0.0, 0.1)),
        *questions("stereotype/es", around(rng, 20, 0.5, 0.0, 0.2), stereotype=1),
    ]


def by_name(cells: tuple[Cell, ...]) -> dict[str, Cell]:
    return {f"{cell.measure}/{cell.group}": cell for cell in cells}


def test_comparisons_are_those_of_each_measure_and_group_and_no_more(asked: ScorecardParams):
    names = list(by_name(compare_all(all_items(), BASE, CANDIDATE, asked)))
    culture = ["culture", "culture/BR", "culture/CL", "culture/es", "culture/pt"]
    parts = ["BR", "CL", "answerable", "es", "pt", "unanswerable"]
    hallucination = ["hallucination", *(f"hallucination/{part}" for part in parts)]
    others = ["stereotype", "stereotype/es"]
    groups = ["ability", "ability/arithmetic", *culture, *hallucination, *others]
    assert names == [
        *("bits_per_byte/en", "bits_per_byte/gug"),
        *(f"{measure}/{group}" for measure in ("probability", "accuracy") for group in groups),
        *(f"{measure}/{group}" for measure in ("abstained", "wrong") for group in hallucination),
        *(f"stereotyped/{group}" for group in others),
    ]


def test_both_forms_of_a_question_and_passages_of_a_document_count_once(asked: ScorecardParams):
    found = by_name(compare_all(all_items(), BASE, CANDIDATE, asked))
    assert [(found[name].num_items, found[name].num_clusters) for name in ("probability/culture/CL", "bits_per_byte/gug")] == [
        (60, 30),
        (12, 6),
    ]
    culture = found["probability/culture/CL"]
    assert culture.standard_error > 1.4 * culture.standard_error_by_item  # the other wording told nothing new


def test_means_and_intervals_are_of_the_items(asked: ScorecardParams):
    items = [item for item in all_items() if item.task == "bits_per_byte/gug"]
    (found,) = compare_all(items, BASE, CANDIDATE, asked)
    means = [sum(item.scores[model].value for item in items) / 1200 for model in (BASE, CANDIDATE)]
    assert (found.base, found.candidate) == (pytest.approx(means[0], abs=1e-6), pytest.approx(means[1], abs=1e-6))
    assert found.difference == pytest.approx(means[1] - means[0], abs=2e-6)
    assert found.low < found.difference < found.high
    assert found.minimum_detectable > (found.high - found.low) / 2


def test_knows_abstains_and_is_wrong_are_all_there_is(asked: ScorecardParams):
    found = by_name(compare_all(all_items(), BASE, CANDIDATE, asked))
    for model in (BASE, CANDIDATE):
        answerable = [getattr(found[f"{what}/hallucination/answerable"], model) for what in ("accuracy", "abstained", "wrong")]
        assert sum(answerable) == pytest.approx(1.0)
    unanswerable = [found[f"{what}/hallucination/unanswerable"].base for what in ("accuracy", "abstained")]
    assert unanswerable[0] == unanswerable[1]  # to abstain is right there


def test_order_of_items_and_other_items_change_no_byte(asked: ScorecardParams):
    items = all_items()
    found = compare_all(items, BASE, CANDIDATE, asked)
    assert compare_all(items[::-1], BASE, CANDIDATE, asked) == found
    fewer = by_name(compare_all([item for item in items if item.battery == "ability"], BASE, CANDIDATE, asked))
    before, after = by_name(found)["accuracy/ability/arithmetic"], fewer["accuracy/ability/arithmetic"]
    assert after == before.model_copy(update={"p_holm": after.p_holm})


def test_line_of_a_single_cluster_and_items_that_one_model_was_not_asked_are_left_out(asked: ScorecardParams):
    one = passages("rap", [(1.0, 1.0), (1.1, 1.2)], per_document=2)
    lonely = [item.model_copy(update={"scores": {BASE: item.scores[BASE]}}) for item in passages("jam", [(1.0, 1.0), (1.1, 1.2)])]
    both = passages("es", [(1.0, 0.9), (1.1, 1.0)])
    assert list(by_name(compare_all([*one, *lonely, *both], BASE, CANDIDATE, asked))) == ["bits_per_byte/es"]


def test_answers_without_a_known_choice_count_in_no_share(asked: ScorecardParams):
    items = [
        item.model_copy(update={"scores": {name: ItemScore(value=score.value) for name, score in item.scores.items()}})
        for item in questions("culture/cl", [(0.4, 0.5), (0.3, 0.2)], country="CL")
    ]
    assert {cell.measure for cell in compare_all(items, BASE, CANDIDATE, asked)} == {"probability"}


def test_translations_are_compared_by_pair(asked: ScorecardParams):
    items = [
        item.model_copy(update={"measure": Measure.CHRF, "task": "translation/que-es", "battery": "translation"})
        for item in passages("es", [(30.0, 40.0), (20.0, 22.0)])
    ]
    assert list(by_name(compare_all(items, BASE, CANDIDATE, asked))) == ["chrf/que-es"]


def test_holm_is_that_of_statsmodels():
    from statsmodels.stats.multitest import multipletests

    chances = np.random.default_rng(9).beta(0.3, 2.0, 40).round(3).tolist()
    assert holm(chances) == pytest.approx(multipletests(chances, method="holm")[1].tolist())
    assert holm([]) == []


def test_families_are_what_a_reader_picks_the_best_looking_of(asked: ScorecardParams):
    assert family_of("bits_per_byte", "gug") == family_of("bits_per_byte", "en")
    assert family_of("probability", "culture") == family_of("probability", "ability")
    assert family_of("probability", "culture/CL") == family_of("probability", "culture/pt")
    assert len({family_of("probability", group) for group in ("culture", "culture/CL", "ability/code")}) == 3
    assert family_of("accuracy", "culture") != family_of("probability", "culture")
    found = compare_all(all_items(), BASE, CANDIDATE, asked)
    families: dict[str, list[Cell]] = {}
    for cell in found:
        families.setdefault(family_of(cell.measure, cell.group), []).append(cell)
    for cells in families.values():
        assert [cell.p_holm for cell in cells] == pytest.approx(holm([cell.p_value for cell in cells]), abs=1e-7)
