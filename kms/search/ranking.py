"""How well notes answer: BM25F by term, then the words as they were typed among the best.

What counts how rare a word is are the notes that viewers of one kind may all see, and how long a
note is usually, the public ones: a score never tells of a hidden note.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kms.search.arrays import Ids, Mask, Postings, Snapshot
from kms.search.asking import Ask, Asked
from kms.search.kept_text import ONE_BYTE

# So many of the rarest runs of each length are enough.
MOST_RUNS = 20
# What a note is about stands in its beginning; a few are as long as a book.
LONGEST_READ = 20_000
SHARED = ("public", "members")

Scores = NDArray[np.float32]


@dataclass(frozen=True)
class Weights:
    """What adds how much to a score; 0 leaves a thing out.

    Tuned on training questions only (see ``bench/relevance.py``). ``title``, ``body`` and
    ``about`` weigh how often a term occurs there; all further ones are parts of the rarity of the
    terms: ``filed`` for being filed under what is asked, ``pairs`` and ``triples`` for so many
    terms in a row as typed, ``whole_title`` for a title that was typed whole. The last three are
    looked for in the texts of the best ``reranked`` alone.
    """

    title: float = 1.5
    body: float = 1.0
    about: float = 0.6
    k1: float = 1.2
    b: float = 0.75
    filed: float = 1.2
    pairs: float = 0.4
    triples: float = 0.3
    whole_title: float = 0.3
    reranked: int = 30

    @cached_property
    def of_fields(self) -> dict[str, float]:
        """Weights of the text fields that count."""
        weights = {"title": self.title, "body": self.body, "about": self.about}
        return {field: weight for field, weight in weights.items() if weight}

    @cached_property
    def key(self) -> str:
        """Names what the saturation of a term depends on."""
        return f"{self.of_fields} {self.k1} {self.b}"


WEIGHTS = Weights()


def counted(snapshot: Snapshot, audiences: frozenset[str] | None) -> Mask:
    """Notes by which rarity is told: all for the system, else those shared with such viewers."""
    if audiences is None:
        return snapshot.live
    shared = tuple(name for name in SHARED if name in audiences)
    return snapshot.live & snapshot.mask("audience", shared)


def rarities(
    snapshot: Snapshot, asked: Asked, among: Mask, weights: Weights = WEIGHTS
) -> dict[str, float]:
    """How rare each term asked for is among the notes of ``counted``."""
    return {leaf: rarity(among, saturated(snapshot, leaf, weights).ids) for leaf in asked.leaves}


def score(
    snapshot: Snapshot, asked: Asked, rare: Mapping[str, float], weights: Weights = WEIGHTS
) -> Scores:
    """BM25F over title, body and names, more for notes filed under what is asked."""
    scores: Scores = np.zeros(snapshot.size, dtype=np.float32)
    for leaf in asked.leaves:
        postings = saturated(snapshot, leaf, weights)
        scores[postings.ids] += postings.weights * np.float32(rare[leaf])
    if weights.filed:
        for ask in asked.wanted:
            told = max(sum(rare[leaf] for leaf in leaves) for leaves in _forms_of(ask))
            scores[_filed(snapshot, ask)] += np.float32(weights.filed * told)
    return scores


def _filed(snapshot: Snapshot, ask: Ask) -> Ids:
    """Notes filed under a place, theme, person … whose name has all of one form of the ask."""
    forms = _forms_of(ask)

    def having() -> Postings:
        found: Mask = np.zeros(snapshot.size, dtype=np.bool_)
        for leaves in forms:
            times = np.zeros(snapshot.size, dtype=np.uint8)
            for leaf in leaves:
                times[snapshot.postings("about", leaf).ids] += 1
            found |= times == len(leaves)
        return Postings(np.flatnonzero(found).astype(np.int32), np.empty(0, dtype=np.float32))

    return snapshot.kept(("filed", *map(" ".join, forms)), having).ids


def _forms_of(ask: Ask) -> list[tuple[str, ...]]:
    """The terms of each form of what is asked, each once."""
    return [
        tuple(dict.fromkeys(leaf for word in form for leaf in word.leaves)) for form in ask.forms
    ]


def saturated(snapshot: Snapshot, leaf: str, weights: Weights = WEIGHTS) -> Postings:
    """How much each note is about a term, from 0 to k1 + 1, however rare the term is."""
    key = ("saturated", weights.key, leaf)
    return snapshot.kept(key, lambda: _saturated(snapshot, leaf, weights))


def _saturated(snapshot: Snapshot, leaf: str, weights: Weights) -> Postings:
    found: Scores = np.zeros(snapshot.size, dtype=np.float32)
    for field, weight in weights.of_fields.items():
        postings = snapshot.postings(field, leaf)
        lengths, mean = snapshot.norm(field)
        norm = 1 - weights.b + weights.b * lengths[postings.ids] / mean
        found[postings.ids] += weight * postings.weights / norm
    ids = np.flatnonzero(found).astype(np.int32)
    frequency = found[ids]
    return Postings(ids, frequency * (weights.k1 + 1) / (frequency + weights.k1))


def rarity(among: Mask, ids: Ids) -> float:
    """What it tells to have what these notes have."""
    notes = int(np.count_nonzero(among))
    return idf(notes, len(ids) if notes == len(among) else int(np.count_nonzero(among[ids])))


def idf(notes: int, having: int) -> float:
    """Rarer terms tell more; never negative."""
    return float(np.log(1 + (notes - having + 0.5) / (having + 0.5)))


# --- the best again ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """Terms in a row, in the forms in which texts may have them, and what they add.

    ``parts`` are the shorter runs it is made of, which are in every text that has it.
    """

    forms: tuple[str, ...]
    weight: float
    parts: tuple["Run", ...] = ()

    @cached_property
    def one_byte(self) -> tuple[bytes, ...]:
        """The forms as most texts are kept."""
        return tuple(form.encode("cp874", "replace") for form in self.forms)

    @cached_property
    def utf8(self) -> tuple[bytes, ...]:
        """The forms as texts with rarer letters are kept."""
        return tuple(form.encode() for form in self.forms)


def reranked(
    snapshot: Snapshot,
    asked: Asked,
    rare: Mapping[str, float],
    places: Ids,
    values: Scores,
    *,
    needed: int | None = None,
    weights: Weights = WEIGHTS,
) -> tuple[Ids, Scores]:
    """The best again: words that stand in the text as they were typed tell more.

    The first ``needed`` are in order then; what cannot come among them is not looked into.
    """
    best = min(weights.reranked, len(places))
    told_by, most = _teller(asked, rare, weights)
    if not most or best < 2:
        return places, values
    needed = min(needed or best, best)
    added = values[:best].copy()
    least = -1.0
    for row, place in enumerate(places[:best].tolist()):
        if row >= needed and values[row] + most <= least:
            break
        added[row] += told_by(snapshot.text(place)[:LONGEST_READ])
        if row >= needed - 1:
            least = float(np.partition(added[: row + 1], row + 1 - needed)[row + 1 - needed])
    order = np.lexsort((np.arange(best), -added))
    places[:best], values[:best] = places[:best][order], added[order]
    return places, values


def _teller(
    asked: Asked, rare: Mapping[str, float], weights: Weights
) -> tuple[Callable[[bytes], float], float]:
    """What tells how much a text adds, and the most it can tell."""
    runs = _runs(asked, rare, weights)
    typed = "".join(leaf for word in asked.typed for leaf in word)
    titles = {True: typed.encode("cp874", "replace"), False: typed.encode()}

    def told_by(text: bytes) -> float:
        is_one_byte = text[:1] == ONE_BYTE
        told = _by_runs(runs, text, is_one_byte=is_one_byte)
        title = text[1 : text.find(b"\n")]
        if weights.whole_title and _bare(title) in titles[is_one_byte]:
            folded = title.decode("cp874" if is_one_byte else "utf-8")
            told += weights.whole_title * sum(rare[leaf] for leaf in rare if leaf in folded)
        return told

    most = sum(run.weight for run in runs) + weights.whole_title * sum(rare.values())
    return told_by, most


def _bare(title: bytes) -> bytes:
    """A title without what is added in brackets and without spaces; never empty."""
    return title.partition(b"(")[0].replace(b" ", b"") or b"\n"


def _by_runs(runs: Iterable[Run], text: bytes, *, is_one_byte: bool) -> float:
    told = 0.0
    found: set[tuple[str, ...]] = set()
    for run in runs:
        if run.parts and not all(part.forms in found for part in run.parts):
            continue
        for form in run.one_byte if is_one_byte else run.utf8:
            if form in text:
                found.add(run.forms)
                told += run.weight
                break
    return told


def _runs(asked: Asked, rare: Mapping[str, float], weights: Weights) -> list[Run]:
    """Runs of typed terms across words, and in questions also within them; the shorter first."""
    flat = [(leaf, number) for number, word in enumerate(asked.typed) for leaf in word]
    told = [rare.get(leaf, 0.0) for leaf, _ in flat]
    pairs = [
        Run(_forms(flat[at : at + 2]), weights.pairs * sum(told[at : at + 2]))
        for at in range(len(flat) - 1)
    ]
    kept = _rarest(pairs, is_loose=asked.is_loose)
    triples = [
        Run(
            _forms(flat[at : at + 3]),
            weights.triples * sum(told[at : at + 3]),
            tuple(pair for pair in pairs[at : at + 2] if pair in kept),
        )
        for at in range(len(flat) - 2)
    ]
    return kept + _rarest(triples, is_loose=asked.is_loose)


def _rarest(runs: Iterable[Run], *, is_loose: bool) -> list[Run]:
    """Each once; whoever has all words has what stands within each of them."""
    telling = {run.forms: run for run in runs if run.weight and (is_loose or len(run.forms) > 1)}
    return sorted(telling.values(), key=lambda run: -run.weight)[:MOST_RUNS]


def _forms(run: list[tuple[str, int]]) -> tuple[str, ...]:
    """Terms of several words together and apart, as texts are kept."""
    together = "".join(leaf for leaf, _ in run)
    apart = run[0][0]
    for (_, before), (leaf, word) in pairwise(run):
        apart += leaf if word == before else f" {leaf}"
    return tuple(dict.fromkeys((together, apart)))
