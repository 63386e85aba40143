"""How near one place is to another."""

from hypothesis import given
from hypothesis import strategies as st

from kms import nearness, places, province_map
from kms.nearness import near

KHOK_CHANGAI = "930105"  # ต.โคกชะงาย อ.เมืองพัทลุง
PHATTHALUNG, SONGKHLA, LAMPANG, PHUKET, NAKHON = "93", "90", "52", "83", "80"

codes = st.sampled_from([place.code for place in places.provinces()])


def test_the_same_tambon_is_nearer_than_the_amphoe_and_the_province() -> None:
    ranks = [near(KHOK_CHANGAI, [code]).rank for code in (KHOK_CHANGAI, "930101", "930201")]
    assert ranks == [nearness.SAME_TAMBON, nearness.SAME_AMPHOE, nearness.SAME_PROVINCE]


def test_a_wider_place_counts_by_what_is_sure() -> None:
    assert near(KHOK_CHANGAI, ["9301"]).rank == nearness.SAME_AMPHOE
    assert near(KHOK_CHANGAI, [PHATTHALUNG]).rank == nearness.SAME_PROVINCE
    assert near(PHATTHALUNG, [KHOK_CHANGAI]).rank == nearness.SAME_PROVINCE


def test_beyond_the_province_the_map_decides() -> None:
    ranks = [near(PHATTHALUNG, [code]).rank for code in (SONGKHLA, "95", LAMPANG)]
    assert ranks == [nearness.NEIGHBOURING, nearness.SAME_REGION, nearness.ELSEWHERE]


def test_an_island_without_a_border_is_near_to_the_shore() -> None:
    assert not province_map.neighbours()[PHUKET]
    assert near(PHUKET, ["82"]).rank == nearness.NEIGHBOURING


def test_the_nearest_of_several_places_counts() -> None:
    found = near(PHATTHALUNG, [LAMPANG, "900101", "40"])
    assert (found.code, found.rank) == ("900101", nearness.NEIGHBOURING)


def test_no_place_and_no_place_of_today_are_unknown() -> None:
    for place, others in (("", [PHATTHALUNG]), (PHATTHALUNG, []), (PHATTHALUNG, ["", "990000"])):
        assert near(place, others) == nearness.NOWHERE
        assert near(place, others).words == ""


def test_things_sort_by_rank_and_then_by_kilometres() -> None:
    found = sorted(near(PHATTHALUNG, [code]) for code in (LAMPANG, "40", SONGKHLA, "92", ""))
    assert [each.code for each in found] == ["92", SONGKHLA, "40", LAMPANG, ""]


def test_the_distance_of_two_provinces_is_about_that_of_the_map() -> None:
    """By the coordinates of the two towns: Phatthalung 7.62 N 100.08 E, Lampang 18.29 N 99.49 E."""
    found = near(PHATTHALUNG, [LAMPANG])
    assert found.km is not None and 1150 < found.km < 1270


def test_the_nearness_is_said_in_words() -> None:
    assert near(KHOK_CHANGAI, [KHOK_CHANGAI]).words == "ตำบลเดียวกัน"
    assert near(PHATTHALUNG, ["92"]).words == "จังหวัดใกล้กัน ราว 50 กม."


def test_the_provinces_near_nakhon_si_thammarat_come_nearest_first() -> None:
    found = nearness.near_provinces("801208")
    assert set(found) == province_map.neighbours()[NAKHON] and len(found) == 5
    assert found[-1] == SONGKHLA


@given(codes, codes)
def test_nearness_is_the_same_both_ways(one: str, other: str) -> None:
    there, back = near(one, [other]), near(other, [one])
    assert there.rank == back.rank
    assert abs((there.km or 0) - (back.km or 0)) < 0.01


def test_every_province_has_a_middle_and_neighbours_agree() -> None:
    known = {place.code for place in places.provinces()}
    assert set(province_map.middles()) == set(province_map.neighbours()) == known
    for code, beside in province_map.neighbours().items():
        assert code not in beside
        assert all(code in province_map.neighbours()[other] for other in beside)
