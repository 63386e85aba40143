"""A curator brings notes in from files."""

import gzip
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kms import notes, places, question_sets
from kms.errors import Invalid
from kms.exchange import formats, plain_text
from kms.exchange.bringing import Outcome, bring_in
from kms.exchange.records import Record, Refused
from kms.models import Comment, Note, Revision, Theme
from kms.note_kinds import Kind
from kms.permissions import ANONYMOUS, SYSTEM
from kms.saving import Store
from kms.search.query import Query
from tests.shared_data import SEEDS, needs_seeds

HOSTILE_LINES = [
    b"not json",
    b"[1, 2]",
    b'"text"',
    b"{}",
    b'{"title": ""}',
    b'{"title": {"a": 1}}',
    b'{"title": "t", "kind": "novel"}',
    b'{"title": "t", "date": "31 \xe0\xb8\x81.\xe0\xb8\x9e. 2550"}',
    b'{"title": "t", "places": 7}',
    b'{"title": "t", "roles": ["khun_ua"]}',
    b'{"title": "t", "roles": [{"role": "king", "person": "x"}]}',
    b'{"title": "t", "url": "javascript:alert(1)"}',
    b'{"title": "t", "visibility": "secret"}',
    b'{"title": "t", "comments": [{"author": "x"}]}',
    b'{"title": "t", "tags": [["nested"]]}',
    b'{"title": "broken \xff\xfe utf-8"}',
    b'{"title": "t", "kind": "minutes", "date": "2552", "minutes": {"budget": [{"amount": -1}]}}',
    b'{"title": "t", "kind": "minutes", "date": "2552", "minutes":{"budget":[{"amount":1e999}]}}',
    b'{"title": "t", "kind": "lesson", "lesson": {"point": "p", "sources": [{"note": "none"}]}}',
    b"[" * 100_000,
]


def lines(path: Path, *rows: object) -> Path:
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text(text, encoding="utf-8")
    return path


def bring(store: Store, *paths: Path, dry_run: bool = False) -> Outcome:
    return bring_in(store, formats.read(formats.files(paths)), dry_run=dry_run)


def only_note(session: Session) -> Note:
    return session.scalars(select(Note)).one()


@pytest.mark.parametrize("line", HOSTILE_LINES, ids=lambda line: line[:40].decode("latin-1"))
def test_a_bad_line_is_refused_with_its_number_and_the_others_come_in(
    store: Store, tmp_path: Path, line: bytes
) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_bytes(b'{"title": "before"}\n' + line + b'\n{"title": "after"}\n')
    outcome = bring(store, path)
    assert outcome.counts["created"] == 2
    (refused,) = outcome.refused
    assert refused.where == f"{path}:2"
    assert refused.reason
    with store.reading() as session:
        assert set(session.scalars(select(Note.title))) == {"before", "after"}


def test_every_field_of_a_line_arrives(store: Store, tmp_path: Path) -> None:
    path = lines(
        tmp_path / "field.jsonl",
        {
            "id": "14228",
            "source": "gotoknow",
            "kind": "aar",
            "title": "AAR เวทีหูล่อง",
            "sections": {"goal": "หารือเรื่ององค์กร"},
            "question_set": "four-questions",
            "date": "28 ม.ค. 2549",
            "places": ["ต.หูล่อง อ.ปากพนัง จ.นครศรีธรรมราช"],
            "provinces": ["นครศรีธรรมราช", "พัทลุง"],
            "tags": ["#แก้จนเมืองนคร"],
            "organisations": ["พอช.", {"name": "เครือข่ายยมนา", "part": "partner"}],
            "roles": [{"role": "คุณอำนวย", "person": "ผู้จัดเวที", "level": "tambon", "did": "ชวนคุย"}],
            "licence": "สงวนสิทธิ์",
            "url": "https://example.org/14228",
            "created_at": "2006-02-02T12:50:00+07:00",
            "comments": [
                {"id": "a", "author": "ผู้อ่าน", "body": "ขอบคุณ"},
                {"id": "b", "body": "เห็นด้วย", "reply_to": "a"},
            ],
        },
    )
    # Question ids come from content/, so take a real one.
    first = json.loads(path.read_text(encoding="utf-8"))
    first["sections"] = {_first_question("four-questions"): "หารือเรื่ององค์กร"}
    lines(path, first)
    outcome = bring(store, path)
    assert outcome.refused == []
    with store.reading() as session:
        note = only_note(session)
        assert (note.source, note.source_id, note.kind) == ("gotoknow", "14228", "aar")
        assert note.held_from == date(2006, 1, 28)
        assert note.created_at == datetime(2006, 2, 2, 5, 50, tzinfo=UTC)
        content = notes.content_of(note)
        assert {places.path(one.code, short=True) for one in content.places} == {
            "พัทลุง",
            "หูล่อง ปากพนัง นครศรีธรรมราช",
        }
        assert content.tags == ("แก้จนเมืองนคร",)
        assert content.roles[0].role == "khun_amnuay"
        remarks = list(session.scalars(select(Comment).order_by(Comment.id)))
        assert remarks[1].reply_to_id == remarks[0].id


def _first_question(set_id: str) -> str:
    return question_sets.get(set_id).questions[0].id


def test_importing_again_revises_and_never_doubles(store: Store, tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", {"id": "1", "title": "เดิม", "comments": [{"body": "หนึ่ง"}]})
    assert bring(store, path).counts == {"created": 1}
    assert bring(store, path).counts == {"unchanged": 1}
    lines(path, {"id": "1", "title": "ใหม่", "comments": [{"body": "หนึ่ง"}]})
    assert bring(store, path).counts == {"revised": 1}
    with store.reading() as session:
        assert only_note(session).title == "ใหม่"
        assert session.scalar(select(func.count()).select_from(Revision)) == 2
        assert session.scalar(select(func.count()).select_from(Comment)) == 1


def test_a_dry_run_checks_everything_and_keeps_nothing(store: Store, tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", {"title": "ดี"}, {"title": ""})
    outcome = bring(store, path, dry_run=True)
    assert outcome.counts["created"] == 1
    assert len(outcome.refused) == 1
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Note)) == 0


def test_an_unknown_theme_becomes_a_proposal(store: Store, tmp_path: Path) -> None:
    bring(store, lines(tmp_path / "a.jsonl", {"title": "ก", "themes": ["ธนาคารปูม้า"]}))
    with store.reading() as session:
        theme = session.scalars(select(Theme)).one()
        assert (theme.name, theme.status) == ("ธนาคารปูม้า", "proposed")


def test_an_unknown_place_is_kept_as_a_tag_and_said(store: Store, tmp_path: Path) -> None:
    outcome = bring(store, lines(tmp_path / "a.jsonl", {"title": "ก", "places": ["เมืองบาดาล"]}))
    assert len(outcome.warnings) == 1
    with store.reading() as session:
        assert notes.content_of(only_note(session)).tags == ("เมืองบาดาล",)


def test_words_in_place_of_an_address_are_kept_in_the_body(store: Store, tmp_path: Path) -> None:
    outcome = bring(store, lines(tmp_path / "a.jsonl", {"title": "ข่าว", "url": "กองทัพบก"}))
    assert len(outcome.warnings) == 1
    with store.reading() as session:
        note = only_note(session)
        assert (note.url, note.body) == ("", "ที่มา: กองทัพบก")


def test_gzipped_lines_come_in(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for n in range(450):
            file.write(json.dumps({"id": str(n), "title": f"ข่าวที่ {n}"}) + "\n")
    assert bring(store, path).counts == {"created": 450}


def test_a_broken_gzip_is_refused_and_what_came_before_stays(store: Store, tmp_path: Path) -> None:
    whole = gzip.compress(json.dumps({"title": "ก"}).encode() * 1)
    path = tmp_path / "cut.jsonl.gz"
    path.write_bytes(whole[:-6])
    outcome = bring(store, path)
    assert outcome.refused


def test_markdown_with_front_matter_comes_in(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "เวที.md"
    path.write_text(
        "---\ntitle: เวทีพัทลุง\ndate: 18 ธค 50\nkind: minutes\n"
        "minutes:\n  venue: ศาลากลาง\n  budget:\n    - {organisation: พอช., amount: 9301000}\n"
        "---\n\nเนื้อความ **หนา**\n",
        encoding="utf-8",
    )
    assert bring(store, path).counts == {"created": 1}
    with store.reading() as session:
        content = notes.content_of(only_note(session))
        assert content.meeting is not None
        assert content.meeting.budget_sum_satang == 930_100_000
        assert content.held_from == date(2007, 12, 18)
        assert content.body == "เนื้อความ **หนา**"


@pytest.mark.parametrize(
    "text", ["---\ntitle: [\n---\nก", "---\ntitle: ไม่ปิด", "---\n- รายการ\n---\nก"]
)
def test_broken_front_matter_is_refused_with_a_sentence(
    store: Store, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "a.md"
    path.write_text(text, encoding="utf-8")
    assert [one.where for one in bring(store, path).refused] == [str(path)]


def test_a_path_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="ไม่พบ"):
        formats.files([tmp_path / "nothing.jsonl"])


def test_a_text_of_nothing_but_banners_is_refused() -> None:
    with pytest.raises(Invalid):
        plain_text.read_text("ClassStart\n\n\xa0\n", where="x", name="x")


# --- the five real documents ----------------------------------------------------------------------


def seed(start: str) -> Record:
    (path,) = SEEDS.glob(f"{start}*.txt")
    (record,) = plain_text.read(path)
    assert not isinstance(record, Refused), record
    return record


@needs_seeds
def test_the_review_of_hulong_is_read_whole() -> None:
    record = seed("004")
    content = record.content
    assert (record.source, record.source_id) == ("gotoknow", "14228")
    assert content.kind is Kind.AFTER_ACTION_REVIEW
    assert content.title == "AARความล้มเหลวของงานพัฒนา1+1+1+1เท่ากับ 0"
    assert content.held_from == date(2006, 1, 28)
    assert content.tags == ("แนวคิด", "แก้จนเมืองนคร")
    assert content.licence == "สงวนสิทธิ์ทุกประการ"
    assert record.created_at == datetime(2006, 2, 2, 5, 50, tzinfo=UTC)
    assert "หูล่อง ปากพนัง นครศรีธรรมราช" in [
        places.path(one.code, short=True) for one in content.places
    ]
    assert content.body.endswith("ซึ่งต้องเห็นภาพรวมทั้งระบบ")
    assert "คลุมเคลือ" in content.body
    assert record.comments == ()


@needs_seeds
def test_the_thread_under_the_phatthalung_note_is_told_apart() -> None:
    record = seed("001")
    assert record.source_id == "154920"
    assert record.content.held_from == date(2007, 12, 18)
    assert record.content.held_as_written.endswith("18 ธค 50")
    assert [comment.author for comment in record.comments] == [
        "",
        "รัช",
        "",
        "ปัทมาวดี โพชนุกูล ซูซูกิ",
    ]
    assert "แม่ไก่" in record.comments[2].body
    assert "งูเห่ากับลูกเขียด" in record.comments[3].body
    everything = record.content.body + "".join(one.body for one in record.comments)
    assert "ClassStart" not in everything
    assert "LINE ID" not in everything


@needs_seeds
def test_the_newsletter_loses_its_banner_and_keeps_its_meeting_day() -> None:
    record = seed("000")
    assert record.content.title.startswith("ผู้ว่าเมืองคอน พร้อมถือธงนำ")
    assert record.content.held_from == date(2009, 6, 5)
    assert record.created_at == datetime(2009, 6, 7, 17, tzinfo=UTC)
    assert "คลิ้กที่นี่" not in record.content.body
    assert "35,978,000 บาท" in record.content.body


@needs_seeds
def test_captions_that_repeat_the_title_are_dropped() -> None:
    record = seed("002")
    assert record.content.title == "ตามไปดู!คนชัยนาทจัดขบวนชุมชนเขียนแผนแก้จนได้จริง"
    assert "ตามไปดู!" not in record.content.body
    assert "4.6. ติดตามแผนการเชื่อมโยง/ประเมินผล" in record.content.body


@needs_seeds
def test_a_later_part_of_a_series_keeps_its_comment() -> None:
    record = seed("003")
    assert record.source_id == "147174"
    (comment,) = record.comments
    assert "ถ่ายเอกสาร" in comment.body


@needs_seeds
def test_all_five_come_in_and_welfare_finds_those_that_tell_of_it(store: Store) -> None:
    outcome = bring(store, SEEDS)
    assert outcome.refused == []
    assert outcome.counts == {"created": 5}
    with store.reading() as session:
        found = store.index.find(session, Query(words="สวัสดิการ"), seen_by=SYSTEM)
        telling = {n.number for n in session.scalars(select(Note)) if "สวัสดิการ" in n.body}
        telling |= {c.note_id for c in session.scalars(select(Comment)) if "สวัสดิการ" in c.body}
        assert {hit.number for hit in found.hits} == telling
        assert len(telling) >= 4
        assert store.index.find(session, Query(words="หูล่อง"), seen_by=ANONYMOUS).total == 1
