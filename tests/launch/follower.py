"""The process that submits and follows: `follower FOLDER VERB [IDENTITY]`, at the site FOLDER/sites/lab.yaml."""

import os
import sys
from pathlib import Path

from latamgpt.errors import OperatorError
from latamgpt.launch.claims import Work
from latamgpt.launch.ranks import Ranks, run_ranks
from latamgpt.launch.site import read_site
from tests.conftest import ROOT

if __name__ == "__main__":
    folder, verb, *identity = Path(sys.argv[1]), *sys.argv[2:]
    work = Work("checkpoint", identity[0] if identity else "0", folder)
    paths = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    ranks = Ranks("tests.launch.rank", [verb, str(folder)], paths, folder / "log", folder / "outcome.json")
    try:
        run_ranks(read_site(folder, "lab"), work, ranks)
    except OperatorError as error:
        sys.exit(f"latamgpt: {error}")
