"""The index may lag, be locked, broken or gone: the note is safe, and is found once mended."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from kms import comments, notes
from kms.errors import Unavailable
from kms.models import IndexChange, Note
from kms.note_kinds import Kind, NoteContent
from kms.permissions import SYSTEM
from kms.saving import Store, open_store
from kms.search import analysis, building, shelf
from kms.search.index import Report
from kms.search.sync import queue
from kms.settings import Settings
from tests.cast import Cast
from tests.search_helpers import find, numbers, write


def waiting(store: Store) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(IndexChange)) or 0


def report_of(store: Store, *, repair: bool = False) -> Report:
    with store.reading() as session:
        return store.index.check(session, repair=repair)


def test_a_note_saved_while_another_writes_waits_and_is_found_later(store: Store) -> None:
    first = write(store, "ปลาทูตัวแรก")
    with shelf.writing_lock(store.index.folder, 0):
        assert store.index.catch_up(store.sessions, timeout_s=0.05) == 0
        second = save_without_catching_up(store)
        assert store.index.catch_up(store.sessions, timeout_s=0.05) == 0
        assert waiting(store) > 0
        assert numbers(find(store, "ปลาทู")) == [first]
    store.index.catch_up(store.sessions)
    assert waiting(store) == 0
    assert sorted(numbers(find(store, "ปลาทู"))) == [first, second]


def save_without_catching_up(store: Store) -> int:
    """As when a save ends badly right after its commit."""
    with store.sessions() as session:
        content = NoteContent(kind=Kind.NOTE, title="ปลาทูตัวที่สอง", visibility="public")
        number = notes.create(session, content, by=SYSTEM).number
        session.commit()
        return number


@pytest.mark.parametrize("damage", ["emptied", "garbage", "lost", "pointer", "segments"])
def test_a_broken_index_never_loses_a_saved_note(
    store: Store, settings: Settings, damage: str
) -> None:
    first = write(store, "ปลาทูตัวแรก", "ว่ายในอ่าว")
    store.index.close()
    _damage(settings.index_folder, damage)
    broken = open_store(settings)
    assert not broken.index.is_healthy()
    with pytest.raises(Unavailable):
        find(broken, "ปลาทู")
    second = write(broken, "ปลาทูตัวที่สอง")
    assert sorted(numbers(find(broken, "ปลาทู"))) == [first, second]
    assert broken.index.is_healthy()
    assert waiting(broken) == 0
    broken.close()


def _damage(folder: Path, how: str) -> None:
    generation = folder / shelf.current_name(folder)
    for file in generation.iterdir():
        if how == "emptied":
            file.write_bytes(b"")
        elif how == "garbage":
            file.write_bytes(b"\x93 not an index" * 20)
        elif how == "lost" or (how == "segments" and file.suffix == ".seg"):
            file.unlink()
    if how == "pointer":
        (folder / shelf.CURRENT).write_bytes(b"\xff\xfe")


def test_damage_inside_a_file_is_met_while_searching_and_mended(store: Store) -> None:
    first = write(store, "ปลาทูตัวแรก", "ว่ายในอ่าว " * 50)
    segment = next(store.index.folder.glob("g-*/*.seg"))
    whole = segment.read_bytes()
    with segment.open("r+b") as file:
        file.write(whole[:40] + b"\xa5" * (len(whole) - 600) + whole[len(whole) - 560 :])
    store.index.close()
    with pytest.raises(Unavailable):
        find(store, "ปลาทู")
    assert not store.index.is_healthy()
    second = write(store, "ปลาทูตัวที่สอง")
    assert sorted(numbers(find(store, "ปลาทู"))) == [first, second]
    assert store.index.is_healthy()


def test_a_deleted_index_is_noticed_by_a_running_server(store: Store, settings: Settings) -> None:
    number = write(store, "ปลาทู")
    for file in sorted(settings.index_folder.rglob("*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    assert not store.index.is_healthy()
    with pytest.raises(Unavailable):
        find(store, "ปลาทู")
    report_of(store, repair=True)
    assert numbers(find(store, "ปลาทู")) == [number]


def test_a_new_instance_is_healthy_and_finds_nothing(store: Store) -> None:
    assert store.index.is_healthy()
    found = find(store, "ปลาทู")
    assert (found.total, found.hits) == (0, ())


def test_check_names_what_differs_and_repair_mends_it(store: Store) -> None:
    kept, lost, left = (write(store, f"ปลาทู {name}") for name in ("ก", "ข", "ค"))
    with store.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE note SET version = version + 1 WHERE id = {kept}")
        connection.exec_driver_sql(f"DELETE FROM note WHERE id = {left}")
    with shelf.writing_lock(store.index.folder, 1):
        opened = store.index._refresh()
        place = opened.snapshot.number.tolist().index(lost)
        shelf.write(opened.generation, [], [place])
    report = report_of(store)
    assert (report.stale, report.missing, report.left_over) == ((kept,), (lost,), (left,))
    assert not report.is_sound
    report_of(store, repair=True)
    assert report_of(store).is_sound
    assert sorted(numbers(find(store, "ปลาทู"))) == [kept, lost]


def test_a_rebuild_takes_in_what_was_saved_meanwhile(store: Store) -> None:
    first = write(store, "ปลาทูตัวแรก")
    meanwhile: list[int] = []

    def save_once(done: int, total: int) -> None:
        assert 0 < done <= total
        if not meanwhile:
            meanwhile.append(write(store, "ปลาทูตัวที่สอง"))

    store.index.reindex(store.sessions, save_once)
    assert sorted(numbers(find(store, "ปลาทู"))) == [first, *meanwhile]
    assert report_of(store).is_sound
    assert len(list(store.index.folder.glob("g-*"))) == 1


def test_another_analysis_asks_for_a_rebuild_by_itself(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = write(store, "ปลาทู")
    monkeypatch.setattr(analysis, "version", lambda: "tomorrow's rules")
    assert numbers(find(store, "ปลาทู")) == [number]
    assert report_of(store).needs_rebuild
    store.index.catch_up(store.sessions)
    assert not report_of(store).needs_rebuild
    assert numbers(find(store, "ปลาทู")) == [number]


def test_processes_share_one_index(store: Store, settings: Settings) -> None:
    other = open_store(settings)
    first = write(store, "ปลาทูตัวแรก")
    assert numbers(find(other, "ปลาทู")) == [first]
    second = write(other, "ปลาทูตัวที่สอง")
    assert sorted(numbers(find(store, "ปลาทู"))) == [first, second]
    other.index.reindex(other.sessions)
    assert sorted(numbers(find(store, "ปลาทู"))) == [first, second]
    other.close()


def test_many_saves_leave_few_segments_and_lose_nothing(store: Store) -> None:
    written = [write(store, f"ปลาทูตัวที่ {n}", "ในอ่าวไทย") for n in range(40)]
    with store.saving() as session:
        notes.delete(session, session.get_one(Note, written[3]), by=SYSTEM)
    found = find(store, "ปลาทู", limit="100")
    assert sorted(numbers(found)) == [n for n in written if n != written[3]]
    assert len(store.index._refresh().segments) < 20
    assert report_of(store).is_sound
    assert numbers(find(store, "17")) == [written[17]]


def test_many_small_segments_are_merged_beside_the_saves(store: Store) -> None:
    written = [write(store, f"ปลาทูตัวที่ {n}", "ในอ่าวไทย") for n in range(80)]
    store.index.close()
    generation = store.index._refresh().generation
    assert len(generation.segments()) < 20
    assert max(record.doc_count() for record in generation.segments()) > 32
    assert shelf.to_merge(generation) == []
    assert not list(generation.folder.glob(f"{shelf.ASIDE}*"))
    assert sorted(numbers(find(store, "ปลาทู", limit="100"))) == written
    assert numbers(find(store, "17")) == [written[17]]
    assert report_of(store).is_sound


def test_what_is_saved_during_a_merge_is_kept(store: Store) -> None:
    kept, changed, gone, lost = (write(store, f"ปลาทู {name}") for name in "กขคง")
    store.index.reindex(store.sessions)
    with store.saving() as session:
        notes.delete(session, session.get_one(Note, lost), by=SYSTEM)
    other = write(store, "ปลาทูอีกตัว")
    generation = store.index._refresh().generation
    sources = generation.segments()
    merged = building.merge(generation, sources)
    with store.saving() as session:
        session.get_one(Note, changed).title = "ปลาเค็ม"
        notes.delete(session, session.get_one(Note, gone), by=SYSTEM)
    fresh = write(store, "ปลาทูตัวใหม่")
    with shelf.writing_lock(store.index.folder, 1):
        assert shelf.take_merged(generation, merged, sources)
    assert sorted(numbers(find(store, "ปลาทู"))) == [kept, other, fresh]
    assert numbers(find(store, "ปลาเค็ม")) == [changed]
    assert report_of(store).is_sound


def test_a_merge_of_what_is_gone_changes_nothing(store: Store) -> None:
    first, second = write(store, "ปลาทูตัวแรก"), write(store, "ปลาทูตัวที่สอง")
    generation = store.index._refresh().generation
    sources = generation.segments()
    merged = building.merge(generation, sources)
    with shelf.writing_lock(store.index.folder, 1):
        assert shelf.take_merged(generation, building.merge(generation, sources), sources)
        assert not shelf.take_merged(generation, merged, sources)
    assert sorted(numbers(find(store, "ปลาทู"))) == [first, second]
    assert report_of(store).is_sound


# --- rebuilding in other processes ---------------------------------------------------------------


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were many notes and two processors."""
    monkeypatch.setattr(building, "FEWEST_BESIDE", 1)
    monkeypatch.setattr(building, "LARGEST_SEGMENT", 4)
    monkeypatch.setattr(building, "_processors", lambda: 2)


@pytest.mark.usefixtures("beside")
def test_a_rebuild_by_several_processes_is_a_rebuild(store: Store) -> None:
    written = [write(store, f"ปลาทูตัวที่ {n}") for n in range(10)]
    told: list[tuple[int, int]] = []
    done = store.index.reindex(store.sessions, lambda *so_far: told.append(so_far))
    assert done == 10
    assert told[-1] == (10, 10)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    records = store.index._refresh().generation.segments()
    assert [record.doc_count() for record in records] == [3, 3, 3, 1]
    assert sorted(numbers(find(store, "ปลาทู"))) == written
    assert report_of(store).is_sound


@pytest.mark.usefixtures("beside")
def test_a_rebuild_that_fails_leaves_the_old_index(
    store: Store, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    written = [write(store, f"ปลาทูตัวที่ {n}") for n in range(3)]
    monkeypatch.setattr(building, "_address", lambda _: "sqlite:////nowhere/kms.db")
    with pytest.raises(building.WorkerFailed, match="unable to open"):
        store.index.reindex(store.sessions)
    assert "unable to open" in capfd.readouterr().err
    assert sorted(numbers(find(store, "ปลาทู"))) == written
    assert len(list(store.index.folder.glob("g-*"))) == 1
    assert not (store.index.folder / shelf.REBUILDING).exists()


@pytest.mark.usefixtures("beside")
def test_a_rebuild_whose_worker_is_killed_leaves_the_old_index(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = [write(store, f"ปลาทูตัวที่ {n}") for n in range(3)]
    monkeypatch.setattr(building, "WORK", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(building.WorkerFailed):
        store.index.reindex(store.sessions)
    assert sorted(numbers(find(store, "ปลาทู"))) == written
    assert report_of(store).is_sound


KILLED_PARENT = """
import os, signal, sys
from pathlib import Path
from kms.saving import open_store
from kms.search import building
from kms.settings import Settings
store = open_store(Settings(Path(sys.argv[1]), sys.argv[2], "x"))
building.FEWEST_BESIDE, building._processors = 1, lambda: 2
started = building.subprocess.Popen
def start(*given, **named):
    process = started(*given, **named)
    print(process.pid, flush=True)
    return process
building.subprocess.Popen = start
building._send = lambda file, message: os.kill(os.getpid(), signal.SIGKILL)
store.index.reindex(store.sessions)
"""


def test_workers_end_with_the_process_that_asked_and_the_next_save_tidies(
    store: Store, settings: Settings
) -> None:
    for n in range(3):
        write(store, f"ปลาทูตัวที่ {n}")
    arguments = [sys.executable, "-c", KILLED_PARENT, str(settings.instance), settings.database_url]
    ended = subprocess.run(arguments, stdout=subprocess.PIPE, check=False, text=True)
    assert ended.returncode == -signal.SIGKILL
    workers = [int(line) for line in ended.stdout.split()]
    assert len(workers) == 2
    until = time.monotonic() + 20
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert len(list(store.index.folder.glob("g-*"))) == 2
    write(store, "ปลาทูตัวใหม่")
    assert len(list(store.index.folder.glob("g-*"))) == 1
    assert find(store, "ปลาทู").total == 4


# --- another dictionary --------------------------------------------------------------------------


def test_a_word_new_in_the_dictionary_is_found_after_the_next_start(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    number = write(store, "เวทีของเครือข่ายเขาหลวงเมืองคอนฟิวชั่น")
    store.index.close()
    before = analysis.vocabulary()
    content = tmp_path / "content"
    shutil.copytree(analysis.CONTENT, content)
    with (content / "organisations.yaml").open("a", encoding="utf-8") as file:
        file.write("\n- name: เครือข่ายเขาหลวงเมืองคอนฟิวชั่น\n")
    monkeypatch.setattr(analysis, "CONTENT", content)
    new = analysis.vocabulary.__wrapped__()
    monkeypatch.setattr(analysis, "vocabulary", lambda: new)
    assert new.version != before.version
    started = open_store(settings)
    assert report_of(started).needs_rebuild
    started.index.catch_up(started.sessions)
    assert not report_of(started).needs_rebuild
    assert numbers(find(started, "เครือข่ายเขาหลวงเมืองคอนฟิวชั่น")) == [number]
    assert started.index._refresh().generation.analysis == new.version
    started.close()


KILLED = """
import os, sys
from pathlib import Path
from kms import notes
from kms.note_kinds import Kind, NoteContent
from kms.permissions import SYSTEM
from kms.saving import open_store
from kms.settings import Settings
store = open_store(Settings(Path(sys.argv[1]), sys.argv[2], "x"))
print("ready", flush=True)
for n in range(10_000):
    if n % 7 == 6:
        store.index.reindex(store.sessions)
    with store.saving() as session:
        content = NoteContent(kind=Kind.NOTE, title=f"ปลาทู {n}", visibility="public")
        notes.create(session, content, by=SYSTEM)
"""


@pytest.mark.parametrize("after_s", [0.05, 0.21, 0.43])
def test_a_killed_process_leaves_a_good_index_and_every_change_in_the_queue(
    store: Store, settings: Settings, after_s: float
) -> None:
    arguments = [sys.executable, "-c", KILLED, str(settings.instance), settings.database_url]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, env={**os.environ}) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(after_s)
        process.send_signal(signal.SIGKILL)
    store.index.catch_up(store.sessions)
    assert waiting(store) == 0
    assert report_of(store, repair=False).is_sound
    with store.reading() as session:
        everything = set(session.scalars(select(Note.id)))
    found = find(store, "ปลาทู", limit="100", seen_by=SYSTEM)
    assert found.total == len(everything)


# --- what the session hears ----------------------------------------------------------------------


def test_a_comment_is_found_until_it_is_hidden(store: Store, cast: Cast) -> None:
    number = write(store, "เวที")
    with store.saving() as session:
        note = session.get_one(Note, number)
        comment = comments.add(session, note, by=cast.commenter, body="อยากให้จัดที่ท่าศาลาบ้าง")
    assert numbers(find(store, "ท่าศาลา")) == [number]
    with store.saving() as session:
        comments.hide(session, session.merge(comment), by=cast.curator, reason="ไม่เกี่ยว")
    assert numbers(find(store, "ท่าศาลา")) == []


def test_a_deleted_note_is_gone_from_the_index(store: Store) -> None:
    number = write(store, "ปลาทู")
    with store.saving() as session:
        notes.delete(session, session.get_one(Note, number), by=SYSTEM)
    assert find(store, "ปลาทู").total == 0


def test_counting_reads_changes_neither_version_nor_index(store: Store) -> None:
    number = write(store, "ปลาทู")
    with store.sessions() as session:
        note = session.get_one(Note, number)
        before = note.version
        note.reads += 5
        session.commit()
        session.refresh(note)
        assert (note.version, note.reads) == (before, 5)
    assert waiting(store) == 0


def test_an_autoflushed_change_is_not_lost(store: Store) -> None:
    number = write(store, "ปลาทู")
    with store.sessions() as session:
        note = session.get_one(Note, number)
        note.title = "ปลาเค็ม"
        session.scalars(select(Note.id)).all()
        note.reads += 1
        session.commit()
    assert waiting(store) == 1
    store.index.catch_up(store.sessions)
    assert numbers(find(store, "ปลาเค็ม")) == [number]


def test_a_rolled_back_change_leaves_nothing_in_the_queue(store: Store) -> None:
    number = write(store, "ปลาทู")
    with store.sessions() as session:
        session.get_one(Note, number).title = "ปลาเค็ม"
        session.flush()
        session.rollback()
    assert waiting(store) == 0


def test_bulk_changes_are_queued_by_hand(store: Store) -> None:
    number = write(store, "ปลาทู")
    with store.saving() as session:
        before = session.get_one(Note, number).version
        queue(session, [number])
        assert session.get_one(Note, number).version == before + 1
    with store.reading() as session:
        assert session.get_one(Note, number).version == before + 1
    assert waiting(store) == 0
