"""Every note leads to those like it, and only to those that one may see."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kms import notes
from kms.note_kinds import PlaceNamed
from kms.permissions import ANONYMOUS, SYSTEM, Viewer
from kms.saving import Store
from tests.cast import Cast
from tests.search_helpers import write
from tests.statements import counting

MANGROVE = "ชาวบ้านช่วยกันปลูกป่าชายเลน เพาะกล้าโกงกาง และเฝ้าระวังแนวกันคลื่นของหมู่บ้าน"
SAVING = "กลุ่มออมทรัพย์ประชุมเรื่องเงินกู้ ดอกเบี้ย และการปันผลให้สมาชิกทุกสิ้นปี"


@pytest.fixture
def mangrove(store: Store) -> list[int]:
    """Notes on mangroves, the first of them the one that is read, amid others."""
    found = [write(store, f"ป่าชายเลนบ้านที่ {n}", f"{MANGROVE} รุ่นที่ {n}") for n in range(4)]
    for n in range(6):
        write(store, f"กลุ่มออมทรัพย์ที่ {n}", f"{SAVING} ปีที่ {n}")
    return found


def similar(store: Store, number: int, seen_by: Viewer = ANONYMOUS) -> list[int]:
    with store.reading() as session:
        return store.index.similar(session, number, seen_by=seen_by)


def listed(browser: FlaskClient, number: int) -> str:
    """The part of the note's page that names those like it."""
    page = browser.get(f"/notes/{number}").text
    return page[page.index('class="alike') :] if 'class="alike' in page else ""


def test_notes_on_the_same_matter_are_found_and_never_the_note_itself(
    store: Store, mangrove: list[int]
) -> None:
    assert sorted(similar(store, mangrove[0])) == mangrove[1:]


def test_a_shared_tambon_comes_first_among_equals(store: Store) -> None:
    here, there = (PlaceNamed("801208"),), (PlaceNamed("930101"),)
    number = write(store, "ป่าชายเลนของเรา", MANGROVE, places=here)
    write(store, "ป่าชายเลนบ้านหนึ่ง", MANGROVE, places=there)
    near = write(store, "ป่าชายเลนบ้านสอง", MANGROVE, places=here)
    write(store, "ป่าชายเลนบ้านสาม", MANGROVE, places=there)
    assert similar(store, number)[0] == near
    assert len(similar(store, number)) == 3


def test_a_note_that_shares_nothing_has_none(store: Store, mangrove: list[int]) -> None:
    alone = write(store, "ดนตรีหมอลำ", "ซ้อมแคนและกลองยาวก่อนงานบุญ")
    assert similar(store, alone) == []
    assert similar(store, 999_999) == []


def test_the_page_names_them_and_leads_on(
    client: FlaskClient, store: Store, mangrove: list[int]
) -> None:
    part = listed(client, mangrove[0])
    for number in mangrove[1:]:
        assert f'href="/notes/{number}"' in part
    assert f'href="/notes/{mangrove[0]}/similar"' in part
    page = client.get(f"/notes/{mangrove[0]}/similar")
    assert page.status_code == 200
    assert page.text.count('class="hit-title"') == 3


def test_hidden_notes_are_named_to_none_but_their_readers(
    app: Flask, client: FlaskClient, cast: Cast, store: Store, mangrove: list[int]
) -> None:
    members = write(store, "ป่าชายเลนเฉพาะสมาชิก", MANGROVE, visibility="members")
    draft = write(store, "ร่างป่าชายเลน", MANGROVE, visibility="draft", by=cast.facilitator)
    seen = {
        "": {members: False, draft: False},
        "stranger": {members: True, draft: False},
        "facilitator": {members: True, draft: True},
    }
    for who, expected in seen.items():
        browser = cast.browser(app, who) if who else client
        for _again in range(2):
            for address in (f"/notes/{mangrove[0]}", f"/notes/{mangrove[0]}/similar"):
                page = browser.get(address).text
                for number, named in expected.items():
                    assert (f'href="/notes/{number}"' in page) == named, (who, address)


def test_a_note_hidden_or_renamed_since_changes_the_kept_page(
    app: Flask, client: FlaskClient, cast: Cast, store: Store, mangrove: list[int]
) -> None:
    reader = cast.browser(app, "stranger")
    first, second, third = mangrove[1:]
    for browser in (client, reader):
        assert f'href="/notes/{first}"' in listed(browser, mangrove[0])
    with store.saving() as session:
        note = notes.get(session, first, seen_by=SYSTEM)
        notes.change_visibility(session, note, "members", by=SYSTEM)
        notes.get(session, second, seen_by=SYSTEM).title = "ป่าชายเลนชื่อใหม่"
        notes.delete(session, notes.get(session, third, seen_by=SYSTEM), by=SYSTEM)
    for browser, sees_members in ((client, False), (reader, True)):
        part = listed(browser, mangrove[0])
        assert (f'href="/notes/{first}"' in part) == sees_members
        assert "ป่าชายเลนชื่อใหม่" in part
        assert f'href="/notes/{third}"' not in part


def test_what_one_may_not_read_has_no_similar_page(
    client: FlaskClient, cast: Cast, store: Store, mangrove: list[int]
) -> None:
    draft = write(store, "ร่าง", MANGROVE, visibility="draft", by=cast.facilitator)
    for number in (draft, 999_999, 10**30):
        for address in (f"/notes/{number}/similar", f"/api/v1/notes/{number}/similar"):
            assert client.get(address).status_code == 404


def test_programs_get_the_same_as_data(client: FlaskClient, mangrove: list[int]) -> None:
    found = client.get(f"/api/v1/notes/{mangrove[0]}/similar").json
    assert sorted(one["number"] for one in found) == mangrove[1:]
    assert set(found[0]) == {"number", "kind", "title", "url", "date", "date_to", "places"}


def test_a_note_is_read_though_the_index_is_gone(
    client: FlaskClient, store: Store, mangrove: list[int]
) -> None:
    store.index.close()
    (store.index.folder / "current").write_text("g-nowhere", encoding="ascii")
    answer = client.get(f"/notes/{mangrove[0]}")
    assert answer.status_code == 200
    assert "ป่าชายเลนบ้านที่ 0" in answer.text


def test_naming_them_costs_one_statement_at_most(
    app: Flask, client: FlaskClient, cast: Cast, store: Store, mangrove: list[int]
) -> None:
    member = cast.browser(app, "facilitator")
    for browser, once, again in ((client, 6, 1), (member, 8, 3)):
        for most in (once, again):
            with counting(store) as statements:
                browser.get(f"/notes/{mangrove[0]}")
            assert len(statements) <= most, statements
