"""What a piece of work costs, counted so that a busy or slow machine comes to the same number.

Milliseconds belong to ``bench/``. A test that guards against work that grows out of hand counts
calls instead: some two million of them are a second of processor time.
"""

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def calls_made(work: Callable[[], object]) -> int:
    """How many functions, built-in ones included, this thread calls while ``work`` runs.

    What happens within one built-in call (a pattern of ``re``, a numpy array) counts once.
    """
    made = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    before = sys.getprofile()
    gc.disable()  # finalizers of other tests' objects are not this work
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
        gc.enable()
    return made
