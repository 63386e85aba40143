"""The systems measured, by name; each is imported only where it is used."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from bench.peers.peer import Peer

OURS = "Platu"
_MODULES = {
    OURS: ("bench.peers.ours", "Ours"),
    "Whoosh": ("bench.peers.plain_whoosh", "PlainWhoosh"),
    "FTS5": ("bench.peers.sqlite_fts", "SqliteFts"),
    "tantivy": ("bench.peers.plain_tantivy", "PlainTantivy"),
    "bm25s": ("bench.peers.bm25s_arrays", "Bm25sArrays"),
}
NAMES = tuple(_MODULES)
EXTRAS = ("tantivy", "bm25s")


def is_here(name: str) -> bool:
    """Whether what this system needs is installed (``pip install 'platu[bench]'``)."""
    return name not in EXTRAS or find_spec(name) is not None


def make(name: str, folder: Path) -> Peer:
    """The system of this name over this folder."""
    module, kind = _MODULES[name]
    peer: Peer = getattr(import_module(module), kind)(folder)
    return peer
