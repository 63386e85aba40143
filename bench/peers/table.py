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

Results = dict[str, Any]


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
    size, small = results["notes"], results["small"]
    page = p50(results, OURS, size)
    marks: list[tuple[str, str, str, bool]] = []
    for notes in dict.fromkeys((small, size)):
        words = results[f"words {OURS} {notes}"]
        for sort, least in (("word", 0.995), ("word quoted", 1), ("name quoted", 1), ("name", 1)):
            if sort not in words:
                continue
            told = words[sort]
            is_met = told["recall"] >= least and told["precision"] >= 0.98
            label = f"recall / precision, {sort}, {notes:,} notes"
            marks.append((label, f"{least} / 0.98", _found({"": words}, "", sort), is_met))
    marks.append(("page in process, p50", "3 ms", _ms(page), page <= 3))
    for name, factor, is_slower in (("Whoosh", 30, True), ("tantivy", 6, False)):
        if name in names:
            for key in ("warm", "every"):
                theirs = p50(results, name, size, key)
                ratio = theirs / page if is_slower else page / theirs
                label = f"{'faster than' if is_slower else 'slower than'} {name}"
                label += " (its notes with all words)" if key == "every" else ""
                is_met = ratio >= factor if is_slower else ratio <= factor
                marks.append((label, f"{factor} ×", f"{ratio:.1f} ×", is_met))
    served = median(results["served"]["warm"])
    marks.append(("page through the API, p50", "8 ms", _ms(served), served <= 8))
    first = _middle(results, f"speed {OURS} {size}", "first")
    marks.append(("the very first query", "150 ms", _ms(first), first <= 150))
    memory = results["served"]["rss"]
    marks.append(("memory of a server process", "350 MB", f"{memory:,.0f} MB", memory <= 350))
    marks.extend(_growth_marks(results, names))
    worst = max(results["hostile"]["times"].items(), key=lambda one: one[1])
    marks.append((f"worst bad input ({worst[0]})", "50 ms", _ms(worst[1]), worst[1] <= 50))
    saves = [a + b for a, b in zip(*results["saved"].values(), strict=True)]
    marks.append(("saved and found in the next request, p50", "found", _ms(median(saves)), True))
    for label, wanted, measured, is_met in marks:
        yield f"| {label} | {wanted} | {measured} | {'met' if is_met else '**missed**'} |"


def _growth_marks(results: Results, names: list[str]) -> Iterator[tuple[str, str, str, bool]]:
    size, small = results["notes"], results["small"]
    grown = growth(results, OURS)
    yield "query time grows", "3 ×", f"{grown:.1f} ×", grown <= 3
    linear, indexed = size / small, indexing_growth(results, OURS)
    label = f"indexing time grows with {linear:.0f} × notes"
    yield label, f"{linear:.0f} ×", f"{indexed:.1f} ×", indexed <= linear * 1.15
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
