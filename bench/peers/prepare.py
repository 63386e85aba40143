"""What all systems are given: notes as our analysis cuts them, queries, words with their truth.

    python -m bench.peers.prepare WORK NOTES.jsonl.gz --sizes 2000 20000 [--docs … --questions …]

The truth about a word is plain: it stands in the folded text of a note, and neither end of it
inside a character cluster. Prints how long the cutting took as one line of JSON.
"""

import argparse
import json
import random
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from pythainlp.corpus import thai_words

from bench.loading import Sample, make_instance, sample
from bench.peers.ours import settings_of
from bench.peers.peer import Cut, write_lines
from bench.relevance import read
from bench.search import asked
from kms.gazetteer import gazetteer
from kms.roles import ROLES
from kms.search import analysis
from kms.search.asking import understand
from kms.thai.words import fold, is_cluster_boundary

WORDS = 300
NAMES = 100
RAREST = 20
LONG = 4
_THAI = re.compile("[ก-\u0e4e]{2,}")
_NAME = re.compile("[ก-ฮะ-ฺเ-ๅ็-๎]{4,14}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("work", type=Path)
    arguments.add_argument("file", type=Path)
    arguments.add_argument("--sizes", type=int, nargs=2, default=(2_000, 20_000))
    arguments.add_argument("--queries", type=int, default=100)
    arguments.add_argument("--docs", type=Path)
    arguments.add_argument("--questions", type=Path)
    chosen = arguments.parse_args()
    cutting = prepare(chosen.work, chosen.file, tuple(chosen.sizes), chosen.queries)
    if chosen.docs and chosen.questions:
        prepare_judged(chosen.work / "judged", chosen.docs, chosen.questions)
    print(json.dumps({"cutting": cutting}))


def prepare(work: Path, file: Path, sizes: tuple[int, int], queries: int) -> float:
    """Instances, cut notes, queries and words with their truth; seconds that cutting took."""
    work.mkdir(parents=True, exist_ok=True)
    small, large = sizes
    distinct = dict.fromkeys(islice(asked(file, small), queries * 3))
    write_lines(work / "queries.jsonl", map(words, islice(distinct, queries)))
    for size in set(sizes):
        make_instance(settings_of(work / f"Platu-{size}"), sample(file, size))
    cutting = cut_all(sample(file, large), work / "cut.jsonl")
    found = words_with_truth(list(sample(file, large)), small)
    write_lines(work / "words.jsonl", found)
    return cutting


def words(typed: str) -> dict[str, Any]:
    """As typed and as terms; without stop words unless nothing else is left."""
    terms = _cut(typed).split()
    telling = [term for term in terms if not analysis.is_stop_word(term)]
    return {"typed": typed, "terms": list(dict.fromkeys(telling or terms))}


def cut_all(notes: Iterable[Sample], file: Path) -> float:
    """Write the notes cut; the seconds that folding and cutting alone took."""
    analysis.vocabulary()
    took = 0.0

    def each() -> Iterator[Cut]:
        nonlocal took
        for note in notes:
            began = time.perf_counter()
            title, body = _cut(note.title), _cut(note.body)
            took += time.perf_counter() - began
            yield Cut(note.number, title, body, note.values)

    write_lines(file, each())
    return took


def _cut(text: str) -> str:
    return " ".join(
        term for word, _, _ in analysis.vocabulary().cutter.cut(fold(text)) for term in _terms(word)
    )


@cache
def _terms(word: str) -> tuple[str, ...]:
    leaves = analysis.vocabulary().cutter.leaves(word)
    return tuple(filter(None, map(analysis.as_term, leaves)))


def words_with_truth(notes: list[Sample], small: int) -> Iterator[dict[str, Any]]:
    """Dictionary words and rare names that stand in the first ``small`` notes, with all that have
    them. Not those that mean several things, nor those in the names of made-up values. A mixed
    name has words of the dictionary in it."""
    texts = [" ".join(fold(f"{note.title}\n{note.body}").split()) for note in notes]
    chosen = {
        "word": islice(_dictionary(texts[:small]), WORDS),
        "name": islice((one for one in _names(texts[:small]) if _is_all_new(one)), NAMES),
        "mixed": islice((one for one in _names(texts[:small]) if not _is_all_new(one)), NAMES),
    }
    for sort, words_of_sort in chosen.items():
        for word in words_of_sort:
            true = [place + 1 for place, text in enumerate(texts) if stands_in(word, text)]
            terms = _cut(word).split()
            yield {"sort": sort, "typed": word, "terms": terms, "true": true}


def stands_in(word: str, text: str) -> bool:
    """Whether the word is in the text with both ends between character clusters."""
    at = text.find(word)
    while at >= 0:
        if is_cluster_boundary(text, at) and is_cluster_boundary(text, at + len(word)):
            return True
        at = text.find(word, at + 1)
    return False


def _dictionary(texts: list[str]) -> Iterator[str]:
    together = "\n".join(texts)
    known = sorted({fold(word) for word in thai_words()})
    random.Random(7).shuffle(known)
    return (
        word
        for word in known
        if _THAI.fullmatch(word) and stands_in(word, together) and _means_itself(word)
    )


def _names(texts: list[str]) -> Iterator[str]:
    """What stands between two spaces in few notes and is partly unknown to the dictionary."""
    chunks = sorted({chunk for text in texts for chunk in text.split() if _NAME.fullmatch(chunk)})
    random.Random(7).shuffle(chunks)
    together = "\n".join(texts)
    return (
        chunk
        for chunk in chunks
        if not all(piece.is_known for piece in analysis.pieces(chunk))
        and _means_itself(chunk)
        and together.count(chunk) <= RAREST
        and stands_in(chunk, together)
    )


def _is_all_new(name: str) -> bool:
    """Whether cutting finds no longer word of the dictionary in it."""
    pieces = analysis.pieces(name)
    return not any(piece.is_known and len(piece.text) >= LONG for piece in pieces)


def _means_itself(word: str) -> bool:
    wanted = understand(word).wanted
    return all(len(ask.forms) == 1 for ask in wanted) and word not in _made_up()


@cache
def _made_up() -> str:
    names = [place.name for code, place in gazetteer().by_code.items() if len(code) == 2]
    return fold("\n".join([*names, *(role.name_th for role in ROLES.values())]))


def prepare_judged(work: Path, docs: Path, questions: Path) -> None:
    """The same files for judged questions, in a folder of their own."""
    work.mkdir()
    numbers = {one["id"]: place + 1 for place, one in enumerate(read(docs))}
    # Without values that are made up: their names are words to ours.
    bare = [replace(one, province="", theme="", role="") for one in sample(docs, len(numbers))]
    make_instance(settings_of(work / f"Platu-{len(bare)}"), bare)
    cut_all(bare, work / "cut.jsonl")
    rows = (
        {**words(one["query"]), "relevant": [numbers[name] for name in one["relevant"]]}
        for one in read(questions)
    )
    write_lines(work / "questions.jsonl", rows)


if __name__ == "__main__":
    main()
