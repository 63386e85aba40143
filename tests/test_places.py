"""Places as people write them, as they stand in documents, and as we show them."""

import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kms import places
from kms.errors import NotFound
from kms.language import speaking
from kms.thai.collation import sort_key
from tests.shared_data import SEEDS, needs_seeds

HU_LONG = "801208"
TAMBONS = [p.code for province in places.provinces() for p in places.beneath(province.code)]
TAMBONS = [code for code in TAMBONS if len(code) == 6]


def meant(text: str) -> str | None:
    place = places.read(text).place
    return place.code if place else None


# --- the tree ------------------------------------------------------------------------------------


def test_a_code_leads_to_its_parents_children_and_everything_beneath():
    assert places.get(HU_LONG).name == "หูล่อง"
    assert [place.name for place in places.parents(HU_LONG)] == ["นครศรีธรรมราช", "ปากพนัง"]
    assert HU_LONG in [place.code for place in places.children("8012")]
    assert {place.level for place in places.beneath("8012")} == {"amphoe", "tambon"}
    assert places.exists("80")
    assert not places.exists("99")
    for unknown in ("", "99", "8012ab", "../../etc"):
        with pytest.raises(NotFound):
            places.get(unknown)


def test_provinces_stand_in_dictionary_order_and_each_has_a_region():
    listed = places.provinces()
    assert len(listed) == 77
    assert [p.name for p in listed] == sorted((p.name for p in listed), key=sort_key)
    assert listed[0].name == "กระบี่"
    assert places.region(HU_LONG) == "ใต้"
    assert sum(len(inside) for inside in places.regions().values()) == 77


def test_a_path_is_shown_in_the_reader_s_language_and_bangkok_in_its_own_words():
    assert places.path(HU_LONG) == "ต.หูล่อง อ.ปากพนัง จ.นครศรีธรรมราช"
    assert places.path(HU_LONG, short=True) == "หูล่อง ปากพนัง นครศรีธรรมราช"
    assert places.path("102901") == "แขวงบางซื่อ เขตบางซื่อ กรุงเทพฯ"
    assert places.name_with_prefix(HU_LONG) == "ต.หูล่อง"
    with speaking("en"):
        assert places.path(HU_LONG) == "Hu Long, Pak Phanang, Nakhon Si Thammarat"
        assert places.name(HU_LONG) == "Hu Long"


def test_zones_name_places_that_exist():
    assert places.zones()
    assert all(places.exists(code) for zone in places.zones() for code in zone.places)


# --- reading what someone typed ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ต.หูล่อง อ.ปากพนัง จ.นครศรีธรรมราช", HU_LONG),
        ("ต.หูล่อง อ.ปากพนัง", HU_LONG),
        ("ต. หูล่อง  อ. ปากพนัง", HU_LONG),
        ("ตําบลหูล่องอําเภอปากพนังจังหวัดนครศรีธรรมราช", HU_LONG),
        ("หูล่อง ปากพนัง", HU_LONG),
        ("หูล่อง, ปากพนัง, เมืองคอน", HU_LONG),
        ("นครศรีฯ ปากพนัง หูล่อง", HU_LONG),
        ("ตำบลหูล่อง", HU_LONG),
        ("๘๐๑๒๐๘", HU_LONG),
        ("Hu Long, Pak Phanang, Nakhon Si Thammarat", HU_LONG),
        ("hulong pakphanang", HU_LONG),
        ("อำเภอปากพนัง", "8012"),
        ("จังหวัดสงขลา", "90"),
        ("จ.สงขลา", "90"),
        ("สงขลา", "90"),
        ("อ.เมือง จ.สงขลา", "9001"),
        ("เมืองสงขลา", "9001"),
        ("เมืองคอน", "80"),
        ("เมืองนคร", "80"),
        ("นครศรีฯ", "80"),
        ("โคราช", "30"),
        ("อุบลฯ", "34"),
        ("กทม.", "10"),
        ("แปดริ้ว", "24"),
        ("พัทยา", "2004"),
        ("แขวงบางซื่อ เขตบางซื่อ กทม.", "102901"),
        ("ต.ลำสินธุ์ อ.ศรีนครินทร์ จ.พัทลุง 93000", "931104"),
    ],
)
def test_a_place_is_understood_however_it_is_written(text: str, code: str):
    assert meant(text) == code


@pytest.mark.parametrize(
    ("text", "village"),
    [
        ("หมู่ 3 บ้านบางคลาน ต.หูล่อง อ.ปากพนัง", "หมู่ 3 บ้านบางคลาน"),
        ("หมู่ที่ ๓ ต.หูล่อง อ.ปากพนัง", "หมู่ที่ 3"),
        ("บ้านบางคลาน หมู่ 3 ต.หูล่อง อ.ปากพนัง", "บ้านบางคลาน หมู่ 3"),
        ("บ้านบางคลาน ต.หูล่อง อ.ปากพนัง", "บ้านบางคลาน"),
        ("ม.3 หูล่อง ปากพนัง", "ม.3"),
        ("ต.หูล่อง หมู่ 3 อ.ปากพนัง", "หมู่ 3"),
    ],
)
def test_a_village_is_kept_as_words_beside_its_place(text: str, village: str):
    reading = places.read(text)
    assert reading.place is not None
    assert (reading.place.code, reading.village) == (HU_LONG, village)


def test_a_village_alone_asks_for_its_tambon():
    reading = places.read("บ้านบางคลานตก")
    assert (reading.place, reading.village) == (None, "บ้านบางคลานตก")
    assert "ตำบล" in reading.note


def test_a_name_many_places_bear_is_asked_back_with_their_paths():
    reading = places.read("บ้านใหม่")
    assert reading.place is None
    assert 1 < len(reading.candidates) <= 20
    assert len({places.path(place.code) for place in reading.candidates}) == len(reading.candidates)


def test_a_name_of_an_amphoe_and_its_own_tambon_means_the_amphoe_and_says_so():
    reading = places.read("ปากพนัง")
    assert reading.place == places.get("8012")
    assert [place.level for place in reading.candidates] == ["tambon"]
    assert "ต." in reading.note


def test_a_slip_of_the_pen_is_answered_with_the_nearest_names():
    assert places.read("หูลอง").candidates[0].code == HU_LONG
    assert [p.code for p in places.read("ต.หูลอง อ.ปากพนัง").candidates] == [HU_LONG]
    assert places.read("หูลอง").place is None


def test_a_municipality_is_offered_as_an_area_but_never_taken_for_one():
    for text, code in [
        ("อบต.หูล่อง", HU_LONG),
        ("เทศบาลเมืองนครศรีธรรมราช", "8001"),
        ("ท.ป่าบอน จ.พัทลุง", "9308"),
    ]:
        reading = places.read(text)
        assert reading.place is None
        assert code in [place.code for place in reading.candidates]
        assert "องค์กร" in reading.note


def test_an_abolished_area_leads_to_the_one_that_took_it_over():
    reading = places.read("ต.โซ่ อ.โซ่พิสัย จ.หนองคาย")
    assert reading.place is not None
    assert places.path(reading.place.code) == "ต.โซ่ อ.โซ่พิสัย จ.บึงกาฬ"
    assert "ยุบ" in reading.note
    assert places.read("100205").place == places.get("102901")


@pytest.mark.parametrize(
    "text", ["", "   ", "xyz", "ต.", "ต. อ. จ.", "9" * 400, "ก" * 10_000, "ต.ก " * 70, "(((" * 90]
)
def test_what_is_no_place_is_answered_in_words_and_at_once(text: str):
    started = time.process_time()
    reading = places.read(text)
    assert reading.place is None
    assert reading.note
    assert time.process_time() - started < 0.5


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            ["ต.", "อ.", "จ.", "หมู่ 3", "บ้าน", "เมือง", "เทศบาล", "สงขลา", "ใหม่", ",", " ", "นา"]
        )
    ).map("".join)
)
def test_reading_never_fails(text: str):
    reading = places.read(text)
    assert len(reading.candidates) <= 20


def test_every_path_we_show_is_read_back_as_the_same_place():
    for code in TAMBONS:
        for short in (False, True):
            shown = places.path(code, short=short)
            assert meant(shown) == code, shown


def test_every_amphoe_and_province_we_show_is_read_back():
    for province in places.provinces():
        assert meant(places.path(province.code)) == province.code
        for amphoe in places.children(province.code):
            assert meant(places.path(amphoe.code)) == amphoe.code


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(TAMBONS))
def test_every_english_path_is_read_back_or_offered(code: str):
    with speaking("en"):
        reading = places.read(places.path(code))
    offered = [reading.place, *reading.candidates]
    assert places.get(code) in offered


# --- places in running text ----------------------------------------------------------------------


def named(text: str) -> list[tuple[str, str]]:
    return [(text[m.start : m.end], m.place.code) for m in places.recognise(text)]


def test_a_chain_is_one_place():
    text = "ประชุมของต.หูล่อง อ.ปากพนัง จ.นครศรีธรรมราช ซึ่งได้งบ"
    assert named(text) == [("ต.หูล่อง อ.ปากพนัง จ.นครศรีธรรมราช", HU_LONG)]


def test_a_tambon_is_settled_by_the_province_named_around_it():
    assert named("ตำบลชุมพลได้งบ")[:1] == []
    assert ("ตำบลชุมพล", "931101") in named("เวทีจังหวัดพัทลุง ที่ตำบลชุมพล และที่อื่น")


@pytest.mark.parametrize(
    "text",
    [
        "อ.วิจารณ์เสนอว่า",
        "พ.ต.อ.สมชาย",
        "ผมเลยไปตากผ้าจนน่าน้อยใจ",
        "ระดับตำบลและอำเภอ",
        "มหาวิทยาลัยสงขลานครินทร์",
        "ถนนเพชรบุรีตัดใหม่",
        "อบต.และเทศบาล",
        "ตำบลละ 1 แสนบาท",
        "นางสาวใจดี ณ ระนอง",
    ],
)
def test_words_that_only_look_like_places_are_left_alone(text: str):
    assert named(text) == []


def test_nicknames_and_bare_provinces_are_recognised():
    codes = [code for _, code in named("ผู้ว่าเมืองคอนไปขอนแก่น แล้วกลับนครศรีฯ และ กทม. #แก้จนเมืองนคร")]
    assert codes == ["80", "40", "80", "10", "80"]


@needs_seeds
@pytest.mark.parametrize(
    ("number", "wanted", "welcome"),
    [
        ("000", {"80"}, {"90"}),
        ("001", {"93", "22", "52", "40", "931104", "931101", "930502"}, {"80"}),
        ("002", {"18", "60", "61"}, set()),
        ("003", {"80"}, set()),
        ("004", {HU_LONG, "80"}, {"802103"}),
    ],
)
def test_the_places_of_a_real_document_are_found_and_no_others(number, wanted, welcome):
    text = next(SEEDS.glob(f"{number}*.txt")).read_text("utf-8")
    found = {mention.place.code for mention in places.recognise(text)}
    assert found >= wanted
    assert found <= wanted | welcome


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_recognising_never_fails(text: str):
    for mention in places.recognise(text):
        assert 0 <= mention.start < mention.end <= len(text)


def test_recognising_in_a_long_text_is_quick():
    text = "ตำบลหนึ่งของจังหวัดพัทลุงและ ต.ชุมพล อ.เมือง ตำบลตำบลอำเภอจังหวัด " * 2_000
    started = time.process_time()
    places.recognise(text)
    assert time.process_time() - started < 10


# --- while typing --------------------------------------------------------------------------------


def test_suggestions_begin_with_what_was_typed_and_put_provinces_first():
    found = places.suggest("นคร")
    assert [place.level for place in found[:5]] == ["province"] * 5
    assert all(place.name.startswith("นคร") for place in found)
    assert places.suggest("ต.หูล")[0].code == HU_LONG
    assert places.suggest("หู ปากพ")[0].code == HU_LONG
    assert places.suggest("เมืองคอ")[0].code == "80"
    assert places.suggest("hu lo")[0].code == HU_LONG
    assert places.suggest("ล่อง")
    assert places.suggest("") == places.suggest("ต.") == []


def test_suggestions_come_within_five_milliseconds():
    places.suggest("ก")
    typed = ["ก", "นคร", "หู ปาก", "เมือง", "ban", "ล่อง", "ไม่มีที่นี่"]

    def fastest(prefix: str) -> float:
        times = []
        for _ in range(5):
            started = time.process_time()
            places.suggest(prefix)
            times.append(time.process_time() - started)
        return min(times)

    assert sum(map(fastest, typed)) / len(typed) < 0.005


def test_names_for_the_search_dictionary_hold_places_and_nicknames():
    listed = set(places.names())
    assert {"หูล่อง", "ปากพนัง", "นครศรีฯ", "เมืองคอน"} <= listed


def test_the_gazetteer_loads_in_a_fraction_of_a_second():
    measure = (
        "import time; from kms import places; t = time.process_time(); places.get('80');"
        "print(time.process_time() - t)"
    )
    done = subprocess.run(
        [sys.executable, "-c", measure], capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < 0.5
