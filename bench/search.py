"""Speed of indexing and finding on real Thai notes, in process.

    python -m bench.search NOTES.jsonl.gz [--notes 20000] [--folder /tmp/bench-search]

Loads the notes into a fresh SQLite instance (kept in the folder for the next run), rebuilds the
index, then searches words of two to four parts with facets and snippets. Own time is what the
process itself worked: on a busy machine the figure to compare. ``bench.peers`` measures others too.
"""

import argparse
import gzip
import json
import random
import resource
import shutil
import statistics
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from bench.loading import make_instance, sample
from kms.models import Note
from kms.permissions import ANONYMOUS
from kms.saving import Store, open_store
from kms.search import analysis
from kms.search.query import Query
from kms.settings import Settings
from kms.thai.words import fold

QUERIES = 300


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("file", type=Path)
    arguments.add_argument("--notes", type=int, default=20_000)
    arguments.add_argument("--folder", type=Path, default=Path("/tmp/bench-search"))
    chosen = arguments.parse_args()
    folder = chosen.folder / str(chosen.notes)
    settings = Settings(folder, f"sqlite:///{folder / 'kms.db'}", "bench")
    if not folder.exists():
        make_instance(settings, sample(chosen.file, chosen.notes))
    shutil.rmtree(settings.index_folder, ignore_errors=True)
    store = open_store(settings)
    began, worked = time.perf_counter(), time.process_time()
    done = store.index.reindex(store.sessions)
    took, worked = time.perf_counter() - began, time.process_time() - worked
    say("indexed", f"{done} notes, {done / took:.0f} a second ({done / worked:.0f} of own time)")
    size = sum(file.stat().st_size for file in settings.index_folder.rglob("*") if file.is_file())
    say("index", f"{size / 2**20:.0f} MB")
    store.close()
    store = open_store(settings)
    queries = list(islice(asked(chosen.file, chosen.notes), QUERIES))
    find(store, "cold", queries[:1])
    find(store, "first use of words", queries)
    find(store, "warm", queries)
    find(store, "one word quoted", [f'"{words.split()[0]}"' for words in queries])
    find(store, "no words", [""] * 50)
    save(store, chosen.notes)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say("memory", f"{memory:.0f} MB at most")


def read(file: Path, notes: int) -> Iterator[dict[str, str]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, islice(lines, notes))


def asked(file: Path, notes: int) -> Iterator[str]:
    """Two to four neighbouring words of a title each."""
    chance = random.Random(7)
    titles = [one["title"] for one in read(file, notes)]
    while True:
        pieces = [piece.text for piece in analysis.pieces(fold(chance.choice(titles)))]
        words = [word for word in pieces if len(word) > 2 and not analysis.is_stop_word(word)]
        number = chance.randint(2, 4)
        if len(words) >= number:
            start = chance.randrange(len(words) - number + 1)
            yield " ".join(words[start : start + number])


def find(store: Store, name: str, queries: list[str]) -> None:
    times, own, found = [], [], 0
    with store.reading() as session:
        for words in queries:
            began, worked = time.perf_counter(), time.process_time()
            answer = store.index.find(session, Query(words=words, limit=10), seen_by=ANONYMOUS)
            times.append((time.perf_counter() - began) * 1000)
            own.append((time.process_time() - worked) * 1000)
            found += bool(answer.total)
    say(name, f"{_spread(times)}; own time {_spread(own)}; {found} of {len(queries)} found")


def _spread(times: list[float]) -> str:
    ordered = sorted(times)
    return f"p50 {statistics.median(ordered):.1f} p95 {ordered[int(len(ordered) * 0.95)]:.1f} ms"


def save(store: Store, notes: int) -> None:
    """A note changed and the index in step again; then the first search after it."""
    saves, searches = [], []
    for _ in range(60):
        began = time.perf_counter()
        with store.saving() as session:
            note = session.get_one(Note, random.randint(1, notes))
            note.title += "."
        saves.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        with store.reading() as session:
            store.index.find(session, Query(words="รัฐบาล", limit=10), seen_by=ANONYMOUS)
        searches.append((time.perf_counter() - began) * 1000)
    for name, times in (("save", saves), ("search after save", searches)):
        say(name, _spread(times))


def say(name: str, value: str) -> None:
    print(f"{name:24} {value}")


if __name__ == "__main__":
    main()
