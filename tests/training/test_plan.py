"""What a training will need: worked out, shown before it runs, refused above its budget."""

import pytest

from latamgpt.errors import OperatorError
from latamgpt.launch.site import read_site
from latamgpt.params import Params, read_params
from latamgpt.training.plan import explain_plan, quote, state_gib_per_rank
from tests.conftest import ROOT


def with_terms(params: Params, section: str, **changes: object) -> Params:
    changed = getattr(params, section).model_copy(update=changes)
    return params.model_copy(update={section: changed})


def test_a_quote_is_six_flops_for_each_parameter_and_token(params: Params) -> None:
    terms = with_terms(
        params, "training_quote", accelerator="h200", model_flops_utilisation=0.5, us_dollars_per_accelerator_hour=4.0
    )
    need = quote(with_terms(terms, "checkpoint", batch_sequences=500, seq_len_tokens=2000), 8_000_000_000, 1000)
    assert need.num_positions == 1_000_000_000
    assert need.flops == 4.8e19
    assert need.accelerator_hours == pytest.approx(4.8e19 / (0.5 * 989e12) / 3600)
    assert need.us_dollars == pytest.approx(need.accelerator_hours * 4)


@pytest.mark.parametrize(("stage", "ranks", "bytes_each"), [(0, 8, 16), (1, 8, 5.5), (2, 8, 3.75), (3, 8, 2), (3, 1, 16)])
def test_zero_shares_out_what_its_paper_says(params: Params, stage: int, ranks: int, bytes_each: float) -> None:
    terms = with_terms(params, "checkpoint", zero_stage=stage)
    assert state_gib_per_rank(terms, ranks) == pytest.approx(params.base_model.num_parameters * bytes_each / 2**30)


@pytest.mark.parametrize(("profile", "site"), [("tiny", "laptop"), ("llama-3.1-8b", "tarapaca"), ("llama-3.1-70b", "tarapaca")])
def test_every_profile_is_explained_on_its_site(profile: str, site: str) -> None:
    params = read_params(ROOT, profile)
    text = explain_plan(params, "checkpoint", read_site(ROOT, site))
    assert f"{params.base_model.name}: {params.base_model.num_parameters:,} parameters" in text
    assert "GiB of model state on each rank" in text


def test_a_training_above_its_budget_is_refused_with_both_figures() -> None:
    params = with_terms(read_params(ROOT, "llama-3.1-70b"), "training_quote", max_us_dollars=100.0)
    with pytest.raises(OperatorError, match=r"US\$ [\d,.]+, above the US\$ 100.00 .*Nothing was started"):
        explain_plan(params, "checkpoint", read_site(ROOT, "tarapaca"))


def test_fewer_sequences_than_ranks_are_refused() -> None:
    params = with_terms(read_params(ROOT, "llama-3.1-8b"), "checkpoint", batch_sequences=90)
    with pytest.raises(OperatorError, match="is 90, and this site trains with 96 processes"):
        explain_plan(params, "checkpoint", read_site(ROOT, "tarapaca"))


def test_an_unknown_accelerator_is_refused_by_name(params: Params) -> None:
    with pytest.raises(OperatorError, match=r"'h2000', of which no speed is known; known are: cpu, a100"):
        quote(with_terms(params, "training_quote", accelerator="h2000"), 1, 1)
