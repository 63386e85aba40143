"""How a Thai name sounds, roughly: spellings that are read alike get the same key."""

import re
from functools import lru_cache

from kms.thai.words import fold

_SILENT = re.compile(r"[ก-ฮ][ิุ]?์")
_TONES = re.compile(r"[่-๋็ๆ]")
_TWICE = re.compile(r"([ก-ฮ])\1+")
_NOT_SAID = re.compile(r"[^ก-๛a-z0-9]")
_LETTERS = str.maketrans("ฃฅฆขฌฉญฎฏฐฑฒถธณภผศษซฝฬฮใีูื", "คคคคชชยดตทททททนพพสสสฟลหไิุึ")


@lru_cache(maxsize=20_000)
def sound_of(name: str) -> str:
    """The key: without tone marks and silenced letters, each sound with one letter and length."""
    said = _SILENT.sub("", fold(name))
    said = _TONES.sub("", said).replace("รรม", "ัม").replace("รร", "ัน").replace("ัน" * 2, "ัน")
    said = said.replace("ฤ", "ริ").replace("ำ", "ัม").translate(_LETTERS)
    return _TWICE.sub(r"\1", _NOT_SAID.sub("", said))
