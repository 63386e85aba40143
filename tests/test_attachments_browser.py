"""Photos from a phone in the field: upright, without their place, through every break."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from kms.models import Attachment, Note
from tests.files import from_a_camera, jpeg, pdf, picture, saved
from tests.live import PHONE, Live

pytestmark = pytest.mark.browser

# Each file is looked at in a process of its own, which a busy machine takes its time to start.
SENT_WITHIN_MS = 30_000
ON_A_PHONE = {"viewport": PHONE, "is_mobile": True, "has_touch": True}


def write(page: Page, title: str) -> None:
    page.goto("/write/note")
    page.get_by_label("ชื่อเรื่อง").first.fill(title)
    page.locator("textarea[name=body]").fill("เล่าเรื่องพร้อมรูป")


def choose(page: Page, *files: tuple[str, bytes]) -> None:
    page.locator("#upload").set_input_files(
        [
            {"name": name, "mimeType": kind_of(name), "buffer": content}  # type: ignore[misc]
            for name, content in files
        ]
    )


def kind_of(name: str) -> str:
    return "application/pdf" if name.endswith(".pdf") else "image/jpeg"


def save(page: Page) -> None:
    page.locator(".actions [value=save]").click()


def arrived(page: Page, count: int) -> None:
    rows = page.locator("#attachments .file-name[href]")
    expect(rows).to_have_count(count, timeout=SENT_WITHIN_MS)


def attached(live: Live, title: str) -> list[tuple[Attachment, str]]:
    """The files of the note with this title and their captions, in order."""
    with live.store.reading() as session:
        note = session.scalars(select(Note).where(Note.title == title)).one()
        return [(row.attachment, row.caption) for row in note.attachments]


def large_photo() -> bytes:
    """Half a megabyte that does not become less on the phone."""
    return saved(Image.effect_noise((1500, 1000), 90).convert("RGB"), "JPEG", quality=60)


def test_a_photo_from_a_phone_arrives_upright_small_and_without_its_place(live: Live) -> None:
    lying = Image.open(BytesIO(from_a_camera(6)))
    large = lying.resize((2400, 1800))
    photo = saved(large, "JPEG", exif=lying.getexif(), quality=90)
    sent: list[bytes] = []
    with live.visit("facilitator", **ON_A_PHONE) as page:
        write(page, "ถ่ายจากโทรศัพท์")
        page.on(
            "request",
            lambda one: sent.append(one.post_data_buffer or b"") if one.method == "PATCH" else None,
        )
        choose(page, ("IMG_20071218.jpg", photo))
        arrived(page, 1)
        page.get_by_label("คำบรรยาย").fill("วงคุยใต้ต้นไม้")
        save(page)
        expect(page.locator(".gallery figcaption")).to_have_text("วงคุยใต้ต้นไม้")
        shown = page.locator(".gallery img")
        shown.scroll_into_view_if_needed()
        expect(shown).to_have_js_property("complete", True)
        width, height = shown.evaluate("one => [one.naturalWidth, one.naturalHeight]")
        assert width < height
    # Neither what went over the air nor what is kept tells where it was taken.
    assert sent and not any(word in b"".join(sent) for word in (b"Exif", b"GPS", b"by a camera"))
    ((file, _caption),) = attached(live, "ถ่ายจากโทรศัพท์")
    assert (file.width, file.height) == (1200, 1600)
    kept = Image.open(live.store.files.path(file.digest))
    assert not kept.getexif()
    assert kept.getpixel((1150, 50))[0] > 180 > kept.getpixel((50, 50))[0]  # type: ignore[index]


def test_a_break_in_the_middle_goes_on_where_it_stopped(live: Live) -> None:
    with live.visit("facilitator", **ON_A_PHONE) as page:
        write(page, "สัญญาณขาดกลางทาง")
        offsets: list[int] = []

        def weak(route: Route) -> None:
            if route.request.method != "PATCH":
                return route.continue_()
            offsets.append(int(route.request.headers["upload-offset"]))
            return route.abort() if len(offsets) == 2 else route.continue_()

        page.route("**/uploads/*", weak)
        complaints = page.locator("#attachments .file-facts")
        choose(page, ("ใหญ่.jpg", large_photo()))
        expect(complaints.first).to_contain_text("รอสัญญาณ", timeout=SENT_WITHIN_MS)
        arrived(page, 1)
        assert offsets[0] == 0
        assert offsets[2] == offsets[1] > 0, "what had arrived was not sent again"
        save(page)
        expect(page.locator(".gallery img")).to_have_count(1)
    assert len(attached(live, "สัญญาณขาดกลางทาง")) == 1


def test_a_server_killed_in_the_middle_loses_nothing(live: Live) -> None:
    context = live.device("facilitator", **ON_A_PHONE)
    page = context.new_page()
    write(page, "เครื่องแม่ข่ายดับ")
    pieces: list[str] = []

    def kill_after_the_first(route: Route) -> None:
        pieces.append(route.request.headers["upload-offset"])
        if len(pieces) == 2:
            live.server.kill()
        route.continue_()

    page.route(
        "**/uploads/*",
        lambda r: kill_after_the_first(r) if r.request.method == "PATCH" else r.continue_(),
    )
    choose(page, ("ใหญ่.jpg", large_photo()))
    facts = page.locator("#attachments .file-facts").first
    expect(facts).to_contain_text("รอสัญญาณ", timeout=SENT_WITHIN_MS)
    live.server.start()
    arrived(page, 1)
    assert "0" not in pieces[1:]
    save(page)
    expect(page.locator(".gallery img")).to_have_count(1)
    context.close()


def test_a_photo_chosen_without_a_connection_waits_and_the_form_says_so(live: Live) -> None:
    context = live.device("facilitator", **ON_A_PHONE)
    page = context.new_page()
    write(page, "ไม่มีสัญญาณในหุบเขา")
    context.set_offline(True)
    choose(page, ("หุบเขา.jpg", jpeg()))
    facts = page.locator("#attachments .file-facts").first
    expect(facts).to_contain_text("รอสัญญาณ", timeout=SENT_WITHIN_MS)
    save(page)
    state = page.locator(".file-state")
    expect(state).to_contain_text("หุบเขา.jpg")
    expect(state).to_contain_text("ยังไม่ขึ้น")
    context.set_offline(False)
    # With the connection back the photo goes up, and then the form that was sent goes after it.
    expect(page.locator(".gallery img")).to_have_count(1, timeout=SENT_WITHIN_MS)
    context.close()
    assert len(attached(live, "ไม่มีสัญญาณในหุบเขา")) == 1


def test_rows_are_moved_taken_out_and_brought_back(live: Live) -> None:
    with live.visit("facilitator") as page:
        write(page, "สลับลำดับ")
        choose(page, ("หนึ่ง.jpg", jpeg((700, 500))), ("สอง.pdf", pdf()))
        choose(page, ("สาม.jpg", jpeg((701, 500))))
        arrived(page, 3)
        rows = page.locator("#attachments .row")
        rows.nth(1).get_by_label("คำบรรยาย").fill("สองเดิม")
        rows.nth(2).get_by_role("button", name="เลื่อนขึ้น").press("Enter")
        expect(rows.nth(1)).to_contain_text("สาม.jpg")
        rows.nth(0).get_by_role("button", name="ลบแถวนี้").click()
        expect(rows).to_have_count(2)
        page.get_by_role("button", name="เลิกทำ").click()
        expect(rows).to_have_count(3)
        rows.nth(1).get_by_role("button", name="ลบแถวนี้").click()
        save(page)
        expect(page.locator(".gallery img")).to_have_count(1)
    names = [(file.name, caption) for file, caption in attached(live, "สลับลำดับ")]
    assert names == [("หนึ่ง.jpg", ""), ("สอง.pdf", "สองเดิม")]


def test_without_scripts_a_file_goes_with_the_form(live: Live, tmp_path: Path) -> None:
    photo = tmp_path / "ภาพเวที.jpg"
    photo.write_bytes(saved(picture(), "JPEG"))
    with live.visit("facilitator", java_script_enabled=False, **ON_A_PHONE) as page:
        write(page, "เครื่องเก่ามาก")
        page.locator("#upload").set_input_files(photo)
        page.get_by_role("button", name="แนบไฟล์ที่เลือก").click()
        expect(page.get_by_role("link", name="ภาพเวที.jpg")).to_be_visible()
        expect(page.get_by_label("ชื่อเรื่อง").first).to_have_value("เครื่องเก่ามาก")
        page.get_by_label("คำบรรยาย").fill("ศาลากลางบ้าน")
        save(page)
        expect(page.locator(".gallery figcaption")).to_have_text("ศาลากลางบ้าน")
    assert len(attached(live, "เครื่องเก่ามาก")) == 1
