"""What the mixture's report shows: shares as the texts are, as either method would have them, and as they are trained on."""

from collections import Counter
from collections.abc import Mapping

from latamgpt.params import MixtureParams, SamplingMethod
from latamgpt.records import Report, Table
from latamgpt.tokens.shares import Group, choose_targets, propose

DRAWN = ("trained tokens", "share", "epochs", "cap reached")


def report_on(available: Mapping[Group, int], trained: Counter[Group], params: MixtureParams) -> Report:
    """What each language and country gets, of the tokens that there are of it."""
    languages, total = by_language(trained), trained.total()
    num_replay = sum(size for name, size in languages.items() if name in params.replay_languages)
    return Report(
        stage="mixture",
        summary=f"{total:,} tokens of {len(languages)} languages and {len({country for _, country in trained})} countries by "
        f"{params.method}, {num_replay / total:.1%} of them replay",
        counts={"tokens": total, "languages": len(languages), "countries": len({country for _, country in trained})},
        metrics={"replay_share": num_replay / total, **{f"share/{name}": languages[name] / total for name in sorted(languages)}},
        tables=(language_table(by_language(available), languages, params), country_table(available, trained, params)),
    )


def by_language(sizes: Mapping[Group, int]) -> Counter[str]:
    """Tokens per language, over all its countries."""
    found = Counter[str]()
    for (language, _), size in sizes.items():
        found[language] += size
    return found


def language_table(available: Counter[str], trained: Counter[str], params: MixtureParams) -> Table:
    """A row per language: both methods' proposals beside what was drawn by the one that is set."""
    proposals = {method: choose_targets(available, params.model_copy(update={"method": method})) for method in SamplingMethod}
    return Table(
        name="languages",
        columns=("language", "available tokens", "natural share", "by temperature", "by UniMax", *DRAWN, "is_replay"),
        rows=tuple(
            (
                name,
                size,
                round(size / available.total(), 4),
                *(round(proposals[method].get(name, 0) / params.num_tokens, 4) for method in SamplingMethod),
                *_drawn(size, trained[name], trained.total()),
                proposals[params.method].get(name, 0) >= size * params.max_epochs,
                name in params.replay_languages,
            )
            for name, size in sorted(available.items(), key=lambda item: (-trained[item[0]], item[0]))
        ),
    )


def country_table(available: Mapping[Group, int], trained: Counter[Group], params: MixtureParams) -> Table:
    """A row per country and language."""
    proposed = propose(available, params)
    total = sum(available.values())
    return Table(
        name="countries",
        columns=("country", "language", "available tokens", "natural share", "proposed share", *DRAWN),
        rows=tuple(
            (
                country,
                language,
                size,
                round(size / total, 4),
                round(proposed.get((language, country), 0) / params.num_tokens, 4),
                *_drawn(size, trained[language, country], trained.total()),
                proposed.get((language, country), 0) >= size * params.max_epochs,
            )
            for (language, country), size in sorted(available.items(), key=lambda item: (item[0][1], item[0][0]))
        ),
    )


def _drawn(available: int, trained: int, total: int) -> tuple[int, float, float]:
    return trained, round(trained / total, 4), round(trained / available, 3)
