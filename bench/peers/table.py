"""Figures of one run as Markdown: all systems side by side, then ours against its marks."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from bench.peers.systems import NAMES, OURS

BEGIN, END = "<!-- bench: written by python -m bench.peers --readme -->", "<!-- /bench -->"
NONE = "–"

# What ours is held to: recall for each sort of word, and precision for all.
RECALL = {"word": 0.995, "word quoted": 1, "name quoted": 1, "name": 1}
PRECISION = 0.98

Results = dict[str, Any]
# What it is, what is wanted, what was measured, whether that is enough.
Mark = tuple[str, str, str, bool]


def put_into(file: Path, text: str) -> None:
    """Replace what stands between the marks in this file."""
    old = file.read_text(encoding="utf-8")
    between = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    if not between.search(old):
        raise SystemExit(f"{file} has no lines {BEGIN} and {END}")
    file.write_text(between.sub(lambda _: f"{BEGIN}\n{text}\n{END}", old), encoding="utf-8")


def written(results: Results) -> str:
    """The whole table with what it was measured on."""
    names = [name for name in NAMES if f"index {name} {results['notes']}" in results]
    rows = list(_rows(results, names))
    return "\n".join(
        [
            _measured_on(results),
            "",
            f"| | {' | '.join(names)} |",
            f"|---|{'---|' * len(names)}",
            *(f"| {label} | {' | '.join(cells)} |" for label, cells in rows),
            "",
            _notes(results),
            "",
            "| mark | wanted | measured | |",
            "|---|---|---|---|",
            *_marks(results, names),
        ]
    )


def _measured_on(results: Results) -> str:
    notes = f"{results['notes']:,} full-length Thai notes"
    rounds = len(results[f"speed {OURS} {results['notes']}"])
    return (
        f"Measured on {results['date']} with {notes}, {os.cpu_count()} cores, each system in a"
        " process of its own; milliseconds are p50 / p95 over the queries, medians of"
        f" {rounds} rounds."
    )


def _notes(results: Results) -> str:
    return (
        "*Page*: top 10, counts of 5 facets, 10 passages, for 2–4 neighbouring words of a title."
        f" {OURS} is asked through `Index.find` whole: it reads the typed words, wants all of them"
        " where some note has all, counts every facet it has and checks the hits in the database;"
        " its top 10 alone still counts them. The others are given the terms of our analysis and"
        " make passages from stored terms by their own means; bm25s keeps no text and knows no"
        " facets: both are ours there, over arrays. *Word found*: recall / precision against a"
        " plain search through the folded texts; the others look for the terms of the word as a"
        " phrase, bm25s for all of them."
    )


def _rows(results: Results, names: list[str]) -> Iterator[tuple[str, list[str]]]:
    size, small = results["notes"], results["small"]

    def each(told: Callable[[str], str]) -> list[str]:
        return [told(name) for name in names]

    for label, key in (
        ("page, warm", "warm"),
        ("page of notes with all words, warm", "every"),
        ("top 10 alone, warm", "best"),
        ("page, words asked for the first time", "new"),
    ):
        yield label, each(lambda name, key=key: _spread(results, f"speed {name} {size}", key))
    yield (
        "page, the very first",
        each(lambda name: _ms(_middle(results, f"speed {name} {size}", "first"))),
    )
    yield (
        "opening before it",
        each(lambda name: _ms(_middle(results, f"speed {name} {size}", "open"))),
    )
    yield (
        f"page, warm: grows from {small:,} notes by",
        each(lambda name: f"{growth(results, name):.1f} ×"),
    )
    yield (
        "indexing from raw text, notes/s",
        each(lambda name: f"{size / indexing(results, name, size):,.0f}"),
    )
    yield (
        "the same without cutting",
        each(
            lambda name: (
                NONE
                if name == OURS
                else f"{size / results[f'index {name} {size}']['seconds']:,.0f}"
            )
        ),
    )
    yield (
        f"indexing: grows from {small:,} notes by",
        each(lambda name: f"{indexing_growth(results, name):.1f} ×"),
    )
    yield "index, MB", each(lambda name: f"{results[f'index {name} {size}']['mb']:,.0f}")
    yield (
        "memory of the process, MB",
        each(lambda name: f"{_middle(results, f'speed {name} {size}', 'rss'):,.0f}"),
    )
    yield from _word_rows(results, each, size)
    if f"judged {OURS}" in results:
        yield (
            "nDCG@10, training questions",
            each(lambda name: f"{results[f'judged {name}']['ndcg']:.3f}"),
        )


def _word_rows(
    results: Results, each: Callable[[Callable[[str], str]], list[str]], size: int
) -> Iterator[tuple[str, list[str]]]:
    for label, sort in (
        ("dictionary word found", "word"),
        ("the same in quotes", "word quoted"),
        ("unknown name found", "name"),
        ("unknown name in quotes", "name quoted"),
    ):
        yield label, each(lambda name, sort=sort: _found(results, f"words {name} {size}", sort))


def _found(results: Results, key: str, sort: str) -> str:
    told = results[key].get(sort)
    return f"{told['recall']:.3f} / {told['precision']:.3f}" if told else NONE


def _marks(results: Results, names: list[str]) -> Iterator[str]:
    """Rows of what was promised, what was measured and whether that keeps the promise."""
    for part in (_word_marks, _speed_marks, _server_marks, _growth_marks):
        for label, wanted, measured, is_met in part(results, names):
            yield f"| {label} | {wanted} | {measured} | {'met' if is_met else '**missed**'} |"


def _word_marks(results: Results, _names: list[str]) -> Iterator[Mark]:
    for notes in dict.fromkeys((results["small"], results["notes"])):
        found = results[f"words {OURS} {notes}"]
        for sort, least in RECALL.items():
            if sort in found:
                told = found[sort]
                is_met = told["recall"] >= least and told["precision"] >= PRECISION
                label = f"recall / precision, {sort}, {notes:,} notes"
                yield label, f"{least} / {PRECISION}", _found({"": found}, "", sort), is_met


def _speed_marks(results: Results, names: list[str]) -> Iterator[Mark]:
    size = results["notes"]
    page = p50(results, OURS, size)
    yield "page in process, p50", "3 ms", _ms(page), page <= 3
    for key, which in (("warm", ""), ("every", " (its notes with all words)")):
        if "Whoosh" in names:
            times = p50(results, "Whoosh", size, key) / page
            yield f"faster than Whoosh{which}", "30 ×", f"{times:.1f} ×", times >= 30
        if "tantivy" in names:
            times = page / p50(results, "tantivy", size, key)
            yield f"slower than tantivy{which}", "6 ×", f"{times:.1f} ×", times <= 6
    first = _middle(results, f"speed {OURS} {size}", "first")
    yield "the very first query", "150 ms", _ms(first), first <= 150


def _server_marks(results: Results, _names: list[str]) -> Iterator[Mark]:
    page = median(results["served"]["warm"])
    yield "page through the API, p50", "8 ms", _ms(page), page <= 8
    memory = results["served"]["rss"]
    yield "memory of a server process", "350 MB", f"{memory:,.0f} MB", memory <= 350
    name, worst = max(results["hostile"]["times"].items(), key=lambda one: one[1])
    yield f"worst bad input ({name})", "50 ms", _ms(worst), worst <= 50
    saves = [sum(both) for both in zip(*results["saved"].values(), strict=True)]
    yield "saved, and found by the next search, p50", "found", _ms(median(saves)), True


def _growth_marks(results: Results, names: list[str]) -> Iterator[Mark]:
    size, small = results["notes"], results["small"]
    grown = growth(results, OURS)
    yield f"query time from {small:,} to {size:,} notes", "3 ×", f"{grown:.1f} ×", grown <= 3
    linear, indexed = size / small, indexing_growth(results, OURS)
    yield "indexing time, the same", f"{linear:.0f} ×", f"{indexed:.1f} ×", indexed < linear * 1.15
    rate = size / indexing(results, OURS, size)
    yield "indexing, notes/s", "500", f"{rate:,.0f}", rate >= 500
    if "Whoosh" in names:
        ratio = indexing(results, "Whoosh", size) / indexing(results, OURS, size)
        yield "indexing faster than Whoosh", "3 ×", f"{ratio:.1f} ×", ratio >= 3


def indexing(results: Results, name: str, size: int) -> float:
    """Seconds from raw text to a searchable index, cut in one process where notes come cut."""
    seconds: float = results[f"index {name} {size}"]["seconds"]
    cutting: float = results["cutting"] * size / results["notes"]
    return seconds if name == OURS else seconds + cutting


def indexing_growth(results: Results, name: str) -> float:
    """How many times longer the larger number of notes takes."""
    small = indexing(results, name, results["small"])
    return indexing(results, name, results["notes"]) / small


def growth(results: Results, name: str) -> float:
    """How many times longer a warm page takes with the larger number of notes."""
    return p50(results, name, results["notes"]) / p50(results, name, results["small"])


def p50(results: Results, name: str, size: int, key: str = "warm") -> float:
    """Middle over the rounds of the middle over the queries."""
    return median(median(one[key]) for one in results[f"speed {name} {size}"])


def _middle(results: Results, key: str, figure: str) -> float:
    return median(one[figure] for one in results[key])


def _spread(results: Results, key: str, figure: str) -> str:
    rounds = [one[figure] for one in results[key] if figure in one]
    if not rounds:
        return NONE
    return f"{_number(median(map(median, rounds)))} / {_number(median(map(_p95, rounds)))}"


def _p95(times: Iterable[float]) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


def _ms(value: float) -> str:
    return f"{_number(value)} ms"


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"
