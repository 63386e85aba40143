"""How long a save takes when eight people save at once, beside a plain file write.

    python -m bench.saves [--clients 8] [--saves 200]

A server of two worker processes with an instance of its own. Half of the saves are new notes, half
revise a section of minutes that all of them share. A plain file write puts the same words into
a file and waits for the disk, also from so many threads.
"""

import argparse
import os
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import quantiles

from bench.pages import SENTENCE
from bench.sender import Sender
from bench.serving import free_port, serving
from kms import accounts, notes
from kms.note_kinds import Kind, NoteContent
from kms.permissions import SYSTEM
from kms.saving import migrate, open_store
from kms.settings import read_settings

PASSWORD = "วัดความเร็วของการบันทึก"
WORDS = SENTENCE * 6


def main() -> None:
    """Set up, measure, print, clean up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--saves", type=int, default=200)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        environment = {
            **os.environ,
            "KMS_INSTANCE": folder,
            "KMS_PORT": str(port),
            "KMS_WORKERS": "2",
            "KMS_SIGNIN_LIMIT": "1000 per minute",
        }
        shared = fill(environment, asked.clients)
        with serving(environment):
            each = asked.saves // asked.clients
            times, refused = save_all(port, shared, asked.clients, each)
        say("save over HTTP", times)
        print(f"refused: {refused}")
        say("plain file write with fsync", write_files(Path(folder), asked.clients, each))


def fill(environment: dict[str, str], clients: int) -> int:
    """An account for each client and one page with a section for each; the page's number."""
    settings = read_settings(environment)
    migrate(settings.database_url)
    store = open_store(settings)
    sections = "\n\n".join(f"## ส่วนที่ {n}\n\nยังว่าง" for n in range(clients))
    with store.saving() as session:
        for n in range(clients):
            accounts.add(session, email(n), PASSWORD, f"ผู้จดคนที่ {n}", permission="member")
        content = NoteContent(Kind.PAGE, "ถาดกลาง", body=sections, visibility="public")
        number = notes.create(session, content, by=SYSTEM).number
    store.close()
    return number


def email(n: int) -> str:
    """Of the n-th client."""
    return f"saver-{n}@example.org"


def save_all(port: int, shared: int, clients: int, each: int) -> tuple[list[float], int]:
    """Times in milliseconds of all saves, and how many were not accepted at once."""
    senders = [Sender(port, email(n), PASSWORD) for n in range(clients)]
    with ThreadPoolExecutor(clients) as pool:
        done = pool.map(lambda one: _save(one[1], shared, one[0], each), enumerate(senders))
        results = list(done)
    times = [time_ms for one, _refused in results for time_ms in one]
    return times, sum(refused for _times, refused in results)


def _save(sender: Sender, shared: int, who: int, each: int) -> tuple[list[float], int]:
    times, refused = [], 0
    for n in range(each):
        if n % 2:
            address = f"/notes/{shared}/edit"
            form = sender.open(address)
            here = f"## ส่วนที่ {who}\n\n"
            form["body"] = form["body"].replace("\r\n", "\n").replace(here, f"{here}ข้อที่ {n} ")
        else:
            address = "/write/note"
            form = {"client_id": str(uuid.uuid4()), "title": f"บันทึกที่ {n}", "body": WORDS}
        begin = time.perf_counter()
        status, _answer = sender.send(address, form)
        times.append((time.perf_counter() - begin) * 1000)
        refused += status != 200
    return times, refused


def write_files(folder: Path, clients: int, each: int) -> list[float]:
    """Times in milliseconds of as many plain writes that wait for the disk."""

    def write(who: int) -> list[float]:
        times = []
        for n in range(each):
            begin = time.perf_counter()
            with (folder / f"plain-{who}-{n}").open("wb") as file:
                file.write(WORDS.encode())
                file.flush()
                os.fsync(file.fileno())
            times.append((time.perf_counter() - begin) * 1000)
        return times

    with ThreadPoolExecutor(clients) as pool:
        return [one for times in pool.map(write, range(clients)) for one in times]


def say(what: str, times: list[float]) -> None:
    """Print how many there were, the median and the 95th of a hundred."""
    cuts = quantiles(times, n=100)
    print(f"{what:28} {len(times):5} times   p50 {cuts[49]:7.2f} ms   p95 {cuts[94]:7.2f} ms")


if __name__ == "__main__":
    main()
