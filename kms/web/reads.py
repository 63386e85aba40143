"""How often notes are read: counted in memory, written down now and then in the background.

A page never waits for this, even while the database is locked; a crash loses a few counts.
"""

import logging
from collections import Counter
from threading import Lock, Thread
from time import sleep

from kms import notes
from kms.saving import Store

EVERY_S = 10.0
AT_ONCE = 100

_log = logging.getLogger(__name__)


class Reads:
    """The reads of one application in one process that are not written down yet."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: Counter[int] = Counter()
        self._is_writer_about = False
        self._lock = Lock()

    def count(self, number: int) -> None:
        """One more read of this note; returns at once."""
        with self._lock:
            self._waiting[number] += 1
            if self._is_writer_about:
                return
            self._is_writer_about = True
        # Started on the first read rather than at the start, since servers fork after that.
        Thread(target=self._write_later, name="reads", daemon=True).start()

    def write_down(self) -> None:
        """Write every count down now; when that fails they wait for the next time."""
        with self._lock:
            counts, self._waiting = self._waiting, Counter()
        if not counts:
            return
        try:
            with self._store.saving() as session:
                notes.count_reads(session, dict(counts))
        except Exception:
            _log.warning("read counts wait: the database does not take them now", exc_info=True)
            with self._lock:
                self._waiting.update(counts)

    def _write_later(self) -> None:
        waited_s = 0.0
        while waited_s < EVERY_S and self._waiting.total() < AT_ONCE:
            sleep(0.5)
            waited_s += 0.5
        with self._lock:
            self._is_writer_about = False
        self.write_down()
