import subprocess
import sys

KERNELS = """
import sys
from latamgpt.curation.prepared import SENTENCE
from latamgpt.curation.minhash import signature
assert signature(SENTENCE, 8, 2, 1).any()
print([name for name in ("awkward", "scipy.linalg") if name in sys.modules])
import scipy.linalg
print(scipy.linalg.norm([3.0, 4.0]))
"""


def test_kernels_start_without_what_they_do_not_use_and_leave_it_to_others() -> None:
    done = subprocess.run([sys.executable, "-c", KERNELS], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["[]", "5.0"]
