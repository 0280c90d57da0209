"""How many tokens of each language are trained on."""

from collections.abc import Mapping

from latamgpt.errors import OperatorError
from latamgpt.params import MixtureParams


def choose_targets(available: Mapping[str, int], params: MixtureParams) -> dict[str, float]:
    """Tokens to train on per language, adding up to `num_tokens`; `available` holds the tokens that there are of each.

    Steps: `replay_share` of them go to the replay languages, the rest to all others. Within both, a language's share grows with
    its size to the power of `temperature`, and what would repeat its documents more than `max_epochs` times goes to the others.

    Raises:
        OperatorError: a replay language has no text, or there is too little text for `num_tokens`.
    """
    replay = _replay_languages(available, params)
    regional = {name: size for name, size in available.items() if name not in params.replay_languages}
    num_replay = params.num_tokens * params.replay_share if replay else 0.0
    return {
        **fill(regional, params.num_tokens - num_replay, params, "the region's languages"),
        **fill(replay, num_replay, params, "the replay languages"),
    }


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


def fill(available: Mapping[str, int], num_tokens: float, params: MixtureParams, what: str) -> dict[str, float]:
    """Share out `num_tokens`, none beyond `max_epochs` times what there is of a language: the rest goes to the others."""
    most = {name: size * params.max_epochs for name, size in available.items() if size > 0}
    if sum(most.values()) < num_tokens:
        raise OperatorError(
            f"{what} have {sum(available.values()):,} tokens, which {params.max_epochs:g} epochs make {sum(most.values()):,.0f}: "
            f"too few for the {num_tokens:,.0f} that mixture.num_tokens ({params.num_tokens:,}) asks of them. Lower num_tokens, "
            "raise max_epochs (repeats beyond 4 teach little), or add text."
        )
    targets: dict[str, float] = {}
    open_names = sorted(most)
    while open_names:
        weights = {name: available[name] ** params.temperature for name in open_names}
        left = num_tokens - sum(targets.values())
        wanted = {name: left * weight / sum(weights.values()) for name, weight in weights.items()}
        full = [name for name in open_names if wanted[name] >= most[name]]
        targets.update({name: most[name] for name in full} if full else wanted)
        open_names = [name for name in open_names if name not in targets]
    return targets
