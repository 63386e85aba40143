"""One stage of one system, in this process alone; the figures as one line of JSON.

    python -m bench.peers.one (index|speed|words|judged) SYSTEM FOLDER WORK [NOTES]

``bench.peers`` runs it; WORK holds what ``bench.peers.prepare`` made.
"""

import argparse
import json
import math
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from bench.peers import systems
from bench.peers.peer import TOP, Cut, Peer, Words, as_words, folder_mb, read_cut, read_lines

Figures = dict[str, Any]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("stage", choices=STAGES)
    arguments.add_argument("system", choices=systems.NAMES)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("work", type=Path)
    arguments.add_argument("notes", type=int, nargs="?")
    chosen = arguments.parse_args()
    peer = systems.make(chosen.system, chosen.folder)
    print(json.dumps(STAGES[chosen.stage](peer, chosen)))


class Reading:
    """Notes that were cut before, and how long reading them took, which is no indexing."""

    def __init__(self, file: Path, notes: int | None) -> None:
        self.file, self.notes, self.seconds = file, notes, 0.0

    def __iter__(self) -> Iterator[Cut]:
        rest = read_cut(self.file, self.notes)
        while batch := self._batch(rest):
            yield from batch

    def _batch(self, rest: Iterator[Cut]) -> list[Cut]:
        began = time.perf_counter()
        batch = list(islice(rest, 500))
        self.seconds += time.perf_counter() - began
        return batch


def index(peer: Peer, chosen: argparse.Namespace) -> Figures:
    """Seconds of indexing, without the cutting where notes come cut."""
    notes = Reading(chosen.work / "cut.jsonl", chosen.notes)
    before = folder_mb(chosen.folder) if chosen.folder.exists() else 0.0
    began = time.perf_counter()
    peer.build(notes)
    took = time.perf_counter() - began - notes.seconds
    return {"seconds": took, "mb": folder_mb(chosen.folder) - before}


def speed(peer: Peer, chosen: argparse.Namespace) -> Figures:
    """Milliseconds of every query, the first time and again, and the memory after all."""
    queries = list(map(as_words, read_lines(chosen.work / "queries.jsonl")))
    opened = _ms(peer.open)
    figures: Figures = {
        "open": opened,
        "first": _ms(lambda: peer.page(queries[0])),
        "new": [_ms(lambda words=words: peer.page(words)) for words in queries[1:]],
        "warm": [_ms(lambda words=words: peer.page(words)) for words in queries],
        "found": sum(bool(peer.best(words)) for words in queries),
        "best": [_ms(lambda words=words: peer.best(words)) for words in queries],
    }
    if peer.has_and:
        for words in queries:
            peer.page(words, every=True)
        figures["every"] = [
            _ms(lambda words=words: peer.page(words, every=True)) for words in queries
        ]
    return {**figures, **memory()}


def words(peer: Peer, chosen: argparse.Namespace) -> Figures:
    """Recall and precision for each sort of word, and in quotes where quotes are ours."""
    peer.open()
    figures: Figures = {}
    rows = list(read_lines(chosen.work / "words.jsonl"))
    for sort in sorted({row["sort"] for row in rows}):
        asked = [
            (as_words(row), {number for number in row["true"] if number <= chosen.notes})
            for row in rows
            if row["sort"] == sort
        ]
        figures[sort] = _recall(peer, asked)
        if chosen.system == systems.OURS:
            quoted = [(replace(one, typed=f'"{one.typed}"'), true) for one, true in asked]
            figures[f"{sort} quoted"] = _recall(peer, quoted)
    return figures


def _recall(peer: Peer, asked: list[tuple[Words, set[int]]]) -> Figures:
    found_true = found = true_all = 0
    each: list[float] = []
    worst: list[str] = []
    for one, true in asked:
        having = peer.having(one)
        found_true += len(having & true)
        found += len(having)
        true_all += len(true)
        each.append(len(having & true) / len(true))
        if having != true:
            worst.append(f"{one.typed} {len(having & true)}/{len(true)} +{len(having - true)}")
    return {
        "words": len(asked),
        "recall": found_true / true_all,
        "precision": found_true / found if found else 1.0,
        "mean recall": sum(each) / len(each),
        "not exact": worst,
    }


def judged(peer: Peer, chosen: argparse.Namespace) -> Figures:
    """nDCG@10 over judged questions."""
    peer.open()
    gained: list[float] = []
    for row in read_lines(chosen.work / "questions.jsonl"):
        relevant = set(row["relevant"])
        best = peer.best(as_words(row))
        ideal = sum(1 / math.log2(rank + 2) for rank in range(min(TOP, len(relevant))))
        gain = sum(
            1 / math.log2(rank + 2) for rank, number in enumerate(best) if number in relevant
        )
        gained.append(gain / ideal)
    return {"questions": len(gained), "ndcg": sum(gained) / len(gained)}


def memory(process: str = "self") -> dict[str, float]:
    """Megabytes resident, and those of them that are no mapped files."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    told = dict(re.findall(r"(VmRSS|RssAnon):\s+(\d+) kB", status))
    return {"rss": int(told["VmRSS"]) / 1024, "anon": int(told["RssAnon"]) / 1024}


def _ms(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


STAGES = {"index": index, "speed": speed, "words": words, "judged": judged}

if __name__ == "__main__":
    main()
