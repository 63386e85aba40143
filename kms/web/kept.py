"""Rendered pages kept in the memory of one process, by the version of what they show.

Whoever asks is checked against the database each time; only the work of rendering is saved.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

MOST_BYTES = 48 * 1024 * 1024
# Read counts and the like move without a new version; no page is older than this.
OLDEST_S = 300.0

T = TypeVar("T")


@dataclass(frozen=True)
class _Entry(Generic[T]):
    version: int
    thing: T
    size: int
    kept_at: float


class Kept(Generic[T]):
    """The things last asked for, up to a number of bytes; safe to share between threads."""

    def __init__(self, most_bytes: int = MOST_BYTES, oldest_s: float = OLDEST_S) -> None:
        self._most_bytes = most_bytes
        self._oldest_s = oldest_s
        self._entries: OrderedDict[Hashable, _Entry[T]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable) -> tuple[int, T] | None:
        """Version and thing, unless it is gone or too old."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            if monotonic() - entry.kept_at > self._oldest_s:
                self._drop(key)
                return None
            self._entries.move_to_end(key)
            return entry.version, entry.thing

    def keep(self, key: Hashable, version: int, thing: T, *, size: int) -> None:
        """Keep this in place of what stood under the key; ``size`` is in bytes."""
        with self._lock:
            self._drop(key)
            if size > self._most_bytes:
                return
            self._entries[key] = _Entry(version, thing, size, monotonic())
            self._bytes += size
            while self._bytes > self._most_bytes:
                self._drop(next(iter(self._entries)))

    def _drop(self, key: Hashable) -> None:
        entry = self._entries.pop(key, None)
        if entry:
            self._bytes -= entry.size
