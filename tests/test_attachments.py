"""Files that go with notes: kept once, read by the right people, found by their words."""

import json
import os
import shutil
import time
import zipfile
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kms import attachments, backup, notes, privacy
from kms.cli import commands
from kms.db import now
from kms.errors import Invalid, NotFound
from kms.exchange import exporting, formats
from kms.exchange.bringing import bring_in
from kms.models import Account, Attachment, Draft, NoteAttachment
from kms.note_kinds import AttachedFile, Kind, NoteContent
from kms.permissions import Viewer
from kms.saving import Store
from kms.settings import Settings
from tests.cast import Cast, csrf_token, post
from tests.files import docx, from_a_camera, jpeg, pdf, picture, saved, xlsx

MEGABYTE = 1024 * 1024


def bring(store: Store, content: bytes, name: str = "ภาพ.jpg") -> attachments.Brought:
    with store.files.workplace() as place:
        source = place / "sent"
        source.write_bytes(content)
        return attachments.bring(store.files, source, name, most_bytes=25 * MEGABYTE)


def attach(
    session: Session, store: Store, who: Viewer, content: bytes, name: str = "ภาพ.jpg"
) -> str:
    return attachments.add(session, bring(store, content, name), by=who).key


def saying(*files: AttachedFile, visibility: str = "members") -> NoteContent:
    return NoteContent(Kind.NOTE, "เวทีหูล่อง", "ประชุมกลุ่มออมทรัพย์", visibility, attachments=files)


def opened(store: Store, key: str, session: Session) -> Image.Image:
    file = session.scalars(select(Attachment).where(Attachment.key == key)).one()
    return Image.open(store.files.path(file.digest))


# --- taking in -----------------------------------------------------------------------------------


def test_the_same_file_is_kept_once_whoever_brings_it(
    session: Session, store: Store, cast: Cast
) -> None:
    first = attach(session, store, cast.facilitator, jpeg())
    assert attach(session, store, cast.facilitator, jpeg()) == first
    assert attach(session, store, cast.commenter, jpeg()) != first
    assert len(list(store.files.digests())) == 1


def test_files_lie_where_only_the_server_reads_them(
    session: Session, store: Store, cast: Cast
) -> None:
    attach(session, store, cast.facilitator, jpeg((3000, 2000)))
    kept = [path for path in store.files.folder.rglob("*") if path.is_file()]
    names = sorted(path.suffix for path in kept if path.name != ".lock")
    assert names == ["", ".1280", ".480"]
    assert {path.stat().st_mode & 0o777 for path in kept if path.name != ".lock"} == {0o600}
    assert store.files.folder.stat().st_mode & 0o077 == 0
    assert not list((store.files.folder / "new").iterdir())


def test_a_photo_is_turned_upright_and_tells_no_place(
    session: Session, store: Store, cast: Cast
) -> None:
    photo = opened(store, attach(session, store, cast.facilitator, from_a_camera(6)), session)
    assert photo.size == (600, 800)
    # Lying on its side the mark was at the upper left: turned clockwise it is at the upper right.
    assert photo.getpixel((590, 10))[0] > 180 > photo.getpixel((10, 10))[0]  # type: ignore[index]
    assert not photo.getexif()
    kept = store.files.path(next(store.files.digests())).read_bytes()
    assert not any(word in kept for word in (b"Exif", b"GPS", b"camera", "หูล่อง".encode()))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_way_to_hold_a_camera_comes_out_upright(
    session: Session, store: Store, cast: Cast, orientation: int
) -> None:
    upright = picture((400, 300))
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    lying = upright.transpose(turns[orientation]) if orientation in turns else upright
    told = Image.Exif()
    told[0x0112] = orientation
    content = saved(lying, "JPEG", exif=told, quality=95)
    photo = opened(store, attach(session, store, cast.facilitator, content), session)
    assert photo.size == (400, 300)
    red, green, _blue = photo.getpixel((20, 20))  # type: ignore[misc]
    assert red > 180 > green


def test_photos_are_brought_down_to_what_a_page_needs(
    session: Session, store: Store, cast: Cast
) -> None:
    key = attach(session, store, cast.facilitator, jpeg((4000, 1000)))
    file = attachments.get(session, key, seen_by=cast.facilitator)
    assert (file.width, file.height) == (2560, 640)
    for width in attachments.WIDTHS:
        assert Image.open(attachments.smaller(store.files, file, width)).width == width


def test_a_smaller_picture_that_was_lost_is_made_again(
    session: Session, store: Store, cast: Cast
) -> None:
    key = attach(session, store, cast.facilitator, jpeg((1500, 900)))
    file = attachments.get(session, key, seen_by=cast.facilitator)
    small = attachments.smaller(store.files, file, 480)
    small.unlink()
    assert attachments.smaller(store.files, file, 480) == small
    assert Image.open(small).width == 480


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (saved(picture(), "PNG"), "image/png"),
        (saved(picture(), "WEBP"), "image/jpeg"),
        (saved(picture().convert("P"), "GIF", save_all=True), "image/png"),
        (saved(picture().convert("CMYK"), "JPEG"), "image/jpeg"),
        (saved(picture().convert("L"), "JPEG"), "image/jpeg"),
        (saved(Image.new("RGBA", (50, 50), (0, 99, 0, 90)), "PNG"), "image/png"),
        (saved(Image.new("I;16", (50, 50), 40_000), "PNG"), "image/png"),
        (pdf(), "application/pdf"),
        (docx(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (xlsx(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ],
    ids=["png", "webp", "gif", "cmyk", "grey", "see-through", "16-bit", "pdf", "docx", "xlsx"],
)
def test_every_kind_that_is_promised_is_taken(
    store: Store, content: bytes, media_type: str
) -> None:
    assert bring(store, content, "อะไรก็ได้.bin").media_type == media_type


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("รูปเวทีหูล่อง.JPG", "รูปเวทีหูล่อง.jpg"),
        ("../../../etc/passwd", "passwd.jpg"),
        ("C:\\Users\\ผู้จัด\\ภาพ 1.png", "ภาพ 1.jpg"),
        ("photo\u202egpj.exe", "photogpj.jpg"),
        ("a\x00b\x1b\n.html", "ab.jpg"),
        ("น้ำ.jpeg".replace("ำ", "ํา"), "น้ํา.jpg"),
        ("", "ไฟล์แนบ.jpg"),
        ("....", "ไฟล์แนบ.jpg"),
        ("ก" * 5_000 + ".jpg", "ก" * 196 + ".jpg"),
        ("รายงาน 3.5 ฉบับร่าง", "รายงาน 3.5 ฉบับร่าง.jpg"),
        ('"><script>.jpg', "script.jpg"),
    ],
)
def test_a_name_is_kept_as_words_only(store: Store, given: str, kept: str) -> None:
    assert bring(store, jpeg(), given).name == kept


def test_a_photo_takes_bounded_memory_and_time(store: Store) -> None:
    large = saved(Image.new("RGB", (8_000, 6_000), (90, 120, 60)), "PNG")
    begun = time.process_time()
    assert bring(store, large).width == 2560
    # What the other process used is not in this one's account: only that nothing is done here.
    assert time.process_time() - begun < 1


# --- on notes ------------------------------------------------------------------------------------


def test_a_file_is_read_by_whoever_may_see_a_note_that_has_it(
    session: Session, store: Store, cast: Cast
) -> None:
    key = attach(session, store, cast.facilitator, jpeg())
    for who in (cast.commenter, cast.curator, cast.anonymous):
        with pytest.raises(NotFound):
            attachments.get(session, key, seen_by=who)
    assert attachments.get(session, key, seen_by=cast.facilitator)
    file = AttachedFile(key, "วงคุยใต้ต้นไม้")
    note = notes.create(session, saying(file), by=cast.facilitator)
    assert attachments.get(session, key, seen_by=cast.commenter)
    with pytest.raises(NotFound):
        attachments.get(session, key, seen_by=cast.anonymous)
    notes.change_visibility(session, note, "public", by=cast.facilitator)
    assert attachments.get(session, key, seen_by=cast.anonymous)
    notes.change_visibility(session, note, "draft", by=cast.facilitator)
    with pytest.raises(NotFound):
        attachments.get(session, key, seen_by=cast.curator)


def test_taking_a_file_off_or_deleting_the_note_ends_reading_at_once(
    session: Session, store: Store, cast: Cast
) -> None:
    key = attach(session, store, cast.facilitator, jpeg())
    first = notes.create(session, saying(AttachedFile(key)), by=cast.facilitator)
    second = notes.create(session, saying(AttachedFile(key)), by=cast.facilitator)
    notes.revise(session, first, saying(), by=cast.facilitator, based_on=1)
    assert attachments.get(session, key, seen_by=cast.commenter)
    notes.delete(session, second, by=cast.curator)
    with pytest.raises(NotFound):
        attachments.get(session, key, seen_by=cast.commenter)
    assert attachments.get(session, key, seen_by=cast.facilitator)


def test_nobody_puts_a_file_on_a_note_that_is_not_theirs(
    session: Session, store: Store, cast: Cast
) -> None:
    key = attach(session, store, cast.facilitator, jpeg())
    for wrong in (key, "0" * 32, "../../etc/passwd", "", key.upper()):
        content = saying(AttachedFile(wrong, "ของคนอื่น"))
        if not wrong:
            assert not notes.create(session, content, by=cast.commenter).attachments
            continue
        with pytest.raises(Invalid) as refused:
            notes.create(session, content, by=cast.commenter)
        assert list(refused.value.problems) == ["attachments-0-key"]


def test_another_writer_keeps_moves_and_brings_back_the_files_of_a_note(
    session: Session, store: Store, cast: Cast
) -> None:
    one = AttachedFile(attach(session, store, cast.facilitator, jpeg()), "หนึ่ง")
    two = AttachedFile(attach(session, store, cast.facilitator, pdf(), "รายงาน.pdf"), "สอง")
    note = notes.create(session, saying(one, two), by=cast.facilitator)
    turned = (AttachedFile(two.key, "คำใหม่"), one)
    notes.revise(session, note, saying(*turned), by=cast.curator, based_on=1)
    session.expire_all()
    assert [(row.position, row.caption) for row in note.attachments] == [(0, "คำใหม่"), (1, "หนึ่ง")]
    notes.revise(session, note, saying(), by=cast.curator, based_on=2)
    assert not session.scalars(select(NoteAttachment)).all()
    notes.revise(session, note, saying(one, two), by=cast.curator, based_on=3)
    assert notes.content_of(note).attachments == (one, two)


def test_a_caption_alone_makes_a_revision_and_a_row_twice_is_one(
    session: Session, store: Store, cast: Cast
) -> None:
    key = attach(session, store, cast.facilitator, jpeg())
    note = notes.create(session, saying(AttachedFile(key), AttachedFile(key)), by=cast.facilitator)
    assert len(note.attachments) == 1
    worded = saying(AttachedFile(key, "ชาวบ้านช่วยกันคิด"))
    notes.revise(session, note, worded, by=cast.facilitator, based_on=1)
    assert note.revision == 2
    assert note.attachments[0].caption == "ชาวบ้านช่วยกันคิด"


def test_too_many_files_and_too_long_captions_are_told_by_field(
    session: Session, store: Store, cast: Cast
) -> None:
    key = attach(session, store, cast.facilitator, jpeg())
    with pytest.raises(Invalid) as refused:
        notes.create(session, saying(AttachedFile(key, "ย" * 301)), by=cast.facilitator)
    assert list(refused.value.problems) == ["attachments-0-caption"]
    many = (AttachedFile(f"{n:032x}") for n in range(41))
    with pytest.raises(Invalid) as refused:
        notes.create(session, saying(*many), by=cast.facilitator)
    assert list(refused.value.problems) == ["attachments"]


# --- found by their words ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (pdf("drought relief ledger"), "รายงาน.pdf", "drought"),
        (docx("สวัสดิการวันละบาทของตำบล"), "รายงาน.docx", "วันละบาท"),
        (xlsx("ทุนหมุนเวียนกลุ่มเลี้ยงปลา"), "บัญชี.xlsx", "เลี้ยงปลา"),
        (jpeg(), "ภาพศาลากลางบ้าน.jpg", "ศาลากลางบ้าน"),
    ],
    ids=["pdf", "docx", "xlsx", "name"],
)
def test_a_word_only_in_the_file_finds_the_note_for_those_who_may_see_it(
    app: Flask, store: Store, cast: Cast, content: bytes, name: str, words: str
) -> None:
    brought = bring(store, content, name)
    with store.saving() as session:
        key = attachments.add(session, brought, by=cast.facilitator).key
        note = notes.create(session, saying(AttachedFile(key)), by=cast.facilitator)
        number = note.number

    def found(client: FlaskClient) -> list[int]:
        answer = client.get("/api/v1/search", query_string={"q": words}).get_json()
        return [hit["number"] for hit in answer["hits"]]

    member = cast.browser(app, "commenter")
    assert found(member) == [number]
    assert not found(app.test_client())
    with store.saving() as session:
        note = notes.get(session, number, seen_by=cast.facilitator)
        notes.revise(session, note, saying(), by=cast.facilitator, based_on=1)
    assert not found(member)


def test_a_caption_is_found_and_so_is_what_it_says_now(
    app: Flask, store: Store, cast: Cast
) -> None:
    brought = bring(store, jpeg())
    with store.saving() as session:
        key = attachments.add(session, brought, by=cast.facilitator).key
        content = saying(AttachedFile(key, "คลองส่งน้ำที่ตื้นเขิน"), visibility="public")
        number = notes.create(session, content, by=cast.facilitator).number
    client = app.test_client()
    hit = client.get("/api/v1/search?q=ตื้นเขิน").get_json()["hits"][0]
    assert hit["number"] == number
    assert "<mark>ตื้นเขิน</mark>" in hit["snippet"]
    with store.saving() as session:
        note = notes.get(session, number, seen_by=cast.facilitator)
        worded = saying(AttachedFile(key, "คลองใหม่"), visibility="public")
        notes.revise(session, note, worded, by=cast.facilitator, based_on=1)
    assert not client.get("/api/v1/search?q=ตื้นเขิน").get_json()["hits"]


# --- swept ---------------------------------------------------------------------------------------


def a_week_passes(session: Session) -> None:
    session.execute(update(Attachment).values(loose_since=Attachment.loose_since))
    for file in session.scalars(select(Attachment).where(Attachment.loose_since.is_not(None))):
        file.loose_since = now() - timedelta(days=8)
    session.commit()


def test_what_no_note_and_no_draft_needs_is_swept_after_a_week(
    session: Session, store: Store, cast: Cast
) -> None:
    needed = attach(session, store, cast.facilitator, jpeg((700, 500)))
    drafted = attach(session, store, cast.facilitator, jpeg((701, 500)))
    loose = attach(session, store, cast.facilitator, jpeg((702, 500)))
    notes.create(session, saying(AttachedFile(needed)), by=cast.facilitator)
    session.add(
        Draft(
            account_id=cast.facilitator.account_id,
            form_id="f" * 36,
            kind="note",
            fields=[["attachments-0-key", drafted]],
        )
    )
    assert not attachments.sweep(session)
    a_week_passes(session)
    assert attachments.sweep(session) == 1
    session.commit()
    assert {one.key for one in session.scalars(select(Attachment))} == {needed, drafted}
    assert attachments.drop_bytes(session, store.files) == 0, "it could be coming in just now"
    for digest in store.files.digests():
        os.utime(store.files.path(digest), (1e9, 1e9))
    assert attachments.drop_bytes(session, store.files) == 1
    assert len(list(store.files.digests())) == 2
    assert loose not in {needed, drafted}


def test_a_file_taken_off_a_note_has_its_week_from_that_day(
    session: Session, store: Store, cast: Cast
) -> None:
    key = attach(session, store, cast.facilitator, jpeg())
    note = notes.create(session, saying(AttachedFile(key)), by=cast.facilitator)
    a_week_passes(session)
    attachments.sweep(session)
    notes.revise(session, note, saying(), by=cast.facilitator, based_on=1)
    assert not attachments.sweep(session)
    notes.revise(session, note, saying(AttachedFile(key)), by=cast.facilitator, based_on=2)


def test_bytes_that_another_file_shares_stay(session: Session, store: Store, cast: Cast) -> None:
    attach(session, store, cast.facilitator, jpeg())
    kept = attach(session, store, cast.commenter, jpeg())
    attachments.forget_loose(session, cast.facilitator.account_id or 0)
    for digest in store.files.digests():
        os.utime(store.files.path(digest), (1e9, 1e9))
    assert attachments.drop_bytes(session, store.files) == 0
    assert opened(store, kept, session)


def test_missing_damaged_and_stray_files_are_told_apart(
    session: Session, store: Store, cast: Cast
) -> None:
    keys = [attach(session, store, cast.facilitator, jpeg((700 + n, 500))) for n in range(4)]
    files = {one.key: one for one in session.scalars(select(Attachment))}
    lost, damaged, stray, sound = (files[key] for key in keys)
    store.files.path(lost.digest).unlink()
    store.files.path(damaged.digest).write_bytes(b"x")
    session.delete(stray)
    session.flush()
    health = attachments.check(session, store.files, thoroughly=True)
    assert health.missing == (lost.id,)
    assert health.damaged == (damaged.id,)
    assert health.strays == (stray.digest,)
    assert not health.is_sound
    assert store.files.is_sound(sound.digest)


# --- kept elsewhere ------------------------------------------------------------------------------


def a_note_with_files(store: Store, cast: Cast) -> int:
    """One photo and one document, for everyone."""
    photo, report = bring(store, jpeg(), "วงคุย.jpg"), bring(store, pdf(), "รายงาน.pdf")
    with store.saving() as session:
        keys = [attachments.add(session, one, by=cast.facilitator).key for one in (photo, report)]
        files = (AttachedFile(keys[0], "ใต้ต้นไม้"), AttachedFile(keys[1]))
        content = saying(*files, visibility="public")
        return notes.create(session, content, by=cast.facilitator, source="a", source_id="1").number


def test_a_backup_brings_the_files_back(store: Store, cast: Cast, tmp_path: Path) -> None:
    a_note_with_files(store, cast)
    path = tmp_path / "all.zip"
    backup.save(store.engine, store.files, path)
    digests = list(store.files.digests())
    shutil.rmtree(store.files.folder)
    backup.restore(store.engine, store.files, path, replace=True)
    assert list(store.files.digests()) == digests
    with store.reading() as session:
        assert attachments.check(session, store.files, thoroughly=True).is_sound


def test_a_backup_whose_files_were_changed_changes_nothing(
    store: Store, cast: Cast, tmp_path: Path
) -> None:
    a_note_with_files(store, cast)
    path = tmp_path / "all.zip"
    backup.save(store.engine, store.files, path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, b"changed" if name.startswith("files/") else content)
    with pytest.raises(Invalid):
        backup.restore(store.engine, store.files, path, replace=True)


@pytest.mark.parametrize("form", ["jsonl", "markdown"])
def test_an_export_holds_the_files_and_an_import_leaves_them(
    store: Store, cast: Cast, tmp_path: Path, form: str
) -> None:
    number = a_note_with_files(store, cast)
    exporting.export(store, tmp_path, form, seen_by=cast.anonymous)
    copied = sorted((tmp_path / "files").iterdir())
    assert sorted(one.suffix for one in copied) == [".jpg", ".pdf"]
    told = "".join(one.read_text() for one in tmp_path.iterdir() if one.is_file())
    for words in ("วงคุย.jpg", "ใต้ต้นไม้", copied[0].name, copied[1].name):
        assert words in told
    outcome = bring_in(store, formats.read(formats.files([tmp_path])))
    assert not outcome.refused
    with store.reading() as session:
        note = notes.get(session, number, seen_by=cast.facilitator)
        assert len(note.attachments) == 2


def test_whoever_is_forgotten_leaves_no_loose_file(
    session: Session, store: Store, cast: Cast
) -> None:
    shared = attach(session, store, cast.facilitator, jpeg((700, 500)))
    attach(session, store, cast.facilitator, jpeg((701, 500)))
    hidden = attach(session, store, cast.facilitator, jpeg((702, 500)))
    notes.create(session, saying(AttachedFile(shared)), by=cast.facilitator)
    draft = saying(AttachedFile(hidden), visibility="draft")
    notes.create(session, draft, by=cast.facilitator)
    account = session.get(Account, cast.facilitator.account_id)
    assert account is not None
    told = privacy.export_own_data(session, account)
    assert [one["name"] for one in told["files"]] == ["ภาพ.jpg"] * 3
    privacy.forget(session, account)
    assert [one.key for one in session.scalars(select(Attachment))] == [shared]


def test_the_doctor_and_check_tell_of_files_that_are_gone(
    store: Store, settings: Settings, cast: Cast
) -> None:
    a_note_with_files(store, cast)
    environment = {
        "KMS_INSTANCE": str(settings.instance),
        "KMS_DATABASE_URL": settings.database_url,
    }

    def kms(*words: str) -> Result:
        return CliRunner().invoke(commands, words, env=environment)

    assert "✓ ไฟล์แนบ: 2 ไฟล์" in kms("doctor").output
    assert kms("check").exit_code == 0
    with store.files.workplace() as place:
        (place / "stray").write_bytes(b"nobody's")
        stray = store.files.take(place / "stray")
    os.utime(store.files.path(stray), (1e9, 1e9))
    swept = kms("check", "--repair")
    assert swept.exit_code == 0, swept.output
    assert not store.files.has(stray)
    with store.reading() as session:
        lost = session.scalars(select(Attachment)).first()
    assert lost is not None
    store.files.path(lost.digest).unlink()
    assert "✗ ไฟล์แนบ" in kms("doctor").output
    told = kms("check")
    assert told.exit_code == 1
    assert f"ไฟล์แนบที่ {lost.id}" in told.output


# --- over the web --------------------------------------------------------------------------------


def send(client: FlaskClient, content: bytes, name: str = "ภาพ.jpg") -> dict[str, object]:
    token = csrf_token(client, "/write/note")
    form = {"csrf_token": token, "upload": (BytesIO(content), name)}
    answer = client.post("/attachments", data=form, headers={"Accept": "application/json"})
    assert answer.status_code == 201, answer.text
    return answer.get_json()  # type: ignore[no-any-return]


def test_a_photo_comes_back_with_headers_that_make_it_harmless(app: Flask, cast: Cast) -> None:
    client = cast.browser(app, "facilitator")
    told = send(client, from_a_camera(), "เวทีหูล่อง.jpg")
    answer = client.get(str(told["url"]))
    assert answer.status_code == 200
    assert answer.mimetype == "image/jpeg"
    assert Image.open(BytesIO(answer.data)).size == (600, 800)
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"].startswith("private")
    said = answer.headers["Content-Disposition"]
    assert said.startswith("inline") and "filename*=UTF-8''" in said
    smaller = client.get(f"{told['url']}?size=480")
    assert Image.open(BytesIO(smaller.data)).size == (480, 640)


def test_documents_are_handed_over_to_be_saved(app: Flask, cast: Cast) -> None:
    client = cast.browser(app, "facilitator")
    told = send(client, pdf(script="app.alert(1)"), "รายงาน.pdf")
    answer = client.get(str(told["url"]))
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    part = client.get(str(told["url"]), headers={"Range": "bytes=0-4"})
    assert (part.status_code, part.data) == (206, b"%PDF-")


def test_not_modified_is_said_only_to_those_who_may_read(
    app: Flask, store: Store, cast: Cast
) -> None:
    writer = cast.browser(app, "facilitator")
    url = str(send(writer, jpeg())["url"])
    mark = {"If-None-Match": writer.get(url).headers["ETag"]}
    assert writer.get(url, headers=mark).status_code == 304
    for other in (cast.browser(app, "curator"), app.test_client()):
        hidden = other.get(url, headers=mark)
        absent = other.get("/attachments/" + "0" * 32 + "/file.jpg", headers=mark)
        assert hidden.status_code == absent.status_code == 404
        assert "ETag" not in hidden.headers
        assert other.get(url.rpartition("/")[0]).status_code == 404


def test_without_scripts_the_form_takes_files_and_keeps_every_word(
    app: Flask, store: Store, cast: Cast
) -> None:
    client = cast.browser(app, "facilitator")
    form = {
        "csrf_token": csrf_token(client, "/write/note"),
        "title": "เวทีที่มีรูป",
        "body": "เล่าเรื่อง",
        "do": "attach",
        "upload": [(BytesIO(jpeg()), "หนึ่ง.jpg"), (BytesIO(b"<svg/>"), "สอง.svg")],
    }
    page = client.post("/write/note", data=form)
    assert page.status_code == 422
    assert "สอง.svg" in page.text and "หนึ่ง.jpg" in page.text
    assert 'value="เวทีที่มีรูป"' in page.text
    with store.reading() as session:
        key = session.scalars(select(Attachment.key)).one()
    assert f'name="attachments-0-key" value="{key}"' in page.text
    again = {
        **{name: value for name, value in form.items() if name not in ("upload", "do")},
        "attachments-0-key": key,
        "attachments-0-caption": "ใต้ร่มไม้",
        "upload": [(BytesIO(pdf()), "รายงาน.pdf")],
        "visibility": "public",
    }
    answer = client.post("/write/note", data=again)
    assert answer.status_code == 303
    shown = app.test_client().get(answer.headers["Location"]).text
    assert "ใต้ร่มไม้" in shown
    assert "รายงาน.pdf" in shown
    assert f"/attachments/{key}/file.jpg" in shown


def test_a_row_can_be_taken_out_without_scripts(app: Flask, cast: Cast) -> None:
    client = cast.browser(app, "facilitator")
    told = send(client, jpeg(), "หนึ่ง.jpg")
    form = {
        "csrf_token": csrf_token(client, "/write/note"),
        "title": "ก",
        "attachments-3-key": told["key"],
        "remove": "attachments-3",
    }
    page = client.post("/write/note", data=form)
    assert str(told["key"]) not in page.text


def test_a_picture_among_the_words_stands_there_and_not_beneath(app: Flask, cast: Cast) -> None:
    client = cast.browser(app, "facilitator")
    inside, beneath = (send(client, jpeg((700 + n, 500))) for n in range(2))
    form = {
        "title": "รูปในเนื้อความ",
        "body": f"ก่อนรูป\n\n![ใต้ต้นไม้]({inside['url']})\n\nหลังรูป",
        "attachments-0-key": inside["key"],
        "attachments-1-key": beneath["key"],
    }
    page = post(client, "/write/note", form, follow=True).text
    assert f'src="{inside["url"]}?size=1280"' in page
    assert f'<a href="{beneath["url"]}"><img' in page
    assert f'<a href="{inside["url"]}"><img' not in page


def test_what_a_note_page_shows_changes_with_its_files(
    app: Flask, store: Store, cast: Cast
) -> None:
    number = a_note_with_files(store, cast)
    reader = app.test_client()
    assert "ใต้ต้นไม้" in reader.get(f"/notes/{number}").text
    with store.saving() as session:
        note = notes.get(session, number, seen_by=cast.facilitator)
        content = notes.content_of(note)
        shorter = replace(content, attachments=content.attachments[1:])
        notes.revise(session, note, shorter, by=cast.facilitator, based_on=1)
    page = reader.get(f"/notes/{number}").text
    assert "ใต้ต้นไม้" not in page
    assert "รายงาน.pdf" in page


# --- piece by piece ------------------------------------------------------------------------------


class Sender:
    """A phone that sends a file in pieces."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        token = csrf_token(client, "/write/note")
        self.headers = {"Accept": "application/json", "X-CSRFToken": token}

    def begin(self, size: int, name: str = "ภาพ.jpg") -> str:
        asked = json.dumps({"name": name, "size": size})
        answer = self.client.post(
            "/uploads", data=asked, content_type="application/json", headers=self.headers
        )
        assert answer.status_code == 201, answer.text
        return str(answer.get_json()["id"])

    def piece(self, upload: str, offset: int, piece: bytes) -> object:
        return self.client.patch(
            f"/uploads/{upload}",
            data=piece,
            content_type="application/octet-stream",
            headers={**self.headers, "Upload-Offset": str(offset)},
        )


def test_a_file_goes_on_where_it_stopped(app: Flask, store: Store, cast: Cast) -> None:
    content = jpeg((1200, 900))
    phone = Sender(cast.browser(app, "facilitator"))
    upload = phone.begin(len(content))
    first = phone.piece(upload, 0, content[:1000])
    assert first.get_json()["offset"] == 1000
    # The answer was lost: the same piece again does not fit, and the offset tells where to go on.
    twice = phone.piece(upload, 0, content[:1000])
    assert (twice.status_code, twice.headers["Upload-Offset"]) == (409, "1000")
    assert phone.client.head(f"/uploads/{upload}").headers["Upload-Offset"] == "1000"
    # A server that is killed has nothing but the file: so has one that starts.
    with (store.files.folder.parent / "uploads" / upload).open("ab") as file:
        file.write(content[1000:1500])
    assert phone.client.get(f"/uploads/{upload}").get_json()["offset"] == 1500
    last = phone.piece(upload, 1500, content[1500:])
    assert last.status_code == 200, last.text
    told = last.get_json()
    assert told["width"] == 1200
    for answer in (
        phone.piece(upload, len(content), b""),
        phone.client.get(f"/uploads/{upload}"),
    ):
        assert answer.get_json()["key"] == told["key"]
    assert not list((store.files.folder.parent / "uploads").iterdir())


def test_a_file_whose_last_answer_never_came_is_finished_by_an_empty_piece(
    app: Flask, store: Store, cast: Cast
) -> None:
    content = docx()
    phone = Sender(cast.browser(app, "facilitator"))
    upload = phone.begin(len(content), "รายงาน.docx")
    phone.piece(upload, 0, content[:10])
    with (store.files.folder.parent / "uploads" / upload).open("ab") as file:
        file.write(content[10:])
    answer = phone.piece(upload, len(content), b"")
    assert answer.get_json()["name"] == "รายงาน.docx"


def test_a_file_on_its_way_can_be_given_up(app: Flask, store: Store, cast: Cast) -> None:
    phone = Sender(cast.browser(app, "facilitator"))
    upload = phone.begin(100)
    phone.piece(upload, 0, b"x" * 50)
    assert phone.client.delete(f"/uploads/{upload}", headers=phone.headers).status_code == 204
    assert phone.client.get(f"/uploads/{upload}").status_code == 404
    assert not list((store.files.folder.parent / "uploads").iterdir())
