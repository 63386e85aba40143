"""The language of the person being answered: Thai (the source language) or English.

Message ids are the Thai sentences themselves, so Thai is complete by construction;
English comes from ``translations/en.po``, read once per process.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = {"th": "ไทย", "en": "English"}
DEFAULT = "th"
CATALOGUES = Path(__file__).parent / "translations"

_current: ContextVar[str] = ContextVar("language", default=DEFAULT)


def current() -> str:
    """Code of the language in use here: ``th`` or ``en``."""
    return _current.get()


def choose(code: str) -> None:
    """Use this language from here on; an unknown code means Thai."""
    _current.set(code if code in LANGUAGES else DEFAULT)


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Use this language inside the block only."""
    token = _current.set(code if code in LANGUAGES else DEFAULT)
    try:
        yield
    finally:
        _current.reset(token)


def gettext(message: str, **values: object) -> str:
    """The sentence in the current language, its ``%(name)s`` places filled from ``values``."""
    said = _catalogue(current()).gettext(message) if message else ""
    return said % values if values else said


@cache
def _catalogue(code: str) -> NullTranslations:
    source = CATALOGUES / f"{code}.po"
    if code == DEFAULT or not source.exists():
        return NullTranslations()
    with source.open("rb") as lines:
        catalogue = read_po(lines, locale=code)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
