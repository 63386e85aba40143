"""What the index keeps of one note, and under which names."""

from collections.abc import Mapping
from dataclasses import dataclass

TEXT_FIELDS = ("title", "body", "about")
VALUE_FIELDS = (
    "kind",
    "audience",
    "place",
    "theme",
    "role",
    "person",
    "organisation",
    "tag",
    "year",
    # Words of several terms, as they stand in title, text or names.
    "compound",
)
WORD_FIELDS = (*TEXT_FIELDS, "compound")
NUMBERS = ("number", "version", "from_day", "to_day", "made")

# A segment's own list of its words.
WORDS_FILE = ".words"


@dataclass(frozen=True)
class Entry:
    """One note as the index takes it.

    ``counts`` has the terms of each text field with how often they occur, ``values`` the values
    of each value field, ``numbers`` one for each of ``NUMBERS``. ``folded`` is the text as
    ``kept_text.encode_text`` keeps it; ``shown``, kept likewise, is what a hit is shown by: a line
    of places, a line of themes and the text as written.
    """

    counts: Mapping[str, Mapping[str, int]]
    values: Mapping[str, tuple[str, ...]]
    numbers: tuple[int, ...]
    folded: bytes
    shown: bytes
