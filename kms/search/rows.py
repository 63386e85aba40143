"""Texts of a segment, one for each note, read from its file as they are asked for.

They are most of the file, and most are looked at once: were they mapped, all of them would count
as memory of the process.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

READ_AT_ONCE = 2 * 2**20

Read = Callable[[int, int], bytes]


class Rows:
    """One column of texts; ``read`` gives so many bytes from an offset on."""

    def __init__(self, read: Read, offset: int, lengths: NDArray[np.int64]) -> None:
        self._read = read
        ends = offset + np.cumsum(lengths)
        self._starts, self._ends = (ends - lengths).tolist(), ends.tolist()

    def __getitem__(self, place: int) -> bytes:
        start = self._starts[place]
        return self._read(start, self._ends[place] - start)

    def in_order(self) -> Iterator[tuple[int, bytes, list[int]]]:
        """Runs of rows: the place of the first, the bytes of all, where each of them ends."""
        first = 0
        while first < len(self._ends):
            start, last = self._starts[first], first + 1
            while last < len(self._ends) and self._ends[last] - start <= READ_AT_ONCE:
                last += 1
            whole = self._read(start, self._ends[last - 1] - start)
            yield first, whole, [end - start for end in self._ends[first:last]]
            first = last


def open_rows(reader: Any, column: str, size: int) -> Rows:
    """A column of byte strings in the segment of a Whoosh reader (see ``mapped``)."""
    kept = reader.column_reader(column).raw_column()
    lengths = np.array(kept._lengths, dtype=np.int64)[:size]
    whole = memoryview(kept._dbfile._buf)[kept._basepos :]
    files = reader.storage()
    return Rows(files.read_at, files.offset_of(whole), lengths)
