"""Whatever is typed or hidden: an answer in words, soon, and nothing told of what is hidden."""

import json
import random
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from urllib.parse import quote, unquote, urlencode

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kms import comments, notes
from kms.cli import commands
from kms.note_kinds import Kind, NoteContent, OrganisationPart, PlaceNamed, RolePlayed
from kms.permissions import ANONYMOUS
from kms.saving import Store
from kms.search.found import FACETS
from kms.search.query import read
from kms.settings import Settings
from tests.cast import Cast
from tests.effort import calls_made
from tests.hostile import lasting
from tests.search_helpers import find, write
from tests.shelf import FUND, HU_LONG, WELFARE, Shelf, fill

Terminal = Callable[[list[str]], Result]

PARAMETERS = (
    "q", "province", "amphoe", "tambon", "theme", "kind", "role", "person", "organisation", "tag",
    "from", "to", "sort", "limit", "offset",
)  # fmt: skip
HIT = {
    "number": int, "source": str | None, "source_id": str | None, "kind": str, "title": str,
    "url": str, "score": float | int, "snippet": str, "date": str | None, "places": list,
    "themes": list,
}  # fmt: skip

# --- whatever is typed ---------------------------------------------------------------------------

OPERATORS = (
    '"', "“", "”", "«", "＂", "'", "-", "--", "#", "@", "จ.", "ต.", "อ.", "จังหวัด", "(", "*",
)  # fmt: skip
ODD = (
    "\x00", "\x07", "\x1b[31m", "\u200b", "\u200d", "\ufeff", "\u202e", "\u2028", "\xa0", "\xad",
    "\ud800", "\U0010ffff", "\ufffe", "👨\u200d👩\u200d👧", "שלום", "\u0301", "İ", "ß", "ํ", "่", "เ",
    "ๆ", "ฯ",
)  # fmt: skip
WORDS = (
    "สวัสดิการ", "หูล่อง", "นํ้า", "๒๕๕๐", "อบต.", "l;ylfu", "สวัดิการ", "ที่", "0", "a", "%", "&", "=",
)  # fmt: skip
TYPED = st.one_of(
    st.lists(st.sampled_from(OPERATORS + ODD + WORDS + (" ", " ", "\n")), max_size=14).map("".join),
    st.text(st.characters(min_codepoint=0x0E01, max_codepoint=0x0E5B), max_size=30),
    st.text(max_size=30),
)
GIVEN = st.lists(st.tuples(st.sampled_from(PARAMETERS), TYPED), max_size=5)
BYTES = st.binary(max_size=20).map(lambda raw: "".join(f"%{byte:02x}" for byte in raw))
ONCE_FOR_ALL = settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)

LONG = {
    "five hundred words": " ".join(f"คำ{n}ที่" for n in range(500)),
    "the same word often": "สวัสดิการ " * 1_000,
    "refused words": " ".join(f"-คำ{n}" for n in range(200)),
    "quotes": '"' * 9_999,
    "quoted words": " ".join(f'"คำ{n}"' for n in range(200)),
    "one letter": "ก" * 10_000,
    "leading vowels": "เ" * 10_000,
    "tone marks": "่้๊๋" * 2_500,
    "nothing to cut at": "กั" * 5_000,
    "vowels that hang on": "ำ" * 10_000,
    "nikhahit and aa": "ํา" * 5_000,
    "accents": "a" + "\u0301" * 9_999,
    "Latin": "ab" * 5_000,
    "digits": "1234567890" * 1_000,
    "places": "ต.หูล่อง " * 500,
    "unknown places": " ".join(f"ต.กฬฐ{n}" for n in range(500)),
    "tags": " ".join(f"#ป้าย{n}" for n in range(500)),
    "people": " ".join(f"@คน{n}" for n in range(500)),
    "emoji": "👨\u200d👩\u200d👧" * 1_500,
    "unseen": "\u200b" * 10_000,
    "stop words": "ที่ " * 3_000,
    "abbreviations": "ก.ข." * 2_500,
    "syllables": "ตากลมมานา" * 1_000,
    "patterns": "(.*)*" * 2_000,
}


@pytest.fixture
def shelf(store: Store, cast: Cast) -> Iterator[Shelf]:
    yield fill(store, cast)


def asked(pairs: list[tuple[str, str]]) -> str:
    """The query of an address; half characters go as the bytes that a broken program sends."""
    return urlencode(pairs, encoding="utf-8", errors="surrogatepass")


def check_page(client: FlaskClient, query: str) -> None:
    page = client.get(f"/search?{query}")
    assert page.status_code == 200, query
    assert "<main" in page.text
    assert page.text.strip().endswith("</html>")


def check_program(client: FlaskClient, query: str) -> None:
    answer = client.get(f"/api/v1/search?{query}")
    assert answer.is_json
    told = answer.json
    if answer.status_code == 422:
        check_refusal(told)
        return
    assert answer.status_code == 200, query
    assert type(told["total"]) is int
    assert 0 <= len(told["hits"]) <= told["total"]
    assert isinstance(told["took_ms"], float | int)
    assert isinstance(told["did_you_mean"], str | None)
    for hit in told["hits"]:
        assert all(isinstance(hit[name], kind) for name, kind in HIT.items())
    assert set(told["facets"]) == set(FACETS)
    for values in told["facets"].values():
        assert all({"value", "label", "count"} <= value.keys() for value in values)


def check_refusal(told: dict[str, dict[str, object]]) -> None:
    assert told["error"]["code"] == "invalid"
    assert str(told["error"]["message"]).strip()
    problems = told["error"]["problems"]
    assert isinstance(problems, dict)
    assert problems
    assert set(problems) <= set(PARAMETERS)
    assert all(problems.values())


def check_offers(client: FlaskClient, query: str) -> None:
    for what in ("search", "place", "theme", "tag", "organisation", "person"):
        answer = client.get(f"/suggest?what={what}&{query}")
        assert answer.status_code == 200, query
        assert isinstance(answer.json, list)


@ONCE_FOR_ALL
@given(GIVEN)
@example([("q", '-"')])
@example([("q", "จ. ต. # @ -")])
@example([("q", "\ud800"), ("q", "\udfff")])
@example([("limit", "๕"), ("limit", "x"), ("from", ""), ("to", "\x00")])
@example([("person", "9" * 30), ("tambon", "\u200b")])
def test_no_parameters_break_the_page_or_the_programs_answer(
    client: FlaskClient, shelf: Shelf, pairs: list[tuple[str, str]]
) -> None:
    check_page(client, asked(pairs))
    check_program(client, asked(pairs))


@ONCE_FOR_ALL
@given(TYPED)
@example("จ.")
@example('"')
@example("\ud83d")
def test_nothing_half_typed_breaks_what_is_offered(
    client: FlaskClient, shelf: Shelf, typed: str
) -> None:
    check_offers(client, asked([("q", typed)]))


@ONCE_FOR_ALL
@given(st.sampled_from(PARAMETERS), BYTES)
@example("q", "%e0%b8")
@example("q", "%zz%")
@example("q", "%ed%a0%80%00")
def test_broken_bytes_are_read_as_well_as_they_can_be(
    client: FlaskClient, shelf: Shelf, name: str, raw: str
) -> None:
    check_page(client, f"{name}={raw}")
    check_program(client, f"{name}={raw}")
    check_offers(client, f"q={raw}")


def test_what_is_far_too_long_is_answered(
    client: FlaskClient, shelf: Shelf, subtests: pytest.Subtests
) -> None:
    for name, typed in LONG.items():
        with subtests.test(name):
            query = asked([("q", typed)])
            check_page(client, query)
            check_program(client, query)
            check_offers(client, query)


# The worst there is, a letter under a thousand accents, takes 60 ms where two million calls are
# a second; ``python -m bench.peers`` measures the same questions in milliseconds.
MOST_CALLS = 400_000


def test_what_is_far_too_long_takes_little_work(
    store: Store, shelf: Shelf, subtests: pytest.Subtests
) -> None:
    with store.reading() as session:

        def answer(typed: str) -> None:
            query = read({"q": [typed]}, session, seen_by=ANONYMOUS)
            store.index.find(session, query, seen_by=ANONYMOUS)
            store.index.complete(session, typed, seen_by=ANONYMOUS)

        for name, typed in LONG.items():
            with subtests.test(name):
                answer(typed)
                assert calls_made(partial(answer, typed)) < MOST_CALLS


@pytest.fixture
def terminal(settings: Settings, shelf: Shelf) -> Terminal:
    environment = {
        "KMS_INSTANCE": str(settings.instance),
        "KMS_DATABASE_URL": settings.database_url,
    }
    return partial(CliRunner(env=environment).invoke, commands)


def test_a_terminal_is_answered_whatever_is_typed(
    terminal: Terminal, subtests: pytest.Subtests
) -> None:
    for typed in (" ".join(ODD[3:]), 'สวัสดิการ -"', "จ.", '"', *LONG.values()):
        with subtests.test(typed=ascii(typed[:20])):
            result = terminal(["search", "--json", "--", typed.encode("utf-8", "replace").decode()])
            assert result.exit_code == 0, result.output
            assert json.loads(result.stdout)["total"] >= 0


def test_a_terminal_is_told_which_option_is_wrong(
    terminal: Terminal, subtests: pytest.Subtests
) -> None:
    for name, typed in (
        ("--limit", "0"), ("--limit", "many"), ("--from", "เมื่อไรก็ได้"), ("--tambon", "\u200b%"),
        ("--kind", "poem"), ("--theme", '"'), ("--role", "-"),
    ):  # fmt: skip
        with subtests.test(name, typed=typed):
            result = terminal(["search", "คำ", name, typed])
            assert result.exit_code == 2
            assert name.strip("-") in result.stderr


# --- whatever is hidden --------------------------------------------------------------------------

CONSONANTS = "กขคฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮ"
MARKS = ("", "", "่", "้", "ิ", "ี", "ุ", "ู", "า", "ำ")
KNOWN = ("สวัสดิการ", "กองทุน", "เวที", "ปากพนัง", "หูล่อง", "วันละบาท", "เครือข่าย", "ปลาทู", "ป่าชุมชน")


def made_word(chance: random.Random) -> str:
    """A word that no dictionary has."""
    return "".join(chance.choice(CONSONANTS) + chance.choice(MARKS) for _ in range(5))


def slip(word: str) -> str:
    """The word with its second half typed wrong."""
    return word[:-1] + ("ก" if word[-1] != "ก" else "ข")


def hidden_note(words: list[str], chance: random.Random) -> NoteContent:
    """What nobody else may read: the words everywhere, beside words that public notes have."""
    word, other = chance.choice(words), chance.choice(words)
    known = " ".join(chance.choices(KNOWN, k=12))
    return NoteContent(
        kind=chance.choice([Kind.NOTE, Kind.PAGE]),
        title=f"{word} {chance.choice(KNOWN)} {other}",
        body=f"{known} {word}{other} เวที{word} " * chance.randint(1, 9),
        visibility=chance.choice(["draft", "members"]),
        held_from=date(chance.randint(1990, 2030), 5, 1),
        places=(PlaceNamed(chance.choice([HU_LONG, "93", "101701"]), f"บ้าน{word}"),),
        themes=(WELFARE, f"ประเด็น{word}"),
        tags=(word, "แก้จนเมืองนคร"),
        organisations=(OrganisationPart(f"กลุ่ม{word}"), OrganisationPart(FUND, "organiser")),
        roles=(RolePlayed("khun_kit", person=f"คน{word}", place_code=HU_LONG, did=other),),
        author=f"ผู้เขียน{word}",
    )


def hide(store: Store, cast: Cast, shelf: Shelf, words: list[str], chance: random.Random) -> None:
    """Drafts, notes for members, and a comment that was hidden."""
    for _ in range(12):
        with store.saving() as session:
            notes.create(session, hidden_note(words, chance), by=cast.facilitator)
    with store.saving() as session:
        public = notes.get(session, shelf.lesson, seen_by=cast.commenter)
        comment = comments.add(session, public, by=cast.commenter, body=" ".join(words))
        comments.hide(session, comment, by=cast.curator)


def questions(words: list[str], shelf: Shelf) -> list[str]:
    """Everything a stranger can ask of the search, with these words and with known ones."""
    typed = [
        *words,
        *map(slip, words),
        *(word[:3] for word in words),
        *(f'"{word}"' for word in words),
        *(f"สวัสดิการ {word}" for word in words),
        *(f"สวัสดิการ -{word}" for word in words),
        *(f"@คน{word} เวที" for word in words[:2]),
        *(f"#{word}" for word in words[:2]),
        *KNOWN,
        *(slip(word) for word in KNOWN),
        " ".join(KNOWN[:3]),
        " ".join(KNOWN),
        "",
    ]
    search = [{"q": one} for one in typed]
    search += [{"q": one, "sort": "oldest", "limit": "1", "offset": "1"} for one in KNOWN]
    for name, kind in (("tag", ""), ("theme", "ประเด็น"), ("organisation", "กลุ่ม"), ("person", "คน")):
        search += [{name: kind + word} for word in words[:2]]
    search += [{name: str(n)} for name in ("person", "organisation") for n in range(1, 12)]
    search += [{"province": "80"}, {"tambon": HU_LONG}, {"theme": WELFARE}, {"from": "2500"}]
    asked_for = [
        *(f"/{path}?{urlencode(one)}" for path in ("search", "api/v1/search") for one in search),
        *(f"/suggest?what=search&q={quote(one)}" for one in typed),
    ]
    for what in ("place", "theme", "tag", "organisation", "person"):
        asked_for += [f"/suggest?what={what}&q={quote(one)}" for one in (*words, "คน", "กลุ่ม", "แก้")]
    for number in (shelf.lesson, shelf.review, shelf.draft, 7):
        asked_for += [f"/notes/{number}/similar", f"/api/v1/notes/{number}/similar"]
    return asked_for


@pytest.mark.parametrize("seed", range(3))
def test_no_answer_of_the_search_tells_a_stranger_of_what_is_hidden(
    app: Flask, store: Store, cast: Cast, shelf: Shelf, seed: int
) -> None:
    chance = random.Random(seed)
    for _ in range(6):
        write(store, " ".join(chance.sample(KNOWN, 2)), " ".join(chance.choices(KNOWN, k=30)))
    words = [made_word(chance) for _ in range(4)]
    asked_for = questions(words, shelf)
    client = app.test_client()
    before = {one: told(client, one) for one in asked_for}
    hide(store, cast, shelf, words, chance)
    differing = [unquote(one) for one in asked_for if told(client, one) != before[one]]
    assert differing == []


def told(client: FlaskClient, address: str) -> tuple[int, list[str]]:
    """All that an answer tells, but for its order and its scores, which count over all notes."""
    answer = client.get(address)
    lines = map(repr, pieces(answer.json)) if answer.is_json else lasting(answer.text).splitlines()
    return answer.status_code, sorted(lines)


def pieces(part: object) -> Iterator[object]:
    """The values within, without their order."""
    if isinstance(part, list):
        for one in part:
            yield from pieces(one)
    elif isinstance(part, dict):
        for name, one in part.items():
            if name not in ("took_ms", "score"):
                yield name
                yield from pieces(one)
    else:
        yield part


def test_what_is_hidden_moves_no_score(store: Store, cast: Cast, shelf: Shelf) -> None:
    chance = random.Random(9)

    def scores() -> list[list[tuple[int, float]]]:
        answers = (find(store, words, seen_by=ANONYMOUS) for words in (*KNOWN, " ".join(KNOWN)))
        return [[(hit.number, hit.score) for hit in found.hits] for found in answers]

    before = scores()
    hide(store, cast, shelf, [made_word(chance) for _ in range(4)], chance)
    assert scores() == before
