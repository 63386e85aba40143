"""A curator joins two people on their pages and parts them again; people keep their own number."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kms import notes, people
from kms.note_kinds import OrganisationPart, RolePlayed
from kms.saving import Store
from tests.cast import Cast, post
from tests.stories import a_review


@pytest.fixture
def pair(store: Store, cast: Cast) -> Iterator[tuple[int, int]]:
    """ภาณุ and ภานุ, each in a public note."""
    with store.saving() as session:
        for name in ("ภาณุ", "ภานุ"):
            part = (OrganisationPart("อบต.หูล่อง" if name == "ภาณุ" else "อบต. หูล่อง"),)
            said = {"author": "", "roles": (RolePlayed("khun_ua", name),), "organisations": part}
            notes.create(session, a_review(title=f"เวทีของ{name}", **said), by=cast.facilitator)
        found = people.resolve(session, ["ภาณุ", "ภานุ"])
        ids = found["ภาณุ"].id, found["ภานุ"].id
    yield ids


def test_two_are_compared_joined_found_at_the_old_address_and_parted(
    app: Flask, client: FlaskClient, cast: Cast, pair: tuple[int, int]
) -> None:
    kept, gone = pair
    curator = cast.browser(app, "curator")
    address = f"/people/same/{kept}/{gone}"
    assert address in curator.get("/people/same").text
    side = curator.get(address).text
    assert "เวทีของภาณุ" in side and "เวทีของภานุ" in side
    form = {"answer": "one", "kept": str(kept), "reason": "ถามเจ้าตัวแล้ว"}
    assert post(curator, address, {**form, "reason": "ย" * 301}).status_code == 422
    assert post(curator, address, form).status_code == 303
    old = client.get(f"/people/{gone}")
    assert (old.status_code, old.headers["Location"]) == (301, f"/people/{kept}")
    assert old.headers["Cache-Control"] == "no-store"
    page = client.get(f"/people/{kept}").text
    assert "เวทีของภานุ" in page and "เรียกอีกอย่างว่า ภานุ" in page
    listed = curator.get("/people/same").text
    assert "ถามเจ้าตัวแล้ว" in listed and address not in listed
    assert curator.get(address).status_code == 404
    undo = re.search(r'action="(/people/same/\d+/undo)"', listed)
    assert undo
    assert post(curator, undo[1], {}, page="/people/same").status_code == 303
    assert client.get(f"/people/{gone}").status_code == 200
    said = post(curator, undo[1], {}, page="/people/same", follow=True).text
    assert "แยกกลับไปแล้ว" in said


def test_those_said_to_be_two_are_not_listed_again(
    app: Flask, cast: Cast, pair: tuple[int, int]
) -> None:
    curator = cast.browser(app, "curator")
    address = f"/people/same/{pair[0]}/{pair[1]}"
    assert post(curator, address, {"answer": "two"}).status_code == 303
    assert address not in curator.get("/people/same").text


@pytest.mark.parametrize("what", ["people", "organisations"])
def test_only_curators_are_asked(
    app: Flask, client: FlaskClient, cast: Cast, pair: tuple[int, int], what: str
) -> None:
    facilitator = cast.browser(app, "facilitator")
    for path in (f"/{what}/same", f"/{what}/same/{pair[0]}/{pair[1]}"):
        assert client.get(path).status_code == 302
        assert facilitator.get(path).status_code == 403
    for path in (f"/{what}/same/{pair[0]}/{pair[1]}", f"/{what}/same/1/undo"):
        answer = post(facilitator, path, {"answer": "one"}, page="/account")
        assert answer.status_code in (403, 404)


def test_a_number_is_shown_to_members_and_kept_by_its_owner_alone(
    app: Flask, client: FlaskClient, store: Store, cast: Cast
) -> None:
    with store.saving() as session:
        said = {"author": cast.facilitator.name, "roles": ()}
        notes.create(session, a_review(**said), by=cast.facilitator)
    number = cast.facilitator.person_id
    own, other = cast.browser(app, "facilitator"), cast.browser(app, "commenter")
    page = f"/people/{number}"
    assert client.get(f"{page}/contact").status_code == 302
    assert other.get(f"{page}/contact").status_code == 404
    assert "เฉพาะสมาชิกที่เข้าสู่ระบบเห็น" in own.get(f"{page}/contact").text
    refused = post(own, f"{page}/contact", {"phone": "โทรมานะ", "nickname": "แดง"})
    assert refused.status_code == 422 and "โทรมานะ" in refused.text and "แดง" in refused.text
    typed = {"phone": "๐๘๑-๒๓๔ ๕๖๗๘ ต่อ 12, 075 111 222", "nickname": "แดง"}
    assert post(own, f"{page}/contact", typed).status_code == 303
    assert 'href="tel:0812345678"' in other.get(page).text
    assert "081-234" not in client.get(page).text and "แดง" in client.get(page).text
    assert "081-234" in other.get("/people/near?place=อ.ปากพนัง").text
    assert "081-234" not in client.get("/people/near?place=อ.ปากพนัง").text
    post(other, f"{page}/contact", {"phone": "191", "nickname": "x"}, page="/account")
    assert "081-234" in own.get(page).text


def test_a_person_page_tells_periods_and_what_they_know(
    client: FlaskClient, store: Store, cast: Cast, pair: tuple[int, int]
) -> None:
    page = client.get(f"/people/{pair[0]}").text
    assert "พ.ศ. 2549" in page
    assert "รู้เรื่องอะไร" in page and "แผนแม่บทชุมชน" in page


def test_near_asks_in_words_and_answers_hostile_ones(client: FlaskClient) -> None:
    assert client.get("/people/near").status_code == 200
    for query in ("theme=%00&place=%00", "place=ดาวอังคาร", "theme=<script>&place=9999"):
        answer = client.get(f"/people/near?{query}")
        assert answer.status_code == 200 and "<script>" not in answer.text.split("<main")[1]
