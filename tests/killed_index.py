"""Works on a small instance until it is killed; see ``test_index_killed``.

    python -m tests.killed_index FOLDER DATABASE_URL

Everything slow to read is read once. For each line of standard input a child is forked that saves,
saves in batches, merges and rebuilds in an order drawn from the line's number, and its process id
is told. It is for the one that asked to kill it.
"""

import os
import random
import sys
import traceback
from pathlib import Path

from sqlalchemy import func, select

from kms import notes
from kms.models import Note
from kms.note_kinds import Kind, NoteContent
from kms.permissions import SYSTEM
from kms.saving import Store, open_store
from kms.search import analysis, building, shelf
from kms.settings import Settings

WORDS = ["ปลาทู", "ป่าชุมชน", "กองทุนสวัสดิการ", "เวทีประชาคม", "ธนาคารขยะ"]


def save(store: Store, chance: random.Random) -> None:
    with store.saving() as session:
        content = NoteContent(
            kind=Kind.NOTE,
            title=f"ปลาทู {chance.random()}",
            body=" ".join(chance.choices(WORDS, k=30)),
            visibility="public",
        )
        notes.create(session, content, by=SYSTEM)


def change(store: Store, chance: random.Random) -> None:
    with store.saving() as session:
        last = session.scalar(select(func.max(Note.id))) or 0
        note = session.get(Note, chance.randint(1, max(1, last)))
        if note is not None and chance.random() < 0.3:
            notes.delete(session, note, by=SYSTEM)
        elif note is not None:
            note.title += "ๆ"


def save_batch(store: Store, chance: random.Random) -> None:
    for _ in range(chance.randint(2, 9)):
        with store.sessions() as session:
            content = NoteContent(kind=Kind.NOTE, title="ปลาทูฝูงใหญ่", visibility="public")
            notes.create(session, content, by=SYSTEM)
            session.commit()
    store.index.catch_up(store.sessions)


def rebuild(store: Store, _chance: random.Random) -> None:
    store.index.reindex(store.sessions)


def merge(store: Store, _chance: random.Random) -> None:
    """What a thread does beside the saves of a larger instance, here in line and for any two."""
    generation = store.index._refresh().generation
    sources = generation.segments()
    if len(sources) < 2:
        return
    with shelf.merging_lock(store.index.folder):
        merged = shelf.merge_aside(generation, sources)
        with shelf.writing_lock(store.index.folder, 5):
            shelf.take_merged(generation, merged, sources)


def work(settings: Settings, seed: int) -> None:
    chance = random.Random(seed)
    store = open_store(settings)
    does = [save, save, change, save_batch, merge, merge, rebuild]
    while True:
        chance.choice(does)(store, chance)


def main() -> None:
    settings = Settings(Path(sys.argv[1]), sys.argv[2], "x")
    analysis.vocabulary()
    warm = open_store(settings)
    save(warm, random.Random(0))
    warm.close()
    # A child of a child would outlive its parent's death and hide what is looked for here.
    building.FEWEST_BESIDE = sys.maxsize
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                work(settings, int(line))
            except BaseException:
                traceback.print_exc()
                os._exit(1)
        print(child, flush=True)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
