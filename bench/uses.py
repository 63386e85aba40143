"""How long the pages take that bring lessons into use, beside an empty page.

``python -m bench.uses`` makes a country of 20,000 notes and 5,000 lessons (see ``bench.country``),
serves it with one worker and asks for each page one at a time, as a stranger and signed in. What
is printed is the time from the question to the whole answer on one connection of this machine;
a page that answers anything but 200 ends it.
"""

import argparse
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import unquote_plus, urlencode

from bench import country
from bench.country import FIRST_ID, Size
from bench.sender import Sender
from bench.serving import free_port, serving
from kms.lesson_lives import STAGES
from kms.lessons import QUEUES, SUPERSEDED
from kms.saving import migrate, open_store
from kms.settings import read_settings
from kms.thai.words import shorten

EMPTY = "/about"
# What only whoever is signed in, here a curator, has.
OWN = (
    "/actions?show=mine",
    "/actions?show=place",
    "/people/same",
    "/organisations/same",
    "/following",
    "/news",
)
TIMES = 15
MARK_MS = 100
WIDTH = 48


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
            stranger = Sender(port)
            pages = _pages(stranger, size)
            _measure("stranger", stranger, pages)
            curator = Sender(port, country.EMAIL, country.PASSWORD)
            _measure("signed in", curator, [*pages, *OWN])


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


def _pages(sender: Sender, size: Size) -> list[str]:
    """What anyone may open."""
    place, other, theme = "จ.พัทลุง", "จ.นครศรีธรรมราช", "community-welfare"
    note, lesson = f"/notes/{FIRST_ID + 1}", f"/notes/{FIRST_ID + size.notes + 1}"
    person = _first(sender, "/roles/khun_amnuay", "/people")
    group = _first(sender, note, "/organisations")
    return [
        lesson,
        f"{lesson}/steps",
        note,
        "/lessons",
        *(_asked("/lessons", show=one) for one in (*STAGES, *QUEUES, SUPERSEDED)),
        _asked("/lessons", place=place),
        _asked("/lessons", show="confirmed", theme=theme, place=place),
        person,
        _asked("/people/near", theme=theme, place=place),
        _asked("/roles/khun_amnuay", place=place),
        "/network",
        _asked("/network", place=other),
        "/briefing",
        _asked("/briefing", theme=theme, place=place, plan="จัดเวทีกองทุนสวัสดิการชุมชน"),
        *(_asked("/actions", show=one) for one in ("open", "overdue", "done")),
        _asked("/actions", show="overdue", place=other),
        "/recommendations",
        _asked("/recommendations", show="waiting"),
        group,
        "/activities",
        _asked("/activities", theme=theme, place=place, year="2560"),
        _first(sender, "/activities", "/activities"),
        "/overlaps",
        _asked("/overlaps", state="flag", place=other),
        "/places/80",
        "/places/80/working",
        "/places/801206/working",
        "/feeds/places/80",
        f"/feeds/themes/{theme}",
        f"/feeds{person}",
        "/feeds/lessons",
        _asked("/feeds/search", q="กองทุน"),
    ]


def _asked(page: str, **given: str) -> str:
    """The address of the page with these parameters."""
    return f"{page}?{urlencode(given)}"


def _first(sender: Sender, page: str, kind: str) -> str:
    """The first address of this kind that the page leads to."""
    found = re.search(rf'href="({kind}/[0-9]+)"', _open(sender, page))
    if not found:
        raise SystemExit(f"{page} leads to none of {kind}")
    return found[1]


def _open(sender: Sender, page: str) -> str:
    """The text of the page; whatever does not answer 200 ends the measurement."""
    status, body, _ms = sender.fetch(page)
    if status != HTTPStatus.OK:
        raise SystemExit(f"{page} answered {status}")
    return body


def _measure(who: str, sender: Sender, pages: Iterable[str]) -> None:
    """Ask for the empty page before each, so that both are timed on an equally busy machine."""
    print(f"\n{who:{WIDTH}} {'median':>7} {'empty':>7} {'p95':>7}   KB")
    for page in pages:
        size_kb = len(_open(sender, page).encode()) // 1024
        asked = [(_time(sender, EMPTY), _time(sender, page)) for _ in range(TIMES)]
        empty, times = zip(*asked, strict=True)
        half, slow = median(times), quantiles(times, n=20, method="inclusive")[18]
        mark = f"  over {MARK_MS} ms" if half > MARK_MS else ""
        said = shorten(unquote_plus(page), WIDTH)
        print(
            f"{said:{WIDTH}} {half:7.1f} {median(empty):7.1f} {slow:7.1f} {size_kb:4}{mark}",
            flush=True,
        )


def _time(sender: Sender, page: str) -> float:
    """How long the page takes (ms)."""
    status, _body, ms = sender.fetch(page)
    if status != HTTPStatus.OK:
        raise SystemExit(f"{page} answered {status}")
    return ms


if __name__ == "__main__":
    main()
