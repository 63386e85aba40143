"""One page of a list: which entries it shows, and the addresses of the pages around it."""

from dataclasses import dataclass

from kms.web.addresses import Pairs, address, with_one, without

NEIGHBOURS = 2


@dataclass(frozen=True)
class Page:
    """``first`` and ``last`` count from 1; ``numbers`` holds (page, url), url empty for this one
    and page 0 for a gap.
    """

    total: int
    first: int
    last: int
    previous_url: str
    next_url: str
    numbers: tuple[tuple[int, str], ...]


def page_of(path: str, pairs: Pairs, *, total: int, offset: int, limit: int) -> Page:
    """The page that starts after ``offset`` entries; ``pairs`` are the address's parameters."""
    base = without(pairs, "offset")

    def url(start: int) -> str:
        return address(path, with_one(base, "offset", str(start)) if start > 0 else base)

    last_page = max(0, (total - 1) // limit)
    here = min(offset // limit, last_page)
    shown = sorted({0, last_page, *range(max(0, here - NEIGHBOURS), here + NEIGHBOURS + 1)})
    numbers: list[tuple[int, str]] = []
    for number in (one for one in shown if one <= last_page):
        if numbers and number > numbers[-1][0]:
            numbers.append((0, ""))
        numbers.append((number + 1, "" if number == here else url(number * limit)))
    return Page(
        total=total,
        first=min(offset + 1, total),
        last=min(offset + limit, total),
        previous_url=url(max(0, offset - limit)) if offset > 0 else "",
        next_url=url(offset + limit) if offset + limit < total else "",
        numbers=tuple(numbers),
    )


def start_of(text: str) -> int:
    """The offset an address asks for; what cannot be read means the beginning."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
