"""What a stage would do, said before it runs."""

import pytest

from latamgpt.errors import OperatorError
from latamgpt.launch.site import read_site
from latamgpt.params import Params, read_params
from latamgpt.training.plan import explain_plan
from tests.conftest import ROOT


def with_terms(params: Params, section: str, **changes: object) -> Params:
    changed = getattr(params, section).model_copy(update=changes)
    return params.model_copy(update={section: changed})


@pytest.mark.parametrize(("profile", "site"), [("tiny", "laptop"), ("llama-3.1-8b", "tarapaca")])
def test_every_profile_is_explained_on_its_site(profile: str, site: str) -> None:
    params = read_params(ROOT, profile)
    text = explain_plan(params, "checkpoint", read_site(ROOT, site))
    assert f"{params.base_model.name}: {params.base_model.num_parameters:,} parameters" in text
    assert "GiB on each rank" in text


def test_a_training_above_its_budget_is_refused_with_both_figures() -> None:
    params = with_terms(read_params(ROOT, "llama-3.1-8b"), "training_quote", max_us_dollars=100.0)
    with pytest.raises(OperatorError, match=r"[\d,.]+ US\$, above the 100.00 of .*max_us_dollars.*Nothing was started"):
        explain_plan(params, "checkpoint", read_site(ROOT, "tarapaca"))


def test_fewer_sequences_than_ranks_are_refused() -> None:
    params = with_terms(read_params(ROOT, "llama-3.1-8b"), "checkpoint", batch_sequences=90)
    with pytest.raises(OperatorError, match="is 90, and this site trains with 96 processes"):
        explain_plan(params, "checkpoint", read_site(ROOT, "tarapaca"))
