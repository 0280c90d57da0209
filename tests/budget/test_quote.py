"""The figures of a quote, by hand; and what stops it."""

import dataclasses

import pytest

from latamgpt.budget.need import need_of
from latamgpt.budget.quote import must_be_possible, quote
from latamgpt.errors import OperatorError
from latamgpt.launch.site import Site
from latamgpt.params import Params
from tests.budget.conftest import TEN_HOURS


def test_a_need_is_what_parameters_and_attention_take(params: Params) -> None:
    shape = params.base_model.model_copy(update={"num_layers": 10, "hidden_size": 100})
    batches = params.checkpoint.model_copy(update={"batch_sequences": 500, "seq_len_tokens": 2000})
    need = need_of(params.model_copy(update={"base_model": shape, "checkpoint": batches}), 8_000_000_000, 1000)
    assert need.num_positions == 1_000_000_000
    assert need.flops == (6 * 8e9 + 12 * 10 * 100 * 2000) * 1e9


def test_hours_money_energy_carbon_and_water_follow_from_the_site(params: Params, site: Site) -> None:
    quoted = quote(params, TEN_HOURS, site)
    assert quoted.amounts.accelerator_hours == pytest.approx(10)
    assert quoted.walltime_hours == pytest.approx(5)
    assert quoted.positions_per_second == pytest.approx(1000 / 5 / 3600)
    assert quoted.amounts.us_dollars == pytest.approx(20)
    assert quoted.amounts.kwh == pytest.approx(10 * (0.700 + 0.575) * 1.5)
    assert quoted.amounts.kg_co2e == pytest.approx(quoted.amounts.kwh * 0.2)
    assert quoted.amounts.water_litres == pytest.approx(10 * (0.700 + 0.575) * 1.0)
    assert quoted.rates.utilisation.source == "its last training"
    assert quoted.rates.memory_gib.source.startswith("80 GB as nvidia-smi")


def test_a_country_s_grid_is_taken_where_the_site_says_no_other(params: Params, site: Site) -> None:
    assert site.cost is not None
    grid = site.model_copy(update={"country": "PY", "cost": site.cost.model_copy(update={"kg_co2e_per_kwh": None})})
    factor = quote(params, TEN_HOURS, grid).rates.kg_co2e_per_kwh
    assert factor.value == 0.023755
    assert factor.source == "codecarbon 3.3.2, data/private_infra/global_energy_mix.json, PY in 2023"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"accelerator": "h2000"}, "accelerator is 'h2000', of which nothing is known; known are: cpu, a100"),
        ({"country": "XX"}, "country is 'XX', of whose grid no kg CO2e per kWh is known; known are: AR, BB"),
        ({"cost": None}, "sites/casa.yaml has no section cost"),
    ],
)
def test_what_a_site_does_not_say_is_not_guessed(params: Params, site: Site, changes: dict[str, object], said: str) -> None:
    assert site.cost is not None
    without_grid = site.model_copy(update={"cost": site.cost.model_copy(update={"kg_co2e_per_kwh": None})})
    with pytest.raises(OperatorError) as error:
        quote(params, TEN_HOURS, without_grid.model_copy(update=changes))
    assert said in str(error.value)


def test_every_broken_cap_is_named(params: Params, site: Site) -> None:
    terms = params.training_quote.model_copy(
        update={"max_us_dollars": 19.0, "max_accelerator_hours": 11.0, "max_kwh": 20.0, "max_kg_co2e": 1.0}
    )
    with pytest.raises(OperatorError) as error:
        must_be_possible(params.model_copy(update={"training_quote": terms}), quote(params, TEN_HOURS, site))
    said = str(error.value)
    assert "20.00 US$, above the 19.00 of training_quote.max_us_dollars; 3.83 kg CO2e, above the 1.00 of" in said
    assert "max_kwh" not in said


def test_a_model_that_has_no_room_is_refused_before_its_money_is_counted(params: Params, site: Site) -> None:
    need = dataclasses.replace(TEN_HOURS, num_parameters=8_000_000_000)
    with pytest.raises(OperatorError, match=r"one h100 has 78.0.* These would fit: ZeRO 2 over"):
        must_be_possible(params, quote(params, need, site))
