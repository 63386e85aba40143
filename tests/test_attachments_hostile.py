"""Files made to do harm, or broken on the way: a sentence that helps, and nothing kept."""

import json
import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from kms.models import Attachment, Upload
from kms.saving import Store
from tests.cast import Cast, csrf_token
from tests.files import (
    DOCX_MAIN,
    docx,
    from_a_camera,
    jpeg,
    packed,
    pdf,
    picture,
    saved,
    types,
    xlsx,
)

pytestmark = pytest.mark.any_database

MEGABYTE = 1024 * 1024
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
BILLION_LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;"><!ENTITY d SYSTEM "file:///etc/passwd">]>'
)


def huge_png(width: int, height: int) -> bytes:
    """A small file that says it has so many dots."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checked = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checked)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(b"\0" * 100)), chunk(b"IEND", b""))
    )


def with_segment(marker: int, content: bytes, *, length: int | None = None) -> bytes:
    """A JPEG with one more segment, which may lie about its length."""
    whole = jpeg()
    said = len(content) + 2 if length is None else length
    return whole[:2] + struct.pack(">BBH", 0xFF, marker, said) + content + whole[2:]


def zip_bomb() -> bytes:
    return docx(**{"word/media.xml": b"<a>" + b" " * 120_000_000 + b"</a>"})


def lying_zip() -> bytes:
    """The directory says that a part is a gigabyte."""
    whole = bytearray(docx(**{"word/more.xml": b"<a/>"}))
    at = whole.rindex(b"word/more.xml") - 46
    struct.pack_into("<I", whole, at + 24, 1_000_000_000)
    return bytes(whole)


def locked_zip() -> bytes:
    whole = bytearray(docx())
    at = whole.index(b"PK\x01\x02")
    whole[at + 8] |= 1
    return bytes(whole)


def many_parts() -> bytes:
    return docx(**{f"word/{n}.bin": b"" for n in range(4_000)})


# What is sent, under which name, and words of the sentence that comes back.
REFUSED: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "nothing": (lambda: b"", "ว่าง.jpg", "ว่างเปล่า"),
    "a program called a photo": (lambda: b"MZ" + b"\0" * 500, "ภาพ.jpg", "โปรแกรม"),
    "a shell script": (lambda: b"#!/bin/sh\nrm -rf /\n", "รายงาน.pdf", "โปรแกรม"),
    "svg with a script": (lambda: SVG, "ตรา.svg", "SVG"),
    "svg called a png": (lambda: b'<?xml version="1.0"?>' + SVG, "ตรา.png", "SVG"),
    "svg in utf-16": (lambda: SVG.decode().encode("utf-16"), "ตรา.svg", "SVG"),
    "a web page": (lambda: b"<!DOCTYPE html><script>alert(1)</script>", "a.html", "หน้าเว็บ"),
    "a web page that holds a photo": (
        lambda: b"<html><body>" + jpeg() + b"</body></html>",
        "ภาพ.jpg",
        "หน้าเว็บ",
    ),
    "a photo cut short": (lambda: jpeg((2000, 1500))[:20_000], "ภาพ.jpg", "มาไม่ครบ"),
    "a photo of noise": (lambda: b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40, "ภาพ.jpg", "เสีย"),
    "a png cut short": (lambda: saved(picture(), "PNG")[:200], "ภาพ.png", "มาไม่ครบ"),
    "a billion dots": (lambda: huge_png(40_000, 25_000), "ใหญ่.png", "จำนวนจุด"),
    "two billion dots a side": (lambda: huge_png(2**31 - 1, 2**31 - 1), "ใหญ่.png", "จำนวนจุด"),
    "a line of dots": (lambda: huge_png(1_000_000, 1), "ยาว.png", "จำนวนจุด"),
    "fewer dots than said": (lambda: huge_png(5_000, 5_000), "ภาพ.png", "เสีย"),
    "exif that runs past the end": (
        lambda: with_segment(0xE1, b"Exif\0\0", length=0xFFF0)[:3_000],
        "ภาพ.jpg",
        "เสีย",
    ),
    "heic": (lambda: b"\0\0\0\x18ftypheic\0\0\0\0" + b"\0" * 99, "IMG_1.HEIC", "HEIC"),
    "a song": (lambda: b"ID3\x04" + b"\0" * 99, "เพลง.mp3", "ลิงก์"),
    "a film": (lambda: b"\0\0\0\x18ftypmp42" + b"\0" * 99, "คลิป.mp4", "ลิงก์"),
    "a pdf with a password": (lambda: pdf(password="ลับ"), "ลับ.pdf", "รหัสผ่าน"),
    "a pdf of nothing": (lambda: b"%PDF-1.7\n%%EOF\n", "ว่าง.pdf", "เสีย"),
    "a pdf behind other bytes": (lambda: b"GARBAGE\n" + pdf(), "ก.pdf", "ชนิดนี้"),
    "an old or locked office file": (
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 999,
        "รายงาน.docx",
        "รหัสผ่าน",
    ),
    "an archive": (lambda: packed({"ภาพ.jpg": jpeg()}), "รูป.zip", "แตกไฟล์"),
    "an archive called a document": (lambda: packed({"a.txt": b"a"}), "a.docx", "แตกไฟล์"),
    "a zip bomb": (zip_bomb, "รายงาน.docx", "ใหญ่ผิดปกติ"),
    "a zip that lies": (lying_zip, "รายงาน.docx", "ใหญ่ผิดปกติ"),
    "a zip of thousands": (many_parts, "รายงาน.docx", "ใหญ่ผิดปกติ"),
    "a locked zip": (locked_zip, "รายงาน.docx", "ล็อก"),
    "a document cut short": (lambda: docx()[:300], "รายงาน.docx", "เสีย"),
    "a document with a macro": (
        lambda: docx(**{"word/vbaProject.bin": b"Sub AutoOpen()"}),
        "รายงาน.docx",
        "มาโคร",
    ),
    "a docm called a docx": (
        lambda: packed(
            {
                "[Content_Types].xml": types(
                    "/word/document.xml",
                    "application/vnd.ms-word.document.macroEnabled.main+xml",
                ),
                "word/document.xml": b"<w/>",
            }
        ),
        "รายงาน.docx",
        "มาโคร",
    ),
    "entities in a document": (lambda: docx(before=BILLION_LAUGHS), "รายงาน.docx", "คำสั่ง"),
    "entities in a part of it": (
        lambda: docx(**{"word/styles.xml": f"{BILLION_LAUGHS}<s>&c;</s>".encode()}),
        "รายงาน.docx",
        "คำสั่ง",
    ),
    "entities in utf-16": (
        lambda: docx(**{"word/styles.xml": f"{BILLION_LAUGHS}<s/>".encode("utf-16")}),
        "รายงาน.docx",
        "คำสั่ง",
    ),
    "words that are no xml": (
        lambda: packed(
            {
                "[Content_Types].xml": types("/word/document.xml", DOCX_MAIN),
                "word/document.xml": b"<w:p",
            }
        ),
        "รายงาน.docx",
        "เสีย",
    ),
    "slides": (
        lambda: packed({"[Content_Types].xml": b"<Types/>", "ppt/presentation.xml": b"<p/>"}),
        "เสนอ.pptx",
        "PowerPoint",
    ),
    "text": ("แค่ข้อความ".encode, "ข้อความ.txt", "ชนิดนี้"),
}

# Odd, but with nothing in them that does harm once they are kept: name sent, name kept.
TAKEN: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "a path in the name": (jpeg, "../../../static/js/platu.js", "platu.jpg"),
    "a windows path": (jpeg, "C:\\Windows\\system32\\ภาพ.jpg", "ภาพ.jpg"),
    "a name of 5,000 letters": (jpeg, "ก" * 5_000 + ".jpg", "ก" * 196 + ".jpg"),
    "a name that turns direction": (jpeg, "ภาพ\u202egpj.exe", "ภาพgpj.jpg"),
    "a name with a nul and line ends": (
        jpeg,
        "ภาพ\x00\r\nSet-Cookie: a=b.jpg",
        "ภาพSet-Cookie a=b.jpg",
    ),
    "broken exif": (
        lambda: with_segment(0xE1, b"Exif\0\0MM\0*\xff\xff\xff\xff" * 9),
        "ก.jpg",
        "ก.jpg",
    ),
    "exif of rubbish": (lambda: with_segment(0xE1, b"Exif\0\0" + b"\xff" * 900), "ก.jpg", "ก.jpg"),
    "a photo with a page behind it": (
        lambda: jpeg() + b"<html><script>alert(document.cookie)</script></html>",
        "ก.html",
        "ก.jpg",
    ),
    "a photo with a page inside": (
        lambda: with_segment(0xFE, b"<script>alert(1)</script>"),
        "ก.jpg",
        "ก.jpg",
    ),
    "a photo with an archive behind it": (lambda: jpeg() + docx(), "ก.docx", "ก.jpg"),
    "a pdf with a script": (lambda: pdf(script="app.alert(1)"), "ก.pdf", "ก.pdf"),
    "a sheet called a song": (xlsx, "ก.mp3", "ก.xlsx"),
}


@pytest.fixture
def client(app: Flask, cast: Cast) -> FlaskClient:
    return cast.browser(app, "facilitator")


def send(client: FlaskClient, content: bytes, name: str) -> TestResponse:
    form = {
        "csrf_token": csrf_token(client, "/write/note"),
        "upload": (BytesIO(content), name, "image/jpeg"),
    }
    return client.post("/attachments", data=form, headers={"Accept": "application/json"})


def headers(client: FlaskClient) -> dict[str, str]:
    token = csrf_token(client, "/write/note")
    return {"Accept": "application/json", "X-CSRFToken": token}


def nothing_is_kept(store: Store) -> bool:
    with store.reading() as session:
        rows = session.scalar(select(func.count()).select_from(Attachment))
        rows = (rows or 0) + (session.scalar(select(func.count()).select_from(Upload)) or 0)
    instance = store.files.folder.parent
    left = [*store.files.folder.rglob("*"), *(instance / "uploads").rglob("*")]
    files = [path for path in left if path.is_file() and path.name != ".lock"]
    return not rows and not files


def test_what_is_hostile_or_broken_is_refused_with_a_sentence(
    client: FlaskClient, store: Store, subtests: pytest.Subtests
) -> None:
    for case, (make, name, words) in REFUSED.items():
        with subtests.test(case):
            answer = send(client, make(), name)
            assert answer.status_code == 422, answer.text
            error = answer.get_json()["error"]
            assert error["code"] == "invalid"
            assert words in error["message"], error["message"]
            assert nothing_is_kept(store)


def test_what_is_odd_is_kept_without_what_was_odd(
    client: FlaskClient, store: Store, subtests: pytest.Subtests
) -> None:
    for case, (make, name, kept) in TAKEN.items():
        with subtests.test(case):
            content = make()
            answer = patch(client, begin(client, len(content), name), 0, content)
            assert answer.status_code == 200, answer.text
            told = answer.get_json()
            assert told["name"] == kept
            check_what_is_given(client.get(told["url"]), told["type"])
    for path in store.files.folder.rglob("*"):
        inside = path.resolve().relative_to(store.files.folder.resolve())
        assert all(part.isascii() for part in inside.parts)


def check_what_is_given(given: TestResponse, kind: str) -> None:
    assert given.status_code == 200
    assert given.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert given.headers["X-Content-Type-Options"] == "nosniff"
    assert "\n" not in given.headers["Content-Disposition"]
    if kind == "JPEG":
        assert given.headers["Content-Type"] == "image/jpeg"
        assert not any(word in given.data for word in (b"script", b"Exif", b"PK\x03\x04"))
        assert Image.open(BytesIO(given.data)).size == (800, 600)
    else:
        assert given.headers["Content-Disposition"].startswith("attachment")


def test_a_refused_file_in_a_form_says_which_one_and_loses_no_word(
    client: FlaskClient, store: Store
) -> None:
    form = {
        "csrf_token": csrf_token(client, "/write/note"),
        "title": "เวทีที่แนบไฟล์ผิด",
        "body": "ทุกคำยังอยู่",
        "upload": (BytesIO(SVG), "<b>ตรา</b>.svg"),
    }
    page = client.post("/write/note", data=form)
    assert page.status_code == 422
    assert "ทุกคำยังอยู่" in page.text
    assert 'aria-invalid="true"' in page.text
    assert "<b>ตรา" not in page.text
    assert nothing_is_kept(store)


def test_too_large_is_told_before_it_is_read(
    client: FlaskClient, store: Store, tmp_path: Path
) -> None:
    whole = send(client, b"\xff\xd8\xff" + b"\0" * (26 * MEGABYTE), "ใหญ่.jpg")
    assert whole.status_code == 413
    assert "25 MB" in whole.get_json()["error"]["message"]
    beyond = send(client, b"\xff\xd8\xff" + b"\0" * (40 * MEGABYTE), "ใหญ่.jpg")
    assert beyond.status_code == 413
    asked = json.dumps({"name": "ใหญ่.jpg", "size": 26 * MEGABYTE})
    begun = client.post(
        "/uploads", data=asked, content_type="application/json", headers=headers(client)
    )
    assert begun.status_code == 413
    assert "25 MB" in begun.get_json()["error"]["message"]
    assert nothing_is_kept(store)


def test_an_upload_begins_only_with_a_name_and_a_possible_size(
    client: FlaskClient, store: Store, subtests: pytest.Subtests
) -> None:
    for asked, status in (
        ({"name": "a.jpg", "size": 0}, 422),
        ({"name": "a.jpg", "size": -1}, 422),
        ({"name": "a.jpg", "size": 10**30}, 413),
        ({"name": "a.jpg", "size": "12"}, 400),
        ({"name": "a.jpg", "size": True}, 400),
        ({"name": "a.jpg", "size": 1.5}, 400),
        ({"name": None, "size": 5}, 400),
        ({"name": ["a"], "size": 5}, 400),
        ({}, 400),
        ([], 400),
        ("x", 400),
    ):
        with subtests.test(asked=asked):
            answer = client.post("/uploads", json=asked, headers=headers(client))
            assert answer.status_code == status, answer.text
            assert answer.get_json()["error"]["message"]
            assert nothing_is_kept(store)


def begin(client: FlaskClient, size: int, name: str = "ภาพ.jpg") -> str:
    answer = client.post("/uploads", json={"name": name, "size": size}, headers=headers(client))
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["id"])


def patch(client: FlaskClient, upload: str, offset: object, piece: bytes) -> TestResponse:
    return client.patch(
        f"/uploads/{upload}",
        data=piece,
        content_type="application/octet-stream",
        headers={**headers(client), "Upload-Offset": str(offset)},
    )


def test_a_piece_in_the_wrong_place_changes_nothing(client: FlaskClient, store: Store) -> None:
    upload = begin(client, 1000)
    assert patch(client, upload, 0, b"a" * 400).get_json()["offset"] == 400
    for offset in (0, 399, 401, 999, 10**11):
        answer = patch(client, upload, offset, b"b" * 10)
        assert answer.status_code == 409
        assert answer.headers["Upload-Offset"] == "400"
    for offset in ("", "-1", "4e2", "๔๐๐", "0x190", "400.0", "9" * 40):
        assert patch(client, upload, offset.encode().decode("latin-1"), b"b").status_code == 400
    held = store.files.folder.parent / "uploads" / upload
    assert held.read_bytes() == b"a" * 400


def test_more_bytes_than_were_said_are_refused(client: FlaskClient, store: Store) -> None:
    upload = begin(client, 1000)
    answer = patch(client, upload, 0, b"a" * 1001)
    assert answer.status_code == 422
    assert "ใหญ่กว่าที่บอกไว้" in answer.get_json()["error"]["message"]
    assert client.get(f"/uploads/{upload}").get_json()["offset"] == 0


def test_a_piece_of_more_than_a_megabyte_is_refused(client: FlaskClient, store: Store) -> None:
    upload = begin(client, 3 * MEGABYTE)
    assert patch(client, upload, 0, b"a" * (MEGABYTE + 1)).status_code == 413
    assert patch(client, upload, 0, b"a" * (9 * MEGABYTE)).status_code == 413
    assert client.get(f"/uploads/{upload}").get_json()["offset"] == 0


def test_hostile_pieces_are_refused_once_they_are_whole(client: FlaskClient, store: Store) -> None:
    upload = begin(client, len(SVG), "ตรา.png")
    patch(client, upload, 0, SVG[:10])
    answer = patch(client, upload, 10, SVG[10:])
    assert answer.status_code == 422
    assert "SVG" in answer.get_json()["error"]["message"]
    assert client.get(f"/uploads/{upload}").status_code == 404
    assert nothing_is_kept(store)


def test_nobody_sees_continues_or_drops_somebody_elses_upload(
    app: Flask, cast: Cast, client: FlaskClient, store: Store
) -> None:
    upload = begin(client, 1000)
    patch(client, upload, 0, b"a" * 400)
    other = cast.browser(app, "commenter")
    for wrong in (upload, "0" * 32, "..%2F..%2Fkms.db", "secret_key", "%00"):
        answers = (
            other.get(f"/uploads/{wrong}"),
            patch(other, wrong, 400, b"b" * 600),
            other.delete(f"/uploads/{wrong}", headers=headers(other)),
        )
        assert {answer.status_code for answer in answers} == {404}
    assert client.get(f"/uploads/{upload}").get_json()["offset"] == 400


def test_only_members_send_files_and_only_from_our_own_pages(
    app: Flask, cast: Cast, store: Store
) -> None:
    nobody = app.test_client()
    token = {"Accept": "application/json", "X-CSRFToken": csrf_token(nobody, "/signin")}
    asked = {"name": "a.jpg", "size": 5}
    assert nobody.post("/uploads", json=asked, headers=token).status_code == 401
    assert (
        nobody.patch("/uploads/" + "0" * 32, headers={**token, "Upload-Offset": "0"}).status_code
        == 401
    )
    form = {"upload": (BytesIO(jpeg()), "a.jpg")}
    assert nobody.post("/attachments", data=form, headers=token).status_code == 401
    reader = cast.browser(app, "researcher")
    own = {"Accept": "application/json", "X-CSRFToken": csrf_token(reader, "/account")}
    assert reader.post("/uploads", json=asked, headers=own).status_code == 403
    form = {"upload": (BytesIO(jpeg()), "a.jpg")}
    assert reader.post("/attachments", data=form, headers=own).status_code == 403
    member = cast.browser(app, "facilitator")
    plain = {"Accept": "application/json"}
    answer = member.post("/uploads", json=asked, headers=plain)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "stale_form")
    other = {**headers(member), "Platu-Account": "999"}
    answer = member.post("/uploads", json=asked, headers=other)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "other_account")
    assert nothing_is_kept(store)


def test_nobody_opens_uploads_without_end(client: FlaskClient) -> None:
    own = headers(client)
    asked = {"name": "a.jpg", "size": 5}
    answers = [client.post("/uploads", json=asked, headers=own).status_code for _n in range(22)]
    assert answers == [201] * 20 + [429] * 2


def test_a_form_cannot_bring_in_what_it_may_not_see(
    app: Flask, cast: Cast, client: FlaskClient, store: Store
) -> None:
    key = send(client, from_a_camera(), "ภาพ.jpg").get_json()["key"]
    other = cast.browser(app, "commenter")
    for wrong in (key, "../../kms.db", "' OR 1=1 --", "ก" * 4000):
        form = {
            "csrf_token": csrf_token(other, "/write/note"),
            "title": "ขโมยรูป",
            "body": "ก",
            "attachments-0-key": wrong,
        }
        page = other.post("/write/note", data=form)
        assert page.status_code == 422
        assert "ไม่พบไฟล์นี้" in page.text
        assert "ภาพ.jpg" not in page.text
