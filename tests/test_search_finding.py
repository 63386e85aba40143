"""A researcher types words and finds notes."""

from datetime import date

import pytest

from kms.models import Note
from kms.note_kinds import (
    AgendaItem,
    Kind,
    LessonParts,
    Meeting,
    OrganisationPart,
    PlaceNamed,
    Review,
    RolePlayed,
)
from kms.permissions import SYSTEM
from kms.saving import Store
from tests.cast import Cast
from tests.search_helpers import counts, find, numbers, write

HULONG, PAK_PHANANG, NAKHON = "801208", "8012", "80"


def test_a_saved_note_is_found_in_the_next_search(store: Store) -> None:
    number = write(store, "กองทุนสวัสดิการชุมชน", "สมาชิกออมวันละบาท")
    assert numbers(find(store, "สวัสดิการ")) == [number]
    assert numbers(find(store, "ออม")) == [number]


def test_a_word_inside_a_longer_thai_word_is_found(store: Store) -> None:
    number = write(store, "บันทึกหนึ่ง", "โรงเรียนชาวนาที่บ้านเรา")
    assert numbers(find(store, "ชาวนา")) == [number]
    assert numbers(find(store, "เรียน")) == [number]


@pytest.mark.parametrize("name", ["ย้วน", "หูล่อง", "บ้านท่าข้ามควาย", "กลุ่มเสียงกะลา"])
def test_a_name_that_no_dictionary_knows_is_found(store: Store, name: str) -> None:
    number = write(store, "ลงพื้นที่", f"ไปพบ{name}กับคณะเมื่อวาน")
    write(store, "อีกเรื่อง", "คนละเรื่องกันเลย")
    assert numbers(find(store, name)) == [number]


def test_a_name_with_a_word_in_it_is_one_name_where_it_occurs(store: Store) -> None:
    named = write(store, "โครงการประชาพัฒน์ปีที่สอง")
    parts = write(store, "ประชาชนอ่านคัมภีร์พัฒน์")
    assert numbers(find(store, "ประชาพัฒน์")) == [named]
    assert set(numbers(find(store, "ประชา พัฒน์"))) == {named, parts}
    with store.saving() as session:
        session.delete(session.get_one(Note, named))
    assert numbers(find(store, "ประชาพัฒน์")) == [parts]


@pytest.mark.parametrize("typed", ["ต่างๆ", "ต่าง ๆ"])
def test_a_word_said_twice_is_found_however_it_is_spaced(store: Store, typed: str) -> None:
    close, apart = write(store, "ปัญหาต่างๆ ของกองทุน"), write(store, "ปัญหาต่าง ๆ ของกองทุน")
    write(store, "ความแตกต่าง")
    assert set(numbers(find(store, typed))) == {close, apart}


@pytest.mark.parametrize("typed", ["พ.ร.บ.", "พรบ"])
def test_an_abbreviation_is_found_with_dots_or_without(store: Store, typed: str) -> None:
    written = {write(store, "ร่าง พ.ร.บ. สวัสดิการ"), write(store, "ร่าง พรบ สวัสดิการ")}
    assert set(numbers(find(store, typed))) == written


def test_two_words_together_or_apart_find_the_same_notes(store: Store) -> None:
    one = write(store, "กองทุนสวัสดิการชุมชนตำบล")
    two = write(store, "ชุมชนของเรา", "เริ่มจากสวัสดิการของคนในบ้าน")
    write(store, "สวัสดิการข้าราชการ")
    together, apart = find(store, "สวัสดิการชุมชน"), find(store, "สวัสดิการ ชุมชน")
    assert set(numbers(together)) == set(numbers(apart)) == {one, two}
    assert numbers(together)[0] == one


@pytest.mark.parametrize("typed", ["น้ำ", "น้ํา", "นํ้า"])
def test_every_spelling_of_sara_am_finds_the_same(store: Store, typed: str) -> None:
    written = [write(store, f"เรื่อง{word}ในคลอง") for word in ("น้ำ", "น้ํา", "นํ้า")]
    assert sorted(numbers(find(store, typed))) == written


def test_thai_and_arabic_digits_are_the_same(store: Store) -> None:
    thai, arabic = write(store, "งบ ๒๕๗ ล้านบาท"), write(store, "งบ 257 ล้านบาท")
    assert sorted(numbers(find(store, "257"))) == [thai, arabic]
    assert sorted(numbers(find(store, "๒๕๗"))) == [thai, arabic]


def test_a_year_is_found_in_either_era(store: Store) -> None:
    buddhist, common = write(store, "แผนปี 2552"), write(store, "The plan of 2009")
    assert sorted(numbers(find(store, "2552"))) == [buddhist, common]
    assert sorted(numbers(find(store, "2009"))) == [buddhist, common]


@pytest.mark.parametrize("typed", ["พอช.", "พอช", "พ.อ.ช.", "สถาบันพัฒนาองค์กรชุมชน"])
def test_an_abbreviation_finds_the_full_name_and_back(store: Store, typed: str) -> None:
    short = write(store, "พอช. หนุนเวทีตำบล")
    full = write(store, "เวทีของสถาบันพัฒนาองค์กรชุมชน")
    write(store, "เวทีของ สกว.")
    write(store, "สถาบันหนึ่งพัฒนาคน ทั้งองค์กรและชุมชน")
    assert sorted(numbers(find(store, typed))) == [short, full]


def test_a_nickname_of_a_place_finds_its_name(store: Store) -> None:
    number = write(store, "เวทีที่นครศรีธรรมราช")
    assert numbers(find(store, "เมืองคอน")) == [number]


def test_quoted_words_are_exact(store: Store) -> None:
    exact = write(store, "ความเป็นเจ้าของ", "แต่ละกองทุนมีเจ้าของ ไม่ใช่ของรัฐ")
    write(store, "กองทุนมีหลายกอง", "แต่ละที่มีเจ้าของต่างกัน")
    assert numbers(find(store, '"แต่ละกองทุนมีเจ้าของ"')) == [exact]


def test_a_word_with_a_minus_is_kept_out(store: Store) -> None:
    kept = write(store, "ออมทรัพย์ในหมู่บ้าน")
    write(store, "ออมทรัพย์กับธนาคาร")
    assert numbers(find(store, "ออมทรัพย์ -ธนาคาร")) == [kept]


def test_when_no_note_has_all_words_some_are_enough_and_that_is_said(store: Store) -> None:
    both = write(store, "ปลาทูกับทะเล")
    one = write(store, "ปลาทูย่าง")
    assert numbers(find(store, "ปลาทู ทะเล")) == [both]
    loosened = find(store, "ปลาทู จักรวาล")
    assert loosened.loosened
    assert sorted(numbers(loosened)) == [both, one]


def test_stop_words_alone_are_still_answered(store: Store) -> None:
    number = write(store, "ใครทำอะไรที่ไหน")
    assert numbers(find(store, "อะไร")) == [number]
    assert numbers(find(store, "ที่")) == [number]


def test_the_title_counts_most(store: Store) -> None:
    write(store, "เรื่องทั่วไป", "สวัสดิการ " + "คำอื่น ๆ อีกมากมาย " * 20)
    best = write(store, "สวัสดิการ", "คำอื่น ๆ อีกมากมาย " * 20)
    assert numbers(find(store, "สวัสดิการ"))[0] == best


def test_every_part_of_a_note_is_searched(store: Store) -> None:
    review = Review("one-box", {"review": "ฝนตกตลอดงาน"})
    meeting = Meeting(
        venue="ศาลากลางหลังเก่า", agenda=(AgendaItem("แจ้งข่าว", "คุยเรื่องกล้วยไม้", "ให้จัดประกวด"),)
    )
    lesson = LessonParts(point="เริ่มจากเรื่องเล็ก", what_to_do="ชวนคุยใต้ถุนบ้าน", why="คนกล้าพูดกว่า")
    role = RolePlayed("khun_amnuay", person="ประธานกลุ่มแม่บ้านหูล่อง", did="จับประเด็นขึ้นกระดาน")
    first = write(store, "ก", kind=Kind.AFTER_ACTION_REVIEW, review=review)
    second = write(
        store,
        "ข",
        kind=Kind.MINUTES,
        meeting=meeting,
        held_from=date(2007, 12, 18),
        tags=("วงน้ำชา",),
    )
    third = write(store, "ค", kind=Kind.LESSON, lesson=lesson, roles=(role,))
    for words, number in (
        ("ฝนตก", first),
        ("ศาลากลาง", second),
        ("กล้วยไม้", second),
        ("ประกวด", second),
        ("วงน้ำชา", second),
        ("ใต้ถุนบ้าน", third),
        ("จับประเด็น", third),
        ("แม่บ้าน", third),
        ("คุณอำนวย", third),
    ):
        assert numbers(find(store, words)) == [number], words


# --- narrowing -----------------------------------------------------------------------------------


@pytest.fixture
def field(store: Store) -> dict[str, int]:
    """Four notes over two provinces, three years and two kinds."""
    return {
        "hulong": write(
            store,
            "เวทีหูล่อง",
            kind=Kind.LESSON,
            places=(PlaceNamed(HULONG),),
            held_from=date(2006, 1, 28),
            lesson=LessonParts(point="เป้าหมายต้องชัด"),
            roles=(RolePlayed("khun_kit", person="แกนนำหมู่บ้าน ตำบลหูล่อง"),),
            organisations=(OrganisationPart("พอช.", "funder"),),
            tags=("แก้จน",),
        ),
        "pak_phanang": write(
            store, "เวทีปากพนัง", places=(PlaceNamed(PAK_PHANANG),), held_from=date(2007, 5, 1)
        ),
        "songkhla": write(
            store,
            "เวทีสงขลา",
            places=(PlaceNamed("90"),),
            held_from=date(2007, 12, 30),
            held_to=date(2008, 1, 2),
        ),
        "nowhere": write(store, "เวทีทั่วไป"),
    }


def test_a_place_narrows_to_all_beneath_it(store: Store, field: dict[str, int]) -> None:
    beneath = {field["hulong"], field["pak_phanang"]}
    assert set(numbers(find(store, "เวที", province="นครศรีธรรมราช"))) == beneath
    assert set(numbers(find(store, "เวที", province="80"))) == beneath
    assert set(numbers(find(store, "เวที", tambon="ต.หูล่อง อ.ปากพนัง"))) == {field["hulong"]}


def test_a_place_typed_into_the_box_becomes_a_filter(store: Store, field: dict[str, int]) -> None:
    found = find(store, "เวที จ.สงขลา #แก้จน")
    assert (found.query.words, found.query.places) == ("เวที", ("90",))
    assert found.query.tags == ("แก้จน",)
    assert found.total == 0
    assert numbers(find(store, "#แก้จน")) == [field["hulong"]]


def test_days_narrow_in_either_era_and_touch_both_ends(store: Store, field: dict[str, int]) -> None:
    assert numbers(find(store, from_="2551", to="2551")) == [field["songkhla"]]
    assert numbers(find(store, from_="2008", to="2008")) == [field["songkhla"]]
    assert set(numbers(find(store, from_="2007-05-01", to="2550"))) == {
        field["pak_phanang"],
        field["songkhla"],
    }


def test_role_organisation_person_kind_and_tag_narrow(store: Store, field: dict[str, int]) -> None:
    only = [field["hulong"]]
    assert numbers(find(store, role="คุณกิจ")) == only
    assert numbers(find(store, organisation="พอช.")) == only
    assert numbers(find(store, person="แกนนำหมู่บ้าน ตำบลหูล่อง")) == only
    assert numbers(find(store, kind="lesson")) == only
    assert numbers(find(store, tag="แก้จน")) == only


def test_facets_count_as_a_tree_and_ignore_their_own_filter(
    store: Store, field: dict[str, int]
) -> None:
    found = find(store, "เวที", province="80")
    assert counts(found, "province") == {"80": 2, "90": 1}
    assert counts(found, "amphoe") == {"8012": 2}
    assert counts(found, "kind") == {"lesson": 1, "note": 1}
    assert counts(found, "year") == {"2007": 1, "2006": 1}
    chosen = {value.value: value.chosen for value in found.facets["province"]}
    assert chosen == {"80": True, "90": False}
    deeper = find(store, "เวที", amphoe="8012")
    assert counts(deeper, "tambon") == {HULONG: 1}
    assert deeper.facets["tambon"][0].parent == "8012"


def test_without_words_the_newest_come_first(store: Store, field: dict[str, int]) -> None:
    newest = [field[name] for name in ("songkhla", "pak_phanang", "hulong", "nowhere")]
    assert numbers(find(store)) == newest
    assert numbers(find(store, "เวที", sort="newest")) == newest
    oldest = [field[name] for name in ("hulong", "pak_phanang", "songkhla", "nowhere")]
    assert numbers(find(store, "เวที", sort="oldest")) == oldest


def test_every_hit_can_be_reached_page_by_page(store: Store) -> None:
    written = {write(store, f"ปลาทูตัวที่ {n}") for n in range(12)}
    pages = [find(store, "ปลาทู", limit="5", offset=str(start)) for start in (0, 5, 10, 15)]
    assert [len(page.hits) for page in pages] == [5, 5, 2, 0]
    assert {number for page in pages for number in numbers(page)} == written
    assert {page.total for page in pages} == {12}


# --- who sees what -------------------------------------------------------------------------------


def test_counts_tell_nobody_of_notes_they_may_not_see(store: Store, cast: Cast) -> None:
    public = write(store, "เวทีเปิด")
    members = write(store, "เวทีสมาชิก", visibility="members")
    draft = write(store, "เวทีร่าง", visibility="draft", by=cast.facilitator)
    for viewer, seen in (
        (cast.anonymous, [public]),
        (cast.stranger, [public, members]),
        (cast.facilitator, [public, members, draft]),
        (cast.administrator, [public, members]),
        (SYSTEM, [public, members, draft]),
    ):
        found = find(store, "เวที", seen_by=viewer)
        assert sorted(numbers(found)) == seen
        assert found.total == sum(counts(found, "kind").values()) == len(seen)


def test_a_stale_index_shows_nothing_that_was_hidden_meanwhile(store: Store) -> None:
    number = write(store, "เวทีลับ")
    with store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE note SET visibility = 'members'")
    found = find(store, "เวที")
    assert (found.total, found.hits) == (0, ())
    assert numbers(find(store, "เวที", seen_by=SYSTEM)) == [number]


def test_a_title_named_whole_comes_first(store: Store) -> None:
    write(store, "ปลาทูและอื่น ๆ", "ปลาทูแม่กลอง ปลาทูแม่กลอง ปลาทูแม่กลอง")
    named = write(store, "ปลาทู", "ว่ายในอ่าว")
    assert numbers(find(store, "ปลาทู"))[0] == named


def test_a_note_filed_under_a_place_comes_before_one_that_mentions_it(store: Store) -> None:
    write(store, "ออมทรัพย์", "คณะจากสงขลามาดูงานออมทรัพย์")
    filed = write(store, "ออมทรัพย์", "คณะจากที่อื่นมาดูงานออมทรัพย์", places=(PlaceNamed("90", ""),))
    assert numbers(find(store, "ออมทรัพย์ สงขลา"))[0] == filed


def test_a_quoted_text_is_never_let_go_of_a_question(store: Store) -> None:
    exact = write(store, "ลงพื้นที่", "ลุงย้วนเล่าเรื่องกองทุน")
    write(store, "กองทุนสวัสดิการชุมชน", "สมาชิกออมเงินวันละบาททุกครัวเรือนในตำบล")
    typed = 'สมาชิก ออม เงิน ครัวเรือน ตำบล กองทุน "ลุงย้วน"'
    assert numbers(find(store, typed)) == [exact]
