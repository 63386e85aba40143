"""What only ours has: the API, a save that is findable at once, bad input kept cheap.

    python -m bench.peers.ours_only (served|saved|hostile) FOLDER WORK

FOLDER is an indexed instance, which ``saved`` changes.
"""

import argparse
import http.client
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import ascii_lowercase
from urllib.parse import urlencode

from sqlalchemy import func, select

from bench.peers.one import Figures, memory
from bench.peers.ours import Ours
from bench.peers.peer import TOP, Words, as_words, read_lines
from bench.serving import free_port, serving
from kms.models import Note

SAVES = 60


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("stage", choices=STAGES)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("work", type=Path)
    chosen = arguments.parse_args()
    queries = list(map(as_words, read_lines(chosen.work / "queries.jsonl")))
    print(json.dumps(STAGES[chosen.stage](chosen.folder, queries)))


def served(folder: Path, queries: list[Words]) -> Figures:
    """``GET /api/v1/search`` by one client over one connection, against ``kms serve``."""
    with _server(folder) as (port, process):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        times = {
            name: [_request(connection, words.typed) for words in queries]
            for name in ("new", "warm")
        }
        children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
        workers = [memory(child) for child in children.split()]
    return {**times, "rss": max(one["rss"] for one in workers), "workers": workers}


def _request(connection: http.client.HTTPConnection, words: str) -> float:
    began = time.perf_counter()
    address = "/api/v1/search?" + urlencode({"q": words, "limit": TOP})
    connection.request("GET", address)
    answer = connection.getresponse()
    told = json.loads(answer.read())
    assert answer.status == 200, told
    return (time.perf_counter() - began) * 1000


@contextmanager
def _server(folder: Path) -> Iterator[tuple[int, int]]:
    """Port and process of a server over this instance, with two workers as it comes."""
    port = free_port()
    environment = {**os.environ, "KMS_INSTANCE": str(folder), "KMS_PORT": str(port)}
    with serving(environment) as process:
        yield port, process


def saved(folder: Path, queries: list[Words]) -> Figures:
    """From before a save until the next search has found what was saved."""
    ours = Ours(folder)
    ours.open()
    ours.page(queries[0])
    saves, searches = [], []
    with ours.store.reading() as session:
        turns = min(SAVES, session.scalar(select(func.count()).select_from(Note)) or 0)
    for turn in range(turns):
        word = "zq" + "".join(ascii_lowercase[place] for place in divmod(turn, 26))
        began = time.perf_counter()
        with ours.store.saving() as session:
            session.get_one(Note, turn + 1).title += f" {word}"
        between = time.perf_counter()
        numbers = ours.best(Words(word, (word,)))
        searches.append((time.perf_counter() - between) * 1000)
        saves.append((between - began) * 1000)
        assert numbers == [turn + 1], f"{word} was saved and not found"
    return {"save": saves, "search": searches}


def hostile(folder: Path, queries: list[Words]) -> Figures:
    """Milliseconds of each bad input the first time it is asked, after one plain search."""
    ours = Ours(folder)
    ours.open()
    ours.page(queries[0])
    times = {}
    for name, typed in hostile_queries(queries).items():
        began = time.perf_counter()
        ours.page(Words(typed, ()))
        times[name] = (time.perf_counter() - began) * 1000
    return {"times": times}


def hostile_queries(queries: list[Words]) -> dict[str, str]:
    """Bad input, made of the words of good input where it is made of words."""
    words = list(dict.fromkeys(word for one in queries for word in one.typed.split()))
    many = (words * (500 // len(words) + 1))[:500]
    title = "".join(words)
    return {
        "10,000 characters without a space": (title * (10_000 // len(title) + 1))[:10_000],
        "10,000 characters of words": " ".join(many * 20)[:10_000],
        "500 words": " ".join(many),
        "500 refused words": " ".join(f"-{word}" for word in many),
        "40 quoted words": " ".join(f'"{word}"' for word in many[:40]),
        "40 quoted phrases": " ".join(f'"{one.typed}"' for one in (queries * 40)[:40]),
        "40 quoted single letters": " ".join(f'"{chr(0xE01 + place)}"' for place in range(40)),
        "40 unknown names": " ".join(f"ฆ{word[::-1]}ฌ" for word in many[:40]),
        "only stop words": "ที่ ซึ่ง อัน และ หรือ แต่ ของ ใน จาก กับ ที่ไหน อย่างไร",
        "only punctuation": "!?()[]{}<>/\\|'\"-+*&^%$#@~`.,:; ฯ ๆ ๏ " * 50,
        "unclosed quotes": '"' * 501 + words[0],
        "operators misplaced": '- -- -"" AND OR NOT ( ) -(' + words[0] + " -" * 200,
        "control characters": "\x00\x07\x1b\ud800" * 500 + words[0],
        "one letter": "ก",
        "marks without a letter": "\u0e48\u0e49\u0e31" * 1_000,
    }


STAGES = {"served": served, "saved": saved, "hostile": hostile}

if __name__ == "__main__":
    main()
