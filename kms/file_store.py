"""Files by what is in them: each is named by its SHA-256, so the same bytes are kept once.

They lie beside the database, outside what a web server shows. A file appears under its name
only whole and on the disk. ``<digest>.480`` beside a picture is a smaller one of it.
"""

import fcntl
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kms.errors import Unavailable
from kms.language import gettext as _

PIECE = 1024 * 1024
# What is being added has its bytes here before the database knows: leave young files alone.
YOUNG_S = 3600
_NAME = re.compile(r"[0-9a-f]{64}")


class FileStore:
    """The files of one instance."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, digest: str, width: int | None = None) -> Path:
        """Where the file is or would be; ``width`` names a smaller picture of it."""
        if not _NAME.fullmatch(digest):
            raise ValueError("no digest")
        rest = digest[2:] if width is None else f"{digest[2:]}.{width}"
        return self.folder / digest[:2] / rest

    def has(self, digest: str) -> bool:
        """Whether the file is here."""
        return self.path(digest).is_file()

    def take(self, source: Path, smaller: dict[int, Path] | None = None) -> str:
        """Move a file in, with smaller pictures of it by width; answers its digest."""
        with writing():
            digest = digest_of(source)
            for width, path in (smaller or {}).items():
                self._move(path, self.path(digest, width))
            self._move(source, self.path(digest))
        return digest

    def add_smaller(self, digest: str, smaller: dict[int, Path]) -> None:
        """Move smaller pictures of a file in."""
        with writing():
            for width, path in smaller.items():
                self._move(path, self.path(digest, width))

    def remove(self, digest: str, *, young_s: float = YOUNG_S) -> bool:
        """Drop the file and its smaller pictures unless it was added just now."""
        path = self.path(digest)
        with self._lock():
            if path.exists() and time.time() - path.stat().st_mtime < young_s:
                return False
            for one in (path, *path.parent.glob(f"{path.name}.*")):
                one.unlink(missing_ok=True)
        return True

    def digests(self) -> Iterator[str]:
        """Every file here, smaller pictures left out."""
        for folder in sorted(self.folder.glob("[0-9a-f][0-9a-f]")):
            for path in sorted(folder.iterdir()):
                if _NAME.fullmatch(folder.name + path.name):
                    yield folder.name + path.name

    def is_sound(self, digest: str) -> bool:
        """Whether the file holds the bytes that its name says."""
        try:
            return digest_of(self.path(digest)) == digest
        except OSError:
            return False

    @contextmanager
    def workplace(self) -> Iterator[Path]:
        """A folder on the same disk, gone with all that is left in it afterwards."""
        with writing():
            parent = self._made(self.folder / "new")
            place = Path(tempfile.mkdtemp(dir=parent))
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def tidy(self) -> None:
        """Drop workplaces that a killed process left."""
        for place in (self.folder / "new").glob("*"):
            if time.time() - place.stat().st_mtime > YOUNG_S:
                shutil.rmtree(place, ignore_errors=True)

    def _move(self, source: Path, target: Path) -> None:
        self._made(target.parent)
        source.chmod(0o600)
        with source.open("rb") as file:
            os.fsync(file.fileno())
        # Also where it is already: its new age keeps a sweep from taking it away just now.
        with self._lock():
            os.utime(source)
            source.replace(target)
        _sync_folder(target.parent)

    def _made(self, folder: Path) -> Path:
        for one in (self.folder, folder):
            one.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with (self._made(self.folder) / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def digest_of(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def writing() -> Iterator[None]:
    """A full or read-only disk is said as such."""
    try:
        yield
    except OSError as problem:
        said = _("ที่เก็บไฟล์เต็มหรือเขียนไม่ได้ในตอนนี้ ไฟล์ยังไม่ได้เก็บ รอสักครู่แล้วลองใหม่")
        raise Unavailable(said) from problem


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
