"""What a command is given to add itself to, and how the parts of the command line are typed."""

import argparse
from typing import TypeAlias

Parsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # pyright: ignore[reportPrivateUsage]
"""What `add_subparsers` returns; argparse gives it no public name."""
