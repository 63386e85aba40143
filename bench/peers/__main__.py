"""Measure ours beside the peers: one process for each, the same notes, terms and queries.

    python -m bench.peers NOTES.jsonl.gz [--notes 20000] [--docs D.jsonl.gz --questions Q.jsonl.gz]

NOTES has JSON lines with ``title`` and ``body``. Prints the table and the marks that ours is held
to; ``--readme`` writes the table into a file too, ``--results`` keeps every figure. Takes a quarter
of an hour at 20,000.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from bench.peers import systems, table
from bench.peers.peer import read_lines
from bench.peers.systems import OURS

SMALL = 2_000
STAGES_OF_OURS = ("hostile", "served", "saved")

Results = dict[str, Any]


def main() -> None:
    chosen = _arguments().parse_args()
    names = [name for name in systems.NAMES if name in (OURS, *chosen.systems) and _is_here(name)]
    today = date.today().isoformat()
    results: Results = {"date": today, "notes": chosen.notes, "small": chosen.small}
    try:
        with tempfile.TemporaryDirectory() as folder:
            for part in measure(chosen, names, Path(folder) / "work"):
                _take(results, part)
    finally:
        if chosen.results:
            chosen.results.write_text(json.dumps(results, ensure_ascii=False, indent=1), "utf-8")
    text = table.compared(results)
    print(text, table.marks(results), sep="\n\n")
    if chosen.readme:
        table.put_into(chosen.readme, text)


def _arguments() -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("file", type=Path)
    arguments.add_argument("--notes", type=int, default=20_000)
    arguments.add_argument("--small", type=int, default=SMALL, help="notes to measure growth from")
    arguments.add_argument("--queries", type=int, default=100)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--systems", nargs="*", choices=systems.NAMES, default=systems.NAMES)
    arguments.add_argument("--docs", type=Path)
    arguments.add_argument("--questions", type=Path)
    arguments.add_argument("--readme", type=Path)
    arguments.add_argument("--results", type=Path)
    return arguments


def _is_here(name: str) -> bool:
    here = systems.is_here(name)
    if not here:
        _say(f"{name} is left out: it is not installed (pip install 'platu[bench]')")
    return here


def measure(chosen: argparse.Namespace, names: list[str], work: Path) -> Iterator[Results]:
    """Every stage of every system; the rounds of one system lie between those of the others."""
    _say("cutting notes, choosing queries, looking up what is true")
    options = ["--sizes", chosen.small, chosen.notes, "--queries", chosen.queries]
    if chosen.docs and chosen.questions:
        options += ["--docs", chosen.docs, "--questions", chosen.questions]
    yield _run("prepare", work, chosen.file, *options)
    over = [(name, size) for size in (chosen.small, chosen.notes) for name in names]
    for name, size in over:
        yield {f"index {name} {size}": _one("index", name, work, size)}
    for _ in range(chosen.rounds):
        for name, size in over:
            yield {f"speed {name} {size}": [_one("speed", name, work, size)]}
    for name, size in over:
        yield {f"words {name} {size}": _one("words", name, work, size)}
    if chosen.docs and chosen.questions:
        yield from _judged(names, work / "judged")
    for stage in STAGES_OF_OURS:
        _say(f"{stage}: {OURS}")
        yield {stage: _run("ours_only", stage, work / f"{OURS}-{chosen.notes}", work)}


def _judged(names: list[str], work: Path) -> Iterator[Results]:
    notes = sum(1 for _ in read_lines(work / "cut.jsonl"))
    for name in names:
        _one("index", name, work, notes)
        yield {f"judged {name}": _one("judged", name, work, notes)}


def _take(results: Results, part: Results) -> None:
    """Figures of a further round stand beside those of the rounds before."""
    for key, value in part.items():
        results[key] = results.get(key, []) + value if isinstance(value, list) else value


def _one(stage: str, name: str, work: Path, notes: int) -> Results:
    _say(f"{stage}: {name}, {notes} notes")
    return _run("one", stage, name, work / f"{name}-{notes}", work, notes)


def _run(module: str, *arguments: object) -> Results:
    """What the module prints as its last line, from a process of its own."""
    command = [sys.executable, "-m", f"bench.peers.{module}", *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, encoding="utf-8")
    told: Results = json.loads(done.stdout.splitlines()[-1])
    return told


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
