# mypy: allow-untyped-calls, allow-subclassing-any
"""Segment files read where they are mapped; Whoosh would copy each of them into memory besides."""

import copy
import io
import mmap
import os
import pickle
import weakref
from typing import Any

import numpy as np
from whoosh.filedb.compound import CompoundStorage
from whoosh.filedb.structfile import BufferFile
from whoosh.reading import SegmentReader

SHORT_PICKLE = 256


def open_segment(storage: Any, schema: Any, segment: Any) -> SegmentReader:
    """A reader of one segment that lies in one mapped file."""
    files = MappedStorage(segment.open_file(storage, segment.COMPOUND_EXT))
    alone = copy.copy(segment)
    alone.compound = False
    return SegmentReader(files, schema, alone)


class MappedStorage(CompoundStorage):
    """Whoosh's compound storage, but its files are views, and it can be read without mapping."""

    def __init__(self, file: Any) -> None:
        self._descriptor = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._descriptor)
        super().__init__(file)

    def read_at(self, offset: int, length: int) -> bytes:
        """So many bytes of the whole file."""
        return os.pread(self._descriptor, length, offset)

    def give_back(self) -> None:
        """Let the system take the mapped pages; those still needed come back by themselves.

        Without this every page of the index that was ever looked at counts as memory in use.
        """
        source: Any = self._source
        if hasattr(mmap, "MADV_DONTNEED"):
            source.madvise(mmap.MADV_DONTNEED)

    def offset_of(self, view: memoryview) -> int:
        """Where a view of a file inside lies in the whole file."""
        source: Any = self._source
        return _address(view) - _address(memoryview(source))

    def open_file(self, name: str, *_: Any, **__: Any) -> BufferFile:
        """A file inside; NameError when there is none of this name."""
        offset, length = self.range(name)
        if self._source is None:
            file: BufferFile = super().open_file(name)
            return file
        return _MappedFile(memoryview(self._source)[offset : offset + length], name)


def _address(view: memoryview) -> int:
    return int(np.frombuffer(view, dtype=np.uint8).ctypes.data)


class _MappedFile(BufferFile):
    def __init__(self, view: memoryview, name: str) -> None:
        self._buf = view
        self._name = name
        self.file = _View(view)  # type: ignore[assignment]
        self.onclose = None
        self.is_real = False
        self.is_closed = False

    def read_pickle(self) -> Any:
        """The object at the reading position; most are the few bytes of a block's head."""
        start = self.file.tell()
        rest: Any = self._buf[start:]
        for part in (rest[:SHORT_PICKLE], rest):
            copied = io.BytesIO(part)
            try:
                found = pickle.load(copied)  # noqa: S301 - as private as the database
            except (EOFError, pickle.UnpicklingError):
                if len(part) == len(rest):
                    raise
            else:
                self.file.seek(start + copied.tell())
                return found
        raise EOFError


class _View(io.RawIOBase):
    """A memory view to read from, step by step."""

    def __init__(self, view: memoryview) -> None:
        super().__init__()
        self._view = view
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._view)}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int | None = -1, /) -> bytes:
        end = len(self._view) if size is None or size < 0 else self._at + size
        found = bytes(self._view[self._at : end])
        self._at += len(found)
        return found

    def readinto(self, buffer: Any, /) -> int:
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def readline(self, size: int | None = -1, /) -> bytes:
        rest = bytes(self._view[self._at : self._at + 4096])
        end = rest.find(b"\n") + 1 or len(rest)
        return self.read(end if size is None or size < 0 else min(end, size))
