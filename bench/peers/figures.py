"""What one run measured, asked for by system."""

from collections.abc import Iterable
from functools import cached_property
from statistics import median
from typing import Any

from bench.peers.systems import NAMES, OURS

Results = dict[str, Any]


class Run:
    """The results of ``bench.peers``; where no number of notes is given, the larger is meant."""

    def __init__(self, results: Results) -> None:
        self.results = results
        self.notes: int = results["notes"]
        self.small: int = results["small"]

    @cached_property
    def names(self) -> list[str]:
        """The systems that were measured."""
        return [name for name in NAMES if f"index {name} {self.notes}" in self.results]

    def rounds(self, name: str, notes: int | None = None) -> list[Results]:
        """What each round of searching told."""
        rounds: list[Results] = self.results[f"speed {name} {notes or self.notes}"]
        return rounds

    def once(self, name: str, figure: str) -> float:
        """Middle over the rounds of what each round told once."""
        return median(one[figure] for one in self.rounds(name))

    def p50(self, name: str, key: str = "warm", notes: int | None = None) -> float:
        """Middle over the rounds of the middle over the queries."""
        return median(median(one[key]) for one in self.rounds(name, notes))

    def p95(self, name: str, key: str = "warm") -> float:
        """Middle over the rounds of what 95 queries of 100 stay under."""
        return median(_p95(one[key]) for one in self.rounds(name))

    def has(self, name: str, key: str) -> bool:
        """Whether these queries were asked of this system."""
        return key in self.rounds(name)[0]

    def growth(self, name: str) -> float:
        """How many times longer a warm page takes with the larger number of notes."""
        return self.p50(name) / self.p50(name, notes=self.small)

    def writing(self, name: str) -> float:
        """Seconds of indexing notes that came cut."""
        seconds: float = self.results[f"index {name} {self.notes}"]["seconds"]
        return seconds

    def indexing(self, name: str, notes: int | None = None) -> float:
        """Seconds from raw text to an index, cut in one process where notes come cut."""
        notes = notes or self.notes
        seconds: float = self.results[f"index {name} {notes}"]["seconds"]
        cutting: float = self.results["cutting"] * notes / self.notes
        return seconds if name == OURS else seconds + cutting

    def indexing_growth(self, name: str) -> float:
        """How many times longer indexing the larger number of notes takes."""
        return self.indexing(name) / self.indexing(name, self.small)

    def index_mb(self, name: str) -> float:
        """Size of the index on disk."""
        size: float = self.results[f"index {name} {self.notes}"]["mb"]
        return size

    def words(self, name: str, notes: int | None = None) -> Results:
        """Recall and precision by sort of word."""
        told: Results = self.results[f"words {name} {notes or self.notes}"]
        return told

    def ndcg(self, name: str) -> float | None:
        """Of the judged questions, when there were any."""
        told = self.results.get(f"judged {name}")
        return told["ndcg"] if told else None


def _p95(times: Iterable[float]) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
