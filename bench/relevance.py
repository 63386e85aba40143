"""How well the best come first, on judged Thai questions.

    python -m bench.relevance DOCUMENTS.jsonl.gz QUESTIONS.jsonl.gz

Documents have ``id``, ``title`` and ``body``; questions ``query`` and the ``relevant`` ids.
Prints nDCG@10, MRR@10 and R@100 for each step of the ranking, each with all before it. Tune on
training questions only.
"""

import argparse
import gzip
import json
import math
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from kms.search import engine, shelf
from kms.search.arrays import Cache, Segment, Snapshot
from kms.search.asking import Ask, Asked, Word, understand
from kms.search.documents import Document
from kms.search.query import Query
from kms.search.ranking import WEIGHTS, Weights
from kms.search.schema import entry

DEPTH = 100
BODY = replace(WEIGHTS, title=0, about=0, filed=0, pairs=0, triples=0, whole_title=0)
TITLE = replace(BODY, title=WEIGHTS.title)
NAMES = replace(TITLE, about=WEIGHTS.about, filed=WEIGHTS.filed)
PAIRS = replace(NAMES, pairs=WEIGHTS.pairs)
TRIPLES = replace(PAIRS, triples=WEIGHTS.triples)

Understand = Callable[[str], Asked]


def each_leaf(typed: str) -> Asked:
    """Every term by itself, the words too that alone tell nothing."""
    leaves = dict.fromkeys(leaf for word in understand(typed).typed for leaf in word)
    asks = tuple(Ask(((Word(leaf, (leaf,)),),)) for leaf in leaves)
    return Asked(asks, is_question=True)


STEPS: tuple[tuple[str, Understand, Weights], ...] = (
    ("terms of the body", each_leaf, BODY),
    ("+ title", each_leaf, TITLE),
    ("+ names filed under", each_leaf, NAMES),
    ("+ words understood, stop words out", understand, NAMES),
    ("+ pairs as typed", understand, PAIRS),
    ("+ three in a row", understand, TRIPLES),
    ("everything: + whole titles", understand, WEIGHTS),
)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("documents", type=Path)
    arguments.add_argument("questions", type=Path)
    chosen = arguments.parse_args()
    documents = list(read(chosen.documents))
    questions = list(read(chosen.questions))
    with tempfile.TemporaryDirectory() as folder:
        snapshot = index(Path(folder), documents)
        names = [one["id"] for one in documents]
        for step, reads, weights in STEPS:
            figures = judge(snapshot, names, questions, reads, weights)
            print(f"{step:36}", "nDCG@10 {:.4f}  MRR@10 {:.4f}  R@100 {:.4f}".format(*figures))


def read(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def index(folder: Path, documents: list[dict[str, Any]]) -> Snapshot:
    made = shelf.make_generation(folder, "bench")
    values = {"audience": ("public",), "kind": ("note",)}
    entries = (
        entry(Document(place + 1, 1, one.get("title", ""), one["body"], "", values))
        for place, one in enumerate(documents)
    )
    shelf.write(made, entries)
    segments = [Segment(made.reader(record), Cache()) for record in made.segments()]
    return Snapshot(segments, [frozenset() for _ in segments], "bench")


def judge(
    snapshot: Snapshot,
    names: list[str],
    questions: list[dict[str, Any]],
    reads: Understand = understand,
    weights: Weights = WEIGHTS,
) -> tuple[float, float, float]:
    """Means of nDCG@10, MRR@10 and R@100."""
    gained = ranked = recalled = 0.0
    for one in questions:
        query = Query(words=one["query"], limit=DEPTH)
        answer = engine.answer(snapshot, query, reads(query.words), None, weights)
        found = [names[int(snapshot.number[place]) - 1] for place in answer.places]
        relevant = set(one["relevant"])
        ranks = [rank for rank, name in enumerate(found[:10]) if name in relevant]
        ideal = sum(1 / math.log2(rank + 2) for rank in range(min(10, len(relevant))))
        gained += sum(1 / math.log2(rank + 2) for rank in ranks) / ideal
        ranked += 1 / (ranks[0] + 1) if ranks else 0
        recalled += len(relevant & set(found)) / len(relevant)
    return gained / len(questions), ranked / len(questions), recalled / len(questions)


if __name__ == "__main__":
    main()
