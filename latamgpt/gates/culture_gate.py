"""Culture gate: whether the candidate gained anything in the languages of the region.

The gain of a language is how much its bits per byte fell, relative to the base. A language counts as gained when even the bad end
of the paired interval of the difference lies below 0.
"""

import pyarrow as pa

from latamgpt.errors import OperatorError
from latamgpt.gates.suite import Gate, Rule, Suite, critical, one_row, publish_gate
from latamgpt.params import CultureGateParams, Params
from latamgpt.records import Report
from latamgpt.store import Workspace

REPLAY_SUFFIX = "-replay"  # how the scorecard names held-out text of the replay's own kind


def run(workspace: Workspace, params: Params) -> Report:
    """Hold the scorecard's bits per byte, all but those of the replay, against params.culture_gate."""
    languages = describe_languages(workspace.report("scorecard").metrics, params.mixture.replay_languages)
    gains = languages["gain"].to_pylist()
    mean_gain = sum(gains) / len(gains)
    num_gained = sum(languages["is_gained"].to_pylist())
    gate = Gate(
        stage="culture_gate",
        subject=f"{num_gained} of {len(gains)} languages gained, bits per byte {-mean_gain:+.1%} on average",
        suites=(
            Suite("languages", languages.drop_columns(["is_gained"]), language_rules(params.culture_gate)),
            Suite("profile", one_row({"num_languages_gained": num_gained}), profile_rules(params.culture_gate)),
        ),
        counts={"languages": len(gains), "languages_gained": num_gained},
        metrics={"mean_gain": mean_gain},
    )
    return publish_gate(workspace, gate)


def language_rules(params: CultureGateParams) -> tuple[Rule, ...]:
    """The mean over languages, each counted once however much text it has."""
    return (critical("expect_column_mean_to_be_between", column="gain", min_value=params.min_mean_gain),)


def profile_rules(params: CultureGateParams) -> tuple[Rule, ...]:
    """How many languages gained for certain."""
    least = params.min_languages_gained
    return (critical("expect_column_min_to_be_between", column="num_languages_gained", min_value=least),)


def describe_languages(metrics: dict[str, float], replay_languages: tuple[str, ...]) -> pa.Table:
    """Per language outside the replay: its gain, and whether it is certain."""
    measured = sorted(key.split("/")[1] for key in metrics if key.startswith("bits_per_byte/") and key.endswith("/base"))
    names = [n for n in measured if n not in replay_languages and not n.endswith(REPLAY_SUFFIX)]
    if not names:
        raise OperatorError(
            f"the scorecard measures no language of the region (only: {', '.join(measured) or 'none'}). Without held-out text in "
            "them nothing can be gained. Raise token_shards.held_out_share, or add deliveries."
        )
    base = {name: metrics[f"bits_per_byte/{name}/base"] for name in names}
    return pa.table(
        {
            "language": pa.array(names, pa.string()),
            "gain": [-metrics[f"bits_per_byte/{name}/difference"] / base[name] for name in names],
            "is_gained": [metrics[f"bits_per_byte/{name}/high"] < 0 for name in names],
        }
    )
