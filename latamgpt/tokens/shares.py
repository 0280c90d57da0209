"""How many tokens of each language, and within it of each country, are trained on."""

from collections.abc import Mapping

from latamgpt.errors import OperatorError
from latamgpt.params import MixtureParams, SamplingMethod

Group = tuple[str, str]
"""A language and a country in which its texts were collected."""


def propose(available: Mapping[Group, int], params: MixtureParams) -> dict[Group, float]:
    """Tokens to train on per language and country; `available` holds the tokens that there are of each.

    A language's tokens are shared out over its countries by the rule that shares out the languages, so that one country's large
    archive does not speak for all.

    Raises:
        OperatorError: see `choose_targets`.
    """
    by_language: dict[str, dict[str, int]] = {}
    for (language, country), size in available.items():
        by_language.setdefault(language, {})[country] = size
    targets = choose_targets({language: sum(sizes.values()) for language, sizes in by_language.items()}, params)
    return {
        (language, country): num_tokens
        for language in sorted(targets)
        for country, num_tokens in share_out(by_language[language], targets[language], params).items()
    }


def choose_targets(available: Mapping[str, int], params: MixtureParams) -> dict[str, float]:
    """Tokens to train on per language, adding up to `num_tokens`; `available` holds the tokens that there are of each.

    `replay_share` of them go to the replay languages, the rest to all others.

    Raises:
        OperatorError: a replay language has no text, or there is too little text for `num_tokens`.
    """
    replay = _replay_languages(available, params)
    regional = {name: size for name, size in available.items() if name not in params.replay_languages}
    num_replay = params.num_tokens * params.replay_share if replay else 0.0
    _must_suffice(regional, params.num_tokens - num_replay, params, "the region's languages")
    _must_suffice(replay, num_replay, params, "the replay languages")
    return {**share_out(regional, params.num_tokens - num_replay, params), **share_out(replay, num_replay, params)}


def share_out(available: Mapping[str, int], num_tokens: float, params: MixtureParams) -> dict[str, float]:
    """Share out `num_tokens`, none beyond `max_epochs` times what there is of a name: the rest goes to the others.

    By temperature, shares grow with size to that power. UniMax is the power 0: all get the same, as far as they reach (Chung et
    al. 2023, 'UniMax', algorithm 1, https://arxiv.org/abs/2304.09151).
    """
    power = params.temperature if params.method is SamplingMethod.TEMPERATURE else 0.0
    most = {name: size * params.max_epochs for name, size in available.items() if size > 0}
    targets: dict[str, float] = {}
    open_names = sorted(most)
    while open_names:
        weights = {name: available[name] ** power for name in open_names}
        left = num_tokens - sum(targets.values())
        wanted = {name: left * weight / sum(weights.values()) for name, weight in weights.items()}
        full = [name for name in open_names if wanted[name] >= most[name]]
        targets.update({name: most[name] for name in full} if full else wanted)
        open_names = [name for name in open_names if name not in targets]
    return targets


def _replay_languages(available: Mapping[str, int], params: MixtureParams) -> dict[str, int]:
    if params.replay_share == 0:
        return {}
    missing = [name for name in params.replay_languages if not available.get(name)]
    if missing:
        raise OperatorError(
            f"the replay language {missing[0]!r} has no text to train on (there are: {', '.join(sorted(available))}). Without "
            "replay the model forgets what the base could do. Add a delivery in it, or change mixture.replay_languages."
        )
    return {name: available[name] for name in params.replay_languages}


def _must_suffice(available: Mapping[str, int], num_tokens: float, params: MixtureParams, what: str) -> None:
    size = sum(available.values())
    if size * params.max_epochs < num_tokens:
        raise OperatorError(
            f"{what} have {size:,} tokens, which {params.max_epochs:g} epochs make {size * params.max_epochs:,.0f}: "
            f"too few for the {num_tokens:,.0f} that mixture.num_tokens ({params.num_tokens:,}) asks of them. Lower num_tokens, "
            "raise max_epochs (repeats beyond 4 teach little), or add text."
        )
