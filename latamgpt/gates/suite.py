"""The one door to Great Expectations: hold tables against rules, publish what came of it, refresh the Data Docs.

No table that passes through here holds a partner's text: rows are identifiers, codes, lengths and counts.
"""

import gc
import importlib
import logging
import os
import sys
import warnings
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

import pyarrow as pa

from latamgpt.gates.data_docs import refresh_data_docs
from latamgpt.records import Cell, Expectation, Report, Severity, Table
from latamgpt.store import Workspace, write_report

if TYPE_CHECKING:
    from great_expectations.core.expectation_validation_result import ExpectationValidationResult
    from great_expectations.data_context import EphemeralDataContext
    from great_expectations.validator.v1_validator import ResultFormat

Argument = Cell | list[Cell]

NOT_USED_BY_US = ("altair", "scipy.stats")
"""Imported by Great Expectations for two statistical expectations; without them its import takes 2.3 CPU-s, not 3.8."""

EXAMPLES_SHOWN = 10
SAME_TIME_ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Rule:
    """One expectation to hold a table against: `kind` is its name in Great Expectations."""

    kind: str
    severity: Severity
    arguments: Mapping[str, Argument]


@dataclass(frozen=True)
class Suite:
    """A table and the rules that it is held against."""

    name: str
    table: pa.Table
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Gate:
    """What a gate looks at, and what its report shows beside the expectations."""

    stage: str
    subject: str  # '812 documents': what the summary speaks of
    suites: tuple[Suite, ...]
    key: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()


def critical(kind: str, **arguments: Argument) -> Rule:
    """A rule that stops what follows when it does not hold."""
    return Rule(kind, Severity.CRITICAL, arguments)


def warning(kind: str, **arguments: Argument) -> Rule:
    """A rule that is shown when it does not hold, and stops nothing."""
    return Rule(kind, Severity.WARNING, arguments)


def one_row(values: Mapping[str, int | float]) -> pa.Table:
    """Measures as a table of one row, a column for each."""
    return pa.table({name: [value] for name, value in values.items()})


def publish_gate(workspace: Workspace, gate: Gate) -> Report:
    """Validate every suite, publish data/GATE[/KEY]/report.json, then refresh the Data Docs, which are no part of it."""
    load_great_expectations()
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    expectations = tuple(e for suite in gate.suites for e in _validate(context, suite))
    report = Report(
        stage=gate.stage,
        key=gate.key,
        summary=_summarise(gate.subject, expectations),
        counts=gate.counts,
        metrics=gate.metrics,
        tables=gate.tables,
        expectations=expectations,
    )
    with workspace.publish(gate.stage, gate.key) as folder:
        write_report(folder, report)
    try:
        refresh_data_docs(context, report, data_docs_folder(workspace, gate.stage, gate.key))
    except Exception as error:  # noqa: BLE001  (the verdict is published by now, whatever goes wrong with the pictures)
        logging.getLogger(__name__).warning("The Data Docs of %s %s could not be refreshed: %s", gate.stage, gate.key, error)
    return report


def load_great_expectations() -> None:
    """Import it, the quick way; 2 s of CPU the first time in a process."""
    with _quick_import():
        importlib.import_module("great_expectations")


def data_docs_folder(workspace: Workspace, stage: str, key: str = "") -> Path:
    """Where the Data Docs of a gate lie on this machine: var/data_docs/GATE[/KEY]."""
    folder = workspace.root / "var" / "data_docs" / stage
    return folder / key if key else folder


def _validate(context: "EphemeralDataContext", suite: Suite) -> list[Expectation]:
    import great_expectations as gx
    from great_expectations.expectations.registry import get_expectation_impl

    rules: list[gx.expectations.Expectation] = []
    for position, rule in enumerate(suite.rules):
        make = cast("Callable[..., gx.expectations.Expectation]", get_expectation_impl(rule.kind))
        rules.append(make(**rule.arguments, severity=rule.severity.value, meta={"position": position}))
    asset = context.data_sources.add_or_update_pandas(suite.name).add_dataframe_asset(suite.name)
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(
            name=suite.name,
            data=asset.add_batch_definition_whole_dataframe("all"),
            suite=context.suites.add(gx.ExpectationSuite(name=suite.name, expectations=rules)),
        )
    )
    result = definition.run(
        batch_parameters={"dataframe": suite.table.to_pandas()},
        result_format=cast("ResultFormat", {"result_format": "BASIC", "partial_unexpected_count": EXAMPLES_SHOWN}),
        run_id=gx.RunIdentifier(run_name="latest", run_time=SAME_TIME_ALWAYS),
    )
    found = {r.expectation_config.meta["position"]: r for r in result.results if r.expectation_config}
    return [
        Expectation(
            kind=rule.kind,
            arguments=dict(rule.arguments),
            severity=rule.severity,
            passed=bool(found[position].success),
            observed=_observed(found[position]),
        )
        for position, rule in enumerate(suite.rules)
    ]


def _observed(outcome: "ExpectationValidationResult") -> str:
    """What was seen, in a few words: a value, or how many rows do not agree. Never the rows themselves."""
    result = outcome.result or {}
    if "observed_value" in result:
        return _figure(result["observed_value"])
    if "unexpected_count" in result:
        return f"{result['unexpected_count']:,} of {result['element_count']:,} rows differ"
    return "could not be computed"


def _figure(value: object) -> str:
    if value is None:
        return "nothing"
    number = float(str(value))
    return f"{int(number):,}" if number.is_integer() else f"{number:.6g}"


def _summarise(subject: str, expectations: Sequence[Expectation]) -> str:
    failed = [e for e in expectations if not e.passed]
    if not failed:
        return f"{subject}: all {len(expectations)} expectations hold"
    num_critical = sum(e.severity is Severity.CRITICAL for e in failed)
    verdict = f"{num_critical} of them critical" if num_critical else "none of them critical"
    return f"{subject}: {len(failed)} of {len(expectations)} expectations failed, {verdict}"


class _Later(ModuleType):
    """Stands in for a module and loads it when something of it is asked for."""

    def __getattr__(self, name: str) -> object:
        return getattr(importlib.import_module(self.__name__), name)


@contextmanager
def _quick_import() -> Generator[None]:
    """Import Great Expectations inside: without analytics, without what we don't use, without collecting garbage.

    It uses modules of Python's that are deprecated: nothing that we could mend, so its import does not warn.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    put_off = [name for name in NOT_USED_BY_US if name not in sys.modules]
    was_collecting = gc.isenabled()
    gc.disable()
    sys.modules.update({name: _Later(name) for name in put_off})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        for name in put_off:
            sys.modules.pop(name, None)
        if was_collecting:
            gc.enable()
