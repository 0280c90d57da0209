"""How much a function works, counted and not timed: the same on a busy machine."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def num_steps(function: Callable[..., object], *args: object) -> int:
    """How many bytecodes a call runs; what happens inside of a compiled function is not seen."""
    steps = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal steps
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        steps += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function(*args)
    finally:
        sys.settrace(before)
    return steps
