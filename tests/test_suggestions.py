"""The search box offers what one may see while one types."""

from functools import partial

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kms import notes
from kms.note_kinds import OrganisationPart, PlaceNamed, RolePlayed
from kms.permissions import ANONYMOUS, SYSTEM
from kms.saving import Store
from kms.search.completing import MOST, Completion
from tests.cast import Cast
from tests.effort import calls_made
from tests.search_helpers import write
from tests.shelf import (
    DRAFT_ONLY,
    FACILITATOR_OF_HU_LONG,
    FUND,
    HIDDEN_GROUP,
    MEMBERS_ONLY,
    PAK_PHANANG,
    Shelf,
    fill,
)
from tests.statements import counting


@pytest.fixture
def shelf(store: Store, cast: Cast) -> Shelf:
    return fill(store, cast)


def offered(browser: FlaskClient, typed: str, **more: str) -> list[dict[str, str]]:
    answer = browser.get("/suggest", query_string={"what": "search", "q": typed, **more})
    assert answer.status_code == 200
    found: list[dict[str, str]] = answer.json
    return found


def labels(browser: FlaskClient, typed: str) -> list[str]:
    return [one["label"] for one in offered(browser, typed)]


def complete(store: Store, typed: str, **who: object) -> list[Completion]:
    with store.reading() as session:
        return store.index.complete(session, typed, **{"seen_by": ANONYMOUS, **who})  # type: ignore[arg-type]


def test_a_title_leads_to_its_note(client: FlaskClient, shelf: Shelf) -> None:
    found = offered(client, "สรุปเวที")
    assert [(one["kind"], one["url"]) for one in found] == [("note", f"/notes/{shelf.review}")]
    assert found[0]["note"] == "บันทึกทั่วไป"


def test_titles_that_begin_so_come_before_those_that_hold_it(store: Store) -> None:
    inside = write(store, "ทบทวนกองทุนสวัสดิการ")
    begins = write(store, "กองทุนสวัสดิการของเรา")
    write(store, "เรื่องอื่น")
    assert [one.value for one in complete(store, "กองทุนส")] == [str(begins), str(inside)]


def test_words_may_stand_apart_in_a_title(store: Store) -> None:
    number = write(store, "เวทีสวัสดิการที่ปากพนัง")
    write(store, "เวทีป่าชายเลน")
    assert [one.value for one in complete(store, "ปากพนัง เวที")] == [str(number)]


def test_a_half_typed_word_is_enough_but_its_beginning_splits_no_cluster(store: Store) -> None:
    number = write(store, "เรื่องของเรือประมง")
    assert [one.value for one in complete(store, "เรือป")] == [str(number)]
    assert [one.value for one in complete(store, "ประม")] == [str(number)]
    # The vowel before the consonant belongs to it.
    assert complete(store, "รือประ") == []


def test_a_place_becomes_a_filter_by_any_name(client: FlaskClient, shelf: Shelf) -> None:
    for typed in ("ปากพ", "อ.ปากพ", "Pak Phan"):
        first = offered(client, typed)[0]
        assert (first["kind"], first["value"]) == ("place", PAK_PHANANG), typed
        assert first["url"] == f"/search?amphoe={PAK_PHANANG}"
        assert first["note"] == "สถานที่ · 2 บันทึก"
    assert offered(client, "เมืองคอน")[0]["url"] == "/search?province=80"


def test_words_before_a_name_stay_in_the_box(client: FlaskClient, shelf: Shelf) -> None:
    first = offered(client, "กองทุน ปากพ")[0]
    assert first["url"].startswith("/search?q=%E0%B8%81")
    assert first["url"].endswith(f"&amphoe={PAK_PHANANG}")


def test_filters_that_are_on_stay_on(client: FlaskClient, shelf: Shelf) -> None:
    first = offered(client, "ปากพ", kind="lesson", nonsense="x")[0]
    assert first["url"] == f"/search?kind=lesson&amphoe={PAK_PHANANG}"
    assert "พบ 1 รายการ" in client.get(first["url"]).text


def test_what_is_offered_gives_what_it_promises(client: FlaskClient, shelf: Shelf) -> None:
    for typed, kind in (
        ("สวัสดิการชุม", "theme"),
        (FUND[:8], "organisation"),
        (FACILITATOR_OF_HU_LONG[:8], "person"),
    ):
        one = next(one for one in offered(client, typed) if one["kind"] == kind)
        count = one["note"].split(" · ")[1].split(" ")[0]
        assert f"พบ {count} รายการ" in client.get(one["url"]).text


def test_nothing_is_offered_that_only_hidden_notes_tell(
    app: Flask, client: FlaskClient, cast: Cast, shelf: Shelf
) -> None:
    for typed in ("ร่างเรื่อง", "ประชุมเครือข่าย", DRAFT_ONLY, MEMBERS_ONLY, HIDDEN_GROUP, "พัทลุง"):
        assert offered(client, typed) == [], typed
    stranger = cast.browser(app, "stranger")
    assert labels(stranger, "ประชุมเครือข่าย") == ["ประชุมเครือข่ายพัทลุง"]
    assert labels(stranger, MEMBERS_ONLY) == [MEMBERS_ONLY]
    assert offered(stranger, "ร่างเรื่อง") == []
    assert offered(stranger, DRAFT_ONLY) == []
    owner = cast.browser(app, "facilitator")
    assert labels(owner, "ร่างเรื่อง") == ["ร่างเรื่องสวัสดิการที่ยังไม่เปิด"]
    assert labels(owner, HIDDEN_GROUP) == [HIDDEN_GROUP]


def test_a_note_hidden_since_is_not_offered_though_the_index_lags(
    store: Store, cast: Cast, shelf: Shelf
) -> None:
    with store.sessions() as session:
        note = notes.get(session, shelf.review, seen_by=SYSTEM)
        notes.change_visibility(session, note, "members", by=SYSTEM)
        session.commit()
    assert complete(store, "สรุปเวที") == []


def test_the_wrong_keyboard_offers_the_right_word(client: FlaskClient, shelf: Shelf) -> None:
    found = offered(client, "l;ylfbdki")
    assert (found[0]["kind"], found[0]["label"]) == ("words", "สวัสดิการ")
    assert "พบ 2 รายการ" in client.get(found[0]["url"]).text
    assert labels(client, "xkdry'") == labels(client, "ปากพัง") == []
    assert labels(client, "xkdroy'")[1:] == labels(client, "ปากพนัง")


@pytest.mark.parametrize("typed", ["", "ก", " ", "\x00", "%_/", "ฮฮฮฮฮ", "่้", "[(*", "x" * 10_000])
def test_odd_words_offer_nothing(client: FlaskClient, shelf: Shelf, typed: str) -> None:
    assert offered(client, typed) == []


def test_there_are_few_offers_and_few_statements(store: Store, cast: Cast) -> None:
    for number in range(12):
        write(
            store,
            f"กองทุนสวัสดิการที่ {number}",
            places=(PlaceNamed("801208"),),
            organisations=(OrganisationPart(f"กองทุนสวัสดิการกลุ่มที่ {number}"),),
            roles=(RolePlayed("khun_kit", person=f"กองทุนสวัสดิการคนที่ {number}"),),
        )
    complete(store, "กองทุน")
    with counting(store) as statements:
        found = complete(store, "กองทุน", seen_by=cast.commenter)
    assert len(found) == MOST
    assert {one.what for one in found} == {"note", "organisation", "person"}
    assert len(statements) <= 4


def test_a_new_title_is_offered_at_once_and_an_old_one_no_more(store: Store) -> None:
    number = write(store, "ชื่อแรกของบันทึก")
    assert [one.label for one in complete(store, "ชื่อ")] == ["ชื่อแรกของบันทึก"]
    with store.saving() as session:
        note = notes.get(session, number, seen_by=SYSTEM)
        notes.delete(session, note, by=SYSTEM)
    assert complete(store, "ชื่อ") == []
    write(store, "ชื่อที่สองของบันทึก")
    assert [one.label for one in complete(store, "ชื่อ")] == ["ชื่อที่สองของบันทึก"]


def test_offers_come_while_one_types(store: Store) -> None:
    for number in range(60):
        write(store, f"เวทีเรียนรู้ครั้งที่ {number} ของเครือข่าย")
    complete(store, "เวที")
    for typed in ("เว", "เวที", "เครือ", "ไม่มีทาง", "l;ylfu"):
        # Some two million calls are a second: none takes 20 ms.
        assert calls_made(partial(complete, store, typed)) < 40_000
