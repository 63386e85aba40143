"""Reads files that nobody trusts, each in a process with little memory and time of its own.

``run`` starts this folder as a program that sees no settings and no database. What it cannot do
within its limits it does not do: a picture of a billion dots or a PDF made to hang ends there.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

HERE = Path(__file__).parent
SAID = "said"
MOST_SAID = 8_000_000
# By the clock a job may take longer than on the processor: others work on this machine too.
PATIENCE = 4

_at_once = BoundedSemaphore(2)


@dataclass(frozen=True)
class Limits:
    """What one job may use: processor time, memory, and the size of each file it writes."""

    seconds: int
    megabytes: int
    file_megabytes: int = 64


@dataclass(frozen=True)
class Told:
    """What a job found, a mapping for each thing; it ``ended`` by itself or was stopped."""

    found: tuple[dict[str, Any], ...]
    ended: bool

    def get(self, name: str) -> Any:
        """The first thing found under this name, or None."""
        return next((one[name] for one in self.found if name in one), None)


def run(job: str, source: Path, folder: Path, limits: Limits, *arguments: object) -> Told:
    """Let ``picture`` or ``document`` read the source; files it makes lie in ``folder``."""
    bounds = (limits.seconds, limits.megabytes, limits.file_megabytes)
    program = [sys.executable, "-I", str(HERE), job, *map(str, bounds)]
    command = [*program, str(source), str(folder), *map(str, arguments)]
    with _at_once, tempfile.TemporaryFile() as errors:
        try:
            done = subprocess.run(  # noqa: S603  ourselves
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env={},
                cwd=folder,
                timeout=limits.seconds * PATIENCE,
                check=False,
            )
            ended = done.returncode == 0
        except subprocess.TimeoutExpired:
            ended = False
    return Told(tuple(_lines(folder / SAID)), ended)


def _lines(path: Path) -> list[dict[str, Any]]:
    """Every whole line; one that was cut short with the job is none."""
    try:
        with path.open("rb") as file:
            written = file.read(MOST_SAID)
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in written.split(b"\n")[:-1]]
