"""Which of many names are so alike that they may mean the same one; who is meant is not asked."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Literal

from kms.thai.sounds import sound_of

Reason = Literal["same", "alias", "sound", "slip", "called", "nickname", "part"]

# How much each says by itself; what says less than ENOUGH needs a place or group in common.
SAYS: dict[Reason, int] = {
    "same": 5, "alias": 5, "sound": 4, "slip": 3, "called": 2, "nickname": 2, "part": 2,
}  # fmt: skip
ENOUGH = 3
# A slip in a shorter name makes another name of it.
SHORTEST_WITH_SLIP = 6
# A name that so many bear says little; each is then compared with the first alone.
MOST_OF_ONE_NAME = 8
_DIGITS = re.compile(r"\d+")
_CALLED = re.compile(
    r"(?:ผู้ใหญ่บ้าน|ผู้ใหญ่|กำนัน|สารวัตร|ครู|หมอ|ลุง|ป้า|น้า|อา|ปู่|ย่า|ตา|ยาย|แม่|พ่อ|พี่|น้อง|บัง|โต๊ะ)\s*(?=\S{2})"
)


@dataclass(frozen=True)
class Named:
    """Someone with every name they go by, each as a key."""

    id: int
    key: str
    aliases: tuple[str, ...] = ()
    nickname: str = ""


@dataclass(frozen=True)
class Alike:
    """Two that may be one, the smaller id first, and why; ``word`` is the name they meet in."""

    first: int
    second: int
    reason: Reason
    word: str = ""

    @property
    def pair(self) -> tuple[int, int]:
        """The two ids."""
        return self.first, self.second


def called(key: str) -> str:
    """The name without what a village calls its elders by: ผู้ใหญ่ย้วน is ย้วน."""
    return _CALLED.sub("", key, count=1) if _CALLED.match(key) else key


def alike(everyone: Sequence[Named]) -> list[Alike]:
    """Each two that are alike, once, for the reason that says most; the surest first."""
    found: dict[tuple[int, int], Alike] = {}
    for reason, ways in _WAYS.items():
        for word, ids in _meeting(everyone, ways):
            for first, second in _pairs(ids):
                found.setdefault((first, second), Alike(first, second, reason, word))
    for slip in _slips(everyone):
        known = found.get(slip.pair)
        if known is None or SAYS[known.reason] < SAYS[slip.reason]:
            found[slip.pair] = slip
    numbers = {one.id: _DIGITS.findall(one.key) for one in everyone}
    sure = [one for one in found.values() if numbers[one.first] == numbers[one.second]]
    return sorted(sure, key=lambda one: (-SAYS[one.reason], one.pair))


def _own(one: Named) -> Iterable[str]:
    return (one.key,)


def _names(one: Named) -> Iterable[str]:
    return (one.key, *one.aliases)


def _sounds(one: Named) -> Iterable[str]:
    return (sound_of(name) for name in _names(one))


def _called(one: Named) -> Iterable[str]:
    return (called(name) for name in _names(one))


def _nicknames(one: Named) -> Iterable[str]:
    return (called(one.nickname), *_called(one)) if one.nickname else _called(one)


def _first_words(one: Named) -> Iterable[str]:
    return (name.split(" ")[0] for name in _names(one))


# The surest first: the first reason found for two people stays.
_WAYS: dict[Reason, Callable[[Named], Iterable[str]]] = {
    "same": _own,
    "alias": _names,
    "sound": _sounds,
    "called": _called,
    "nickname": _nicknames,
    "part": _first_words,
}


def _meeting(
    everyone: Iterable[Named], ways: Callable[[Named], Iterable[str]]
) -> Iterator[tuple[str, list[int]]]:
    meeting: dict[str, list[int]] = {}
    whole = ways is _first_words
    for one in everyone:
        for word in dict.fromkeys(ways(one)):
            if len(word) > 1:
                meeting.setdefault(word, []).append(one.id)
    if not whole:
        yield from ((word, ids) for word, ids in meeting.items() if len(ids) > 1)
        return
    # Two with different surnames are two: one of them must have none.
    bare = {one.id for one in everyone for name in _names(one) if " " not in name}
    for word, ids in meeting.items():
        short, long = [one for one in ids if one in bare], [one for one in ids if one not in bare]
        yield from ((word, [one, other]) for one in short[:2] for other in long[:MOST_OF_ONE_NAME])


def _pairs(ids: Collection[int]) -> Iterator[tuple[int, int]]:
    ordered = sorted(ids)
    if len(ordered) <= MOST_OF_ONE_NAME:
        yield from combinations(ordered, 2)
    else:
        yield from ((ordered[0], other) for other in ordered[1:])


def _slips(everyone: Iterable[Named]) -> Iterator[Alike]:
    """Long names that are one letter apart, by how they sound."""
    near: dict[str, list[tuple[int, str]]] = {}
    for one in everyone:
        sound = sound_of(one.key)
        if len(sound) >= SHORTEST_WITH_SLIP and not _DIGITS.search(sound):
            for without in {sound, *(sound[:at] + sound[at + 1 :] for at in range(len(sound)))}:
                near.setdefault(without, []).append((one.id, sound))
    for meeting in near.values():
        if len(meeting) > 1:
            for (first, sound), (second, other) in pairwise(meeting):
                if first != second and _is_slip(sound, other):
                    yield Alike(min(first, second), max(first, second), "slip")


def _is_slip(sound: str, other: str) -> bool:
    """One letter more, or one in place of another: the begin of a name is seldom mistaken."""
    return sound != other and sound[0] == other[0] and abs(len(sound) - len(other)) <= 1
