"""Addresses and boxes become queries; what cannot be read is said in words."""

from datetime import date

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from kms import themes
from kms.errors import Invalid
from kms.permissions import ANONYMOUS
from kms.saving import Store
from kms.search.asking import understand
from kms.search.query import Query, read, to_parameters
from tests.effort import calls_made
from tests.search_helpers import write

PARAMETERS = (
    "q",
    "province",
    "amphoe",
    "tambon",
    "theme",
    "kind",
    "role",
    "person",
    "organisation",
    "tag",
    "from",
    "to",
    "sort",
    "limit",
    "offset",
)
TYPED = st.text(alphabet='กขคงนมเแะาำิี่้"-#@“”จอต. \t\n\x00\x07๒52*?()[]ab~:\ud800', max_size=60)


def asked(session: Session, **given: str) -> Query:
    return read({name.rstrip("_"): [value] for name, value in given.items()}, session)


def test_names_and_codes_both_do(session: Session) -> None:
    assert asked(session, province="นครศรีธรรมราช").places == ("80",)
    assert asked(session, province="เมืองคอน").places == ("80",)
    assert asked(session, amphoe="อ.ปากพนัง").places == ("8012",)
    assert asked(session, tambon="หูล่อง").places == ("801208",)
    assert asked(session, tambon="801208").places == ("801208",)
    assert asked(session, role="คุณอำนวย").roles == asked(session, role="khun_amnuay").roles


def test_a_name_that_several_places_share_means_all_of_them(session: Session) -> None:
    many = asked(session, tambon="บ้านใหม่").places
    assert len(many) > 1
    assert all(len(code) == 6 for code in many)


def test_years_are_read_in_either_era_and_days_as_written(session: Session) -> None:
    assert asked(session, from_="2550").from_day == date(2007, 1, 1)
    assert asked(session, to="๒๕๕๐").to_day == date(2007, 12, 31)
    assert asked(session, from_="2007-12-18").from_day == date(2007, 12, 18)
    assert asked(session, from_="18 ธ.ค. 2550").from_day == date(2007, 12, 18)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("province", "99"),
        ("province", "ไม่มีจังหวัดนี้"),
        ("tambon", "80"),
        ("theme", "ไม่มีประเด็นนี้"),
        ("kind", "จดหมาย"),
        ("role", "คุณไหน"),
        ("person", "ไม่มีคนนี้"),
        ("organisation", "ไม่มีองค์กรนี้"),
        ("from", "เมื่อไรก็ได้"),
        ("to", "31 ก.พ. 2550"),
        ("sort", "best"),
        ("limit", "101"),
        ("limit", "-1"),
        ("limit", "9" * 5000),
        ("offset", "ten"),
    ],
)
def test_a_bad_parameter_is_named_with_a_sentence(session: Session, name: str, value: str) -> None:
    with pytest.raises(Invalid) as caught:
        read({name: [value]}, session)
    assert list(caught.value.problems) == [name]
    assert caught.value.problems[name]


def test_a_name_in_the_box_that_may_mean_several_places_stays_words(session: Session) -> None:
    query = asked(session, q="เวที ต.บ้านใหม่")
    assert (query.words, query.places) == ("เวที ต.บ้านใหม่", ())
    assert "ต.บ้านใหม่" in query.unread[0]


def test_places_in_the_box_that_lie_in_each_other_are_one(session: Session) -> None:
    for typed in ("ต.หูล่อง อ.ปากพนัง จ.นครศรีธรรมราช", "ต.หูล่องอ.ปากพนัง เวที"):
        assert asked(session, q=typed).places == ("801208",)
    assert asked(session, q="ต.บ้านใหม่ อ.ปากเกร็ด").places == ("120603",)
    assert asked(session, q="อ.ปากพนัง จ.สงขลา").places == ("8012", "90")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("จ.ดาวอังคาร น้ำ", "จ.ดาวอังคาร"),
        ("@ไม่มีคนนี้ น้ำ", "ไม่มีคนนี้"),
        ('"กองทุน', "เครื่องหมายคำพูด"),
        ("“กองทุน” “เงิน", "เครื่องหมายคำพูด"),
        ("-กองทุน", "ไม่เอา"),
    ],
)
def test_what_the_box_cannot_use_is_said_and_the_rest_stays(
    session: Session, typed: str, said: str
) -> None:
    query = asked(session, q=typed)
    assert query.words == typed
    assert len(query.unread) == 1
    assert said in query.unread[0]


def test_there_is_nothing_to_say_of_a_plain_query(session: Session) -> None:
    for typed in ('กองทุน "สวัสดิการชุมชน" -เงิน จ.สงขลา', "ต.ค. 2550", "-", ""):
        assert asked(session, q=typed).unread == ()


def test_quoted_filters_stay_words(session: Session) -> None:
    query = asked(session, q='"จ.สงขลา" #แก้จน')
    assert (query.words, query.tags, query.places) == ('"จ.สงขลา"', ("แก้จน",), ())


def test_a_query_survives_its_own_address(session: Session) -> None:
    (theme,) = themes.resolve(session, ["สวัสดิการชุมชน"])
    query = Query(
        words='ปลาทู "ในอ่าว" -ทะเล',
        places=("80", "9001", "801208"),
        themes=(theme.slug,),
        kinds=("aar", "lesson"),
        roles=("khun_kit",),
        people=(7,),
        organisations=(3,),
        tags=("แก้จน",),
        from_day=date(2007, 1, 1),
        to_day=date(2008, 2, 29),
        sort="oldest",
        limit=50,
        offset=100,
    )
    parameters: dict[str, list[str]] = {}
    for name, value in to_parameters(query):
        parameters.setdefault(name, []).append(value)
    assert read(parameters, session) == query


@given(TYPED)
@example('"' * 9)
@example('- -- --- -"')
def test_nothing_typed_is_an_error(typed: str) -> None:
    understand(typed)


@given(st.dictionaries(st.sampled_from(PARAMETERS), st.lists(TYPED, max_size=3), max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_parameters_are_read_or_refused_by_name(store: Store, given: dict[str, list[str]]) -> None:
    with store.reading() as session:
        try:
            query = read(given, session)
        except Invalid as refusal:
            assert set(refusal.problems) <= set(PARAMETERS)
            return
        assert store.index.find(session, query, seen_by=ANONYMOUS).total >= 0


@pytest.mark.parametrize(
    "typed",
    [
        "ปลาทู" * 2000,
        " ".join(f"คำที่{n}" for n in range(500)),
        '"ปลาทู',
        "\x00\x01\x02 ปลาทู",
        "-ปลาทู",
        "ฯ ๆ . , ( )",
        "ที่ " * 3000,
        "\ud800\udfff",
        "*:* OR title:[a TO z]^5 ~2",
    ],
)
def test_hard_words_are_answered_with_little_work(store: Store, typed: str) -> None:
    write(store, "ปลาทูในอ่าว", "ว่ายไปว่ายมา")
    with store.reading() as session:

        def answer() -> None:
            store.index.find(session, read({"q": [typed]}, session), seen_by=ANONYMOUS)

        answer()
        # Some two million calls are a second; the worst here takes 50 ms.
        assert calls_made(answer) < 100_000
