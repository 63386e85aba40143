"""What was typed into a form, word for word, so that a refused form can be shown again whole."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

Row = Mapping[str, str]

_ROW_FIELD = re.compile(r"(?P<prefix>[a-z_]+)-(?P<index>[0-9]{1,6})-(?P<column>[a-z_]+)")


@dataclass(frozen=True)
class Typed:
    """Field name to its values, in order, as the browser sent them.

    A field of a repeated row is named ``prefix-index-column``; ``rows`` holds those columns whose
    words make a row worth keeping (a chosen level alone does not).
    """

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, Sequence[str]]]) -> "Typed":
        """From ``MultiDict.lists()``."""
        return cls({name: tuple(values) for name, values in pairs})

    def text(self, name: str, default: str = "") -> str:
        """The first value of this name."""
        values = self.values.get(name)
        return values[0] if values else default

    def words(self, name: str) -> str:
        """The first value without the spaces around it and with plain line ends."""
        return plain(self.text(name))

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of this name."""
        return self.values.get(name, ())

    def has(self, name: str) -> bool:
        """Whether the browser sent this name at all."""
        return name in self.values

    def rows(self, prefix: str, columns: Iterable[str]) -> tuple[Row, ...]:
        """The rows of this prefix that say something in one of these columns, in order."""
        telling = tuple(columns)
        every = self._indexed(prefix)
        ordered = (every[index] for index in sorted(every))
        return tuple(row for row in ordered if any(row.get(one, "").strip() for one in telling))

    def count(self, prefix: str) -> int:
        """How many rows of this prefix the form had, blank ones too."""
        return len(self._indexed(prefix))

    def _indexed(self, prefix: str) -> dict[int, dict[str, str]]:
        found: dict[int, dict[str, str]] = {}
        for name, values in self.values.items():
            place = _ROW_FIELD.fullmatch(name)
            if place and place["prefix"] == prefix and values:
                found.setdefault(int(place["index"]), {})[place["column"]] = values[0]
        return found

    def but(self, **changed: str) -> "Typed":
        """The same words with these fields in place of those of the same name."""
        return Typed({**self.values, **{name: (value,) for name, value in changed.items()}})

    def digest(self, *, besides: Iterable[str] = ()) -> str:
        """SHA-256 (hex) of all that is filled in but for the fields ``besides``."""
        left_out = frozenset(besides)
        words = sorted(
            (name, value)
            for name, values in self.values.items()
            if name not in left_out
            for value in values
            if value
        )
        return sha256(repr(words).encode(errors="surrogatepass")).hexdigest()

    def without_row(self, prefix: str, index: str) -> "Typed":
        """The same words less one row, named by the index it was shown with."""
        gone = f"{prefix}-{index}-"
        return Typed(
            {name: kept for name, kept in self.values.items() if not name.startswith(gone)}
        )


def plain(text: str) -> str:
    """Text with plain line ends and nothing around it; forms send ``\\r\\n``."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def from_rows(prefix: str, rows: Iterable[Row]) -> dict[str, tuple[str, ...]]:
    """Rows as the fields a browser would send for them; empty columns are left out."""
    return {
        f"{prefix}-{index}-{column}": (value,)
        for index, row in enumerate(rows)
        for column, value in row.items()
        if value
    }
