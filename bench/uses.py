"""How long the pages take that bring lessons into use, beside an empty page.

``python -m bench.uses`` makes a country of 20,000 notes and 5,000 lessons (see ``bench.country``),
serves it with one worker and asks for each page one at a time, signed in and as a stranger. What
is printed is the time from the question to the whole answer on one connection of this machine.
"""

import argparse
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from urllib.parse import quote

from bench import country
from bench.country import FIRST_ID, Size
from bench.sender import Sender
from bench.serving import free_port, serving
from kms.saving import migrate, open_store
from kms.settings import read_settings

EMPTY = "/about"
TIMES = 15
MARK_MS = 100


def main() -> None:
    """Read the command line, make the country (or take one made before), measure and print."""
    asked = _arguments()
    with _instance(asked.instance) as folder:
        environment = {
            **os.environ,
            "KMS_INSTANCE": str(folder),
            "KMS_PORT": str(free_port()),
            "KMS_WORKERS": "1",
            "KMS_SIGNIN_LIMIT": "1000 per minute",
        }
        size = Size(asked.notes, asked.notes // 4, asked.notes * 3 // 20)
        if not (folder / "kms.db").exists():
            _fill(environment, size)
        with serving(environment):
            port = int(environment["KMS_PORT"])
            print(f"{size.notes} notes, {size.lessons} lessons, {TIMES} times each, ms")
            for who, sender in _people(port):
                _measure(who, sender, _pages(size))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=int, default=20_000)
    parser.add_argument("--instance", type=Path, help="keep the country here for the next run")
    return parser.parse_args()


@contextmanager
def _instance(kept: Path | None) -> Iterator[Path]:
    if kept:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _fill(environment: dict[str, str], size: Size) -> None:
    settings = read_settings(environment)
    migrate(settings.database_url)
    store = open_store(settings)
    country.fill(store, size)
    store.close()


def _people(port: int) -> Iterator[tuple[str, Sender]]:
    yield "signed in", Sender(port, country.EMAIL, country.PASSWORD)
    yield "stranger", Sender(port)


def _pages(size: Size) -> list[str]:
    lesson = FIRST_ID + size.notes + 1
    person, group, activity = FIRST_ID + 1, FIRST_ID + 1, FIRST_ID + 1
    plan = quote("จัดเวทีกองทุนสวัสดิการชุมชน")
    return [
        EMPTY,
        f"/notes/{lesson}",
        f"/notes/{FIRST_ID + 1}",
        "/lessons",
        "/lessons?stage=confirmed",
        "/lessons?place=" + quote("จ.พัทลุง"),
        f"/people/{person}",
        "/people/same",
        f"/people/near?theme=community-welfare&place={quote('จ.พัทลุง')}",
        "/roles/khun_amnuay?place=" + quote("จ.พัทลุง"),
        "/network",
        "/network?place=" + quote("จ.นครศรีธรรมราช"),
        "/briefing",
        f"/briefing?theme=community-welfare&place={quote('จ.พัทลุง')}&plan={plan}",
        "/actions",
        "/actions?which=overdue",
        "/recommendations",
        f"/organisations/{group}",
        "/activities",
        f"/activities/{activity}",
        "/overlaps",
        "/places/80",
        "/places/80/working",
        "/places/800104/working",
        "/following",
        "/news",
        "/feeds/places/80.atom",
        "/feeds/themes/community-welfare.atom",
        "/feeds/lessons.atom",
    ]


def _measure(who: str, sender: Sender, pages: Iterable[str]) -> None:
    print(f"\n{who:42} {'p50':>7} {'p95':>7}  KB")
    for page in pages:
        status, body, _ms = sender.fetch(page)
        if status != 200:
            print(f"{page[:42]:42} {status}")
            continue
        times = [sender.fetch(page)[2] for _ in range(TIMES)]
        cuts = quantiles(times, n=20, method="inclusive")
        over = "  over the mark" if cuts[9] > MARK_MS else ""
        print(
            f"{page[:42]:42} {cuts[9]:7.1f} {cuts[18]:7.1f} {len(body) // 1024:3}{over}", flush=True
        )


if __name__ == "__main__":
    main()
