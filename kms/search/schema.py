"""The fields of the Whoosh index, and how a document becomes them."""

# mypy: allow-untyped-calls
from collections.abc import Generator, Iterable, Mapping
from typing import Any

from whoosh import columns, fields, formats

from kms.search import analysis
from kms.search.documents import Document
from kms.search.entry import NUMBERS, TEXT_FIELDS, VALUE_FIELDS, Entry
from kms.search.folding import fold
from kms.search.kept_text import encode_text


class Counted(fields.FieldType):
    """Terms given with how often each occurs; no positions, no analysis by Whoosh."""

    def __init__(self) -> None:
        self.format = formats.Existence()
        self.analyzer = None
        self.indexed = True
        self.stored = False
        self.scorable = True
        self.unique = False
        self.vector = None
        self.spelling = False
        self.column_type = None
        self.multitoken_query = "default"

    def index(
        self, value: Mapping[str, int], **_: Any
    ) -> Generator[tuple[bytes, int, float | int, bytes], Any, None]:
        """Term, frequency, weight, payload."""
        for term, count in value.items():
            yield term.encode("utf-8", "replace"), count, float(count), b""

    def clean(self) -> None:
        """Nothing is kept that would not pickle."""


class Listed(Counted):
    """Values given as they are, each once."""

    def __init__(self) -> None:
        super().__init__()
        self.scorable = False

    def index(
        self, value: Iterable[str], **_: Any
    ) -> Generator[tuple[bytes, int, float | int, bytes], Any, None]:
        """Value, frequency, weight, payload."""
        for term in value:
            yield term.encode("utf-8", "replace"), 1, 1.0, b""


def schema() -> fields.Schema:
    """A fresh schema."""
    return fields.Schema(
        **{name: Counted() for name in TEXT_FIELDS},
        **{name: Listed() for name in VALUE_FIELDS},
        **{name: fields.COLUMN(columns.NumericColumn("I")) for name in NUMBERS},
        folded=fields.COLUMN(columns.VarBytesColumn()),
        shown=fields.COLUMN(columns.VarBytesColumn()),
    )


def entry(document: Document) -> Entry:
    """The document folded and cut."""
    folded = fold(document.title), fold(document.text), fold(document.about)
    words = [analysis.words(text) for text in folded]
    filed = (document.places, document.themes)
    compounds = set[str]().union(*map(analysis.compounds, words))
    return Entry(
        counts=dict(zip(TEXT_FIELDS, map(analysis.terms, words), strict=True)),
        values={**document.values, "compound": tuple(compounds)},
        numbers=tuple(getattr(document, name) for name in NUMBERS),
        folded=encode_text("\n".join(folded)),
        shown=encode_text("\n".join((*map(" ".join, filed), document.text))),
    )
