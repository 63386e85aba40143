"""One run as Markdown: all systems side by side, then ours against its marks."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from bench.peers.figures import Results, Run
from bench.peers.systems import OURS

BEGIN, END = "<!-- bench: written by python -m bench.peers --readme -->", "<!-- /bench -->"
NONE = "–"
# What ours is held to: recall for each sort of word, and precision for all.
RECALL = {
    "word": 0.995,
    "word quoted": 1,
    "name": 1,
    "name quoted": 1,
    "mixed": 1,
    "mixed quoted": 1,
}
PRECISION = 0.98

# What it is, what is wanted, what was measured, whether that is enough.
Mark = tuple[str, str, str, bool]


def put_into(file: Path, text: str) -> None:
    """Replace what stands between the marks in this file."""
    old = file.read_text(encoding="utf-8")
    between = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    if not between.search(old):
        raise SystemExit(f"{file} has no lines {BEGIN} and {END}")
    file.write_text(between.sub(lambda _: f"{BEGIN}\n{text}\n{END}", old), encoding="utf-8")


def compared(results: Results) -> str:
    """All systems side by side, with what they were measured on."""
    run = Run(results)
    lines = [
        _measured_on(run),
        "",
        f"| | {' | '.join(run.names)} |",
        f"|---|{'---|' * len(run.names)}",
    ]
    for label, cell in _rows(run):
        cells = list(map(cell, run.names))
        if set(cells) != {NONE}:
            lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", _NOTES])


def marks(results: Results) -> str:
    """What ours is held to."""
    run = Run(results)
    lines = ["| mark | wanted | measured | |", "|---|---|---|---|"]
    for part in (_word_marks, _speed_marks, _server_marks, _growth_marks):
        for label, wanted, measured, is_met in part(run):
            said = "met" if is_met else "**missed**"
            lines.append(f"| {label} | {wanted} | {measured} | {said} |")
    return "\n".join(lines)


def _measured_on(run: Run) -> str:
    return (
        f"Measured on {run.results['date']} with {run.notes:,} full-length Thai notes,"
        f" {os.cpu_count()} cores, each system in a process of its own; milliseconds are p50 / p95"
        f" over the queries, medians of {len(run.rounds(OURS))} rounds."
    )


_NOTES = (
    "*Page*: top 10, counts of 5 facets, 10 passages, for 2–4 neighbouring words of a title."
    f" {OURS} is asked through `Index.find` whole: it reads the typed words, wants all of them"
    " where some note has all, counts every facet it has and checks the hits in the database;"
    " its top 10 alone still counts them. The others are given the terms of our analysis and"
    " make passages from stored terms by their own means; bm25s keeps no text and knows no"
    " facets: both are ours there, over arrays. *Word found*: recall / precision against a"
    " plain search through the folded texts; the others look for the terms of the word as a"
    " phrase, bm25s for all of them. Memory counts files that are mapped."
)


def _rows(run: Run) -> Iterator[tuple[str, Callable[[str], str]]]:
    """Labels, and what stands under each system."""
    yield "page, warm", lambda name: _spread(run, name, "warm")
    yield "page of notes with all words, warm", lambda name: _spread(run, name, "every")
    yield "top 10 alone, warm", lambda name: _spread(run, name, "best")
    yield "page, words asked for the first time", lambda name: _spread(run, name, "new")
    yield "page, the very first", lambda name: _ms(run.once(name, "first"))
    yield "opening before it", lambda name: _ms(run.once(name, "open"))
    yield f"page, warm: times that at {run.small:,} notes", lambda name: f"{run.growth(name):.1f} ×"
    yield "indexing from raw text, notes/s", lambda name: f"{run.notes / run.indexing(name):,.0f}"
    yield "the same without cutting", lambda name: _writing(run, name)
    yield (
        f"indexing: times that of {run.small:,} notes",
        lambda name: f"{run.indexing_growth(name):.1f} ×",
    )
    yield "index, MB", lambda name: f"{run.index_mb(name):,.0f}"
    yield "memory of the process, MB", lambda name: f"{run.once(name, 'rss'):,.0f}"
    yield "dictionary word found", lambda name: _found(run.words(name), "word")
    yield "the same in quotes", lambda name: _found(run.words(name), "word quoted")
    yield "unknown name found", lambda name: _found(run.words(name), "name")
    yield "unknown name in quotes", lambda name: _found(run.words(name), "name quoted")
    yield "unknown name made of known words too", lambda name: _found(run.words(name), "mixed")
    yield "such a name in quotes", lambda name: _found(run.words(name), "mixed quoted")
    if run.ndcg(OURS) is not None:
        yield "nDCG@10, training questions", lambda name: f"{run.ndcg(name):.3f}"


def _spread(run: Run, name: str, key: str) -> str:
    if not run.has(name, key):
        return NONE
    return f"{_number(run.p50(name, key))} / {_number(run.p95(name, key))}"


def _writing(run: Run, name: str) -> str:
    return NONE if name == OURS else f"{run.notes / run.writing(name):,.0f}"


def _found(words: Results, sort: str) -> str:
    told = words.get(sort)
    return f"{told['recall']:.3f} / {told['precision']:.3f}" if told else NONE


def _word_marks(run: Run) -> Iterator[Mark]:
    for notes in dict.fromkeys((run.small, run.notes)):
        words = run.words(OURS, notes)
        for sort, least in RECALL.items():
            if sort in words:
                told = words[sort]
                is_met = told["recall"] >= least and told["precision"] >= PRECISION
                label = f"recall / precision, {sort}, {notes:,} notes"
                yield label, f"{least} / {PRECISION}", _found(words, sort), is_met


def _speed_marks(run: Run) -> Iterator[Mark]:
    page = run.p50(OURS)
    yield "page in process, p50", "3 ms", _ms(page), page <= 3
    for key, which in (("warm", ""), ("every", " (its notes with all words)")):
        if "Whoosh" in run.names:
            times = run.p50("Whoosh", key) / page
            yield f"faster than Whoosh{which}", "30 ×", f"{times:.1f} ×", times >= 30
        if "tantivy" in run.names:
            times = page / run.p50("tantivy", key)
            yield f"slower than tantivy{which}", "6 ×", f"{times:.1f} ×", times <= 6
    first = run.once(OURS, "first")
    yield "the very first query", "150 ms", _ms(first), first <= 150


def _server_marks(run: Run) -> Iterator[Mark]:
    page = median(run.results["served"]["warm"])
    yield "page through the API, p50", "8 ms", _ms(page), page <= 8
    memory = run.results["served"]["rss"]
    yield "memory of a server process", "350 MB", f"{memory:,.0f} MB", memory <= 350
    name, worst = max(run.results["hostile"]["times"].items(), key=lambda one: one[1])
    yield f"worst bad input ({name})", "50 ms", _ms(worst), worst <= 50
    saves = [sum(both) for both in zip(*run.results["saved"].values(), strict=True)]
    yield "saved, and found by the next search, p50", "found", _ms(median(saves)), True


def _growth_marks(run: Run) -> Iterator[Mark]:
    grown = run.growth(OURS)
    label = f"query time from {run.small:,} to {run.notes:,} notes"
    yield label, "3 ×", f"{grown:.1f} ×", grown <= 3
    linear, indexed = run.notes / run.small, run.indexing_growth(OURS)
    yield "indexing time, the same", f"{linear:.0f} ×", f"{indexed:.1f} ×", indexed < linear * 1.15
    rate = run.notes / run.indexing(OURS)
    yield "indexing, notes/s", "500", f"{rate:,.0f}", rate >= 500
    if "Whoosh" in run.names:
        ratio = run.indexing("Whoosh") / run.indexing(OURS)
        yield "indexing faster than Whoosh", "3 ×", f"{ratio:.1f} ×", ratio >= 3


def _ms(value: float) -> str:
    return f"{_number(value)} ms"


def _number(value: float) -> str:
    return f"{value:.2f}" if value < 1 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"
