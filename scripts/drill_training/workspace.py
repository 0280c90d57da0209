"""What the drills train: the tests' small model on their two texts, in a folder that is thrown away."""

from collections.abc import Sequence
from pathlib import Path

from latamgpt.params import Params, read_params
from latamgpt.store import Workspace, digest_of
from latamgpt.training.checkpoint import INPUTS
from latamgpt.training.job import TrainingJob
from tests.training.conftest import PARTNERS, ROOT, make_base, make_pieces, make_ready

SIZES = {
    "seq_len_tokens": 32,
    "batch_sequences": 4,
    "micro_batch_sequences": 2,
    "save_every_steps": 2,
    "evaluate_every_steps": 3,
    "evaluate_tokens": 64,
}


def make_workspace(folder: Path, documents: Sequence[Sequence[int]] = ()) -> tuple[Workspace, Params]:
    """A base, shards and a mixture, and the parameters of a training: some thirty steps of the two texts, or these tokens."""
    base = folder / "base"
    base.mkdir()
    make_base(base)
    params = read_params(ROOT, "tiny")
    small = params.model_copy(update={"partners": PARTNERS, "checkpoint": params.checkpoint.model_copy(update=SIZES)})
    pieces = make_pieces(base)
    if documents:
        pieces = [{**pieces[0], "doc_id": f"d{number}", "tokens": list(tokens)} for number, tokens in enumerate(documents)]
    return make_ready(folder / "workspace", base, pieces), small


def plan(workspace: Workspace, params: Params, folder: Path) -> TrainingJob:
    """The job of a training whose states and output lie in a folder of their own."""
    return TrainingJob(
        root=str(workspace.root),
        base=str(workspace.place("base_model")),
        output=str(folder / "output"),
        resume=str(folder / "states" / "one"),  # a training removes what lies beside its states
        params=params,
        threads=1,
        digests={name: digest_of(workspace.place(name)) for name in INPUTS},
    )
