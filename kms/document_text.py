"""The words of documents as people would have typed them, mended where Thai PDFs break them."""

import re
import unicodedata

LONGEST_TEXT = 400_000

# Older Thai fonts draw marks that stand left or low as characters of their own; PDFs keep those.
_DRAWN = str.maketrans(
    dict(
        zip(
            map(chr, range(0xF700, 0xF71B)),
            "\u0e10\u0e34\u0e35\u0e36\u0e37\u0e48\u0e49\u0e4a\u0e4b\u0e4c"
            "\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0e0d\u0e31\u0e4d\u0e47"
            "\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0e38\u0e39\u0e3a",
            strict=True,
        )
    )
)
_TONES = "\u0e48-\u0e4b"
_SARA_AM = re.compile(f"\u0e4d([{_TONES}]?) ?\u0e32")
_LOOSE_MARK = re.compile("(?<=[\u0e01-\u0e2e]) (?=[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e])")
_MARK_TWICE = re.compile("([\u0e31\u0e34-\u0e3a\u0e47-\u0e4e])\\1+")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\ufeff\ufffe\uffff\ud800-\udfff]")


def mended(text: str) -> str:
    """NFC with whole Thai letters, plain spaces, no blank lines, at most LONGEST_TEXT."""
    whole = _UNSEEN.sub("", text[: 2 * LONGEST_TEXT].translate(_DRAWN))
    whole = _LOOSE_MARK.sub("", whole.replace("\xa0", " "))
    whole = _SARA_AM.sub("\\1\u0e33", whole)
    whole = unicodedata.normalize("NFC", _MARK_TWICE.sub(r"\1", whole))
    lines = (" ".join(line.split()) for line in whole.splitlines())
    return "\n".join(filter(None, lines))[:LONGEST_TEXT]
