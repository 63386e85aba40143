"""The help pages: Markdown in ``content/help`` with its title in front."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from kms import language
from kms.markup import to_html

HELP = Path(__file__).parents[2] / "content" / "help"
FENCE = "---\n"
ABOUT = "about"


@dataclass(frozen=True)
class HelpPage:
    """One page in one language; ``order`` says where it stands in the list."""

    slug: str
    title: str
    order: int
    html: str


def pages() -> Sequence[HelpPage]:
    """Every page but the one about this site, in order, in the current language."""
    return [page for page in _pages(language.current()) if page.slug != ABOUT]


def page(slug: str) -> HelpPage | None:
    """One page in the current language; None when there is none."""
    return next((page for page in _pages(language.current()) if page.slug == slug), None)


@cache
def _pages(code: str) -> tuple[HelpPage, ...]:
    thai = [path for path in HELP.glob("*.md") if not path.stem.endswith(".en")]
    return tuple(sorted((_read(path, code) for path in thai), key=lambda page: page.order))


def _read(path: Path, code: str) -> HelpPage:
    """The page in this language; in Thai where nobody has put it into English yet."""
    front, body = _parted(path)
    title = front.get("title", path.stem)
    if code == "en":
        title = front.get("title_en", title)
        sibling = path.with_suffix(".en.md")
        if sibling.exists():
            body = _parted(sibling)[1]
    return HelpPage(
        slug=str(front.get("slug", path.stem)),
        title=str(title),
        order=int(front.get("order", 100)),
        html=str(to_html(body)),
    )


def _parted(path: Path) -> tuple[dict[str, Any], str]:
    """The front matter and the text after it."""
    text = path.read_text(encoding="utf-8")
    if not text.startswith(FENCE):
        return {}, text
    front, _fence, body = text.removeprefix(FENCE).partition(f"\n{FENCE}")
    return yaml.safe_load(front) or {}, body
