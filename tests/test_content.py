"""What a first visitor sees: the files of content/, read as plain files, with no database."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import geothai
import pytest
import yaml

from kms.markup import wiki_titles

CONTENT = Path(__file__).parents[1] / "content"
MINE = [
    *sorted(CONTENT.rglob("*.md")),
    *sorted(CONTENT.glob("question_sets/*.yaml")),
    CONTENT / "themes.yaml",
    CONTENT / "organisations.yaml",
]
RECORDS = [
    *sorted(CONTENT.glob("notes/*.md")),
    *sorted(CONTENT.glob("lessons/*.md")),
    *sorted(CONTENT.glob("glossary/*.md")),
]
KINDS = {"aar", "minutes", "lesson", "page", "note"}
ROLES = {"khun_ua", "khun_amnuay", "khun_kit", "khun_likhit", "khun_prasan", "khun_wisat"}
LEVELS = {"province", "amphoe", "tambon", "village", "zone"}
PARTS = {"organiser", "funder", "partner"}
ORGANISATION_KINDS = {"state", "local", "community", "academic", "fund", "network", "private"}
STRATEGIES = ["management", "community-wellbeing", "natural-resources", "culture", "economy"]
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LINK = re.compile(r"\[\[([^\]|]+)(?:\|[^\]]*)?\]\]")
PLACE = re.compile(r"(?:ต\.(?P<tambon>\S+) )?(?:อ\.(?P<amphoe>\S+) )?จ\.(?P<province>\S+)")

# Traps that text from other systems carries in: each looks right and is not found by a search.
BROKEN_THAI = {
    "NBSP": re.compile("\u00a0"),
    "zero-width character": re.compile("[\u200b-\u200d\u2060\ufeff]"),
    "nikhahit and aa for sara am": re.compile("\u0e4d[\u0e48-\u0e4b]?\u0e32"),
    "two sara e for sara ae": re.compile("\u0e40\u0e40"),
    "a tone mark before its vowel": re.compile("[\u0e48-\u0e4b][\u0e31\u0e34-\u0e39]"),
    "a tone mark after sara am": re.compile("\u0e33[\u0e48-\u0e4b]"),
    "a doubled mark": re.compile("([\u0e31\u0e34-\u0e3a\u0e47-\u0e4e])\\1"),
    "a mark without a letter": re.compile("(^|[\\s(])[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]"),
    "a replacement character": re.compile("\ufffd"),
}


def front_matter(path: Path) -> tuple[dict[str, Any], str]:
    """The fields and the body of a Markdown file."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith("---\n"), f"{path} has no front matter"
    head, fence, body = text.removeprefix("---\n").partition("\n---\n")
    assert fence, f"{path} does not close its front matter"
    return yaml.safe_load(head), body


def load(path: Path) -> Any:
    """A YAML file as plain values."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def branches(tree: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every theme of the tree, at any depth."""
    for theme in tree:
        yield theme
        yield from branches(theme.get("children", []))


def words_of(value: Any) -> str:
    """All the text in nested plain values."""
    if isinstance(value, dict):
        return "\n".join(words_of(one) for one in value.values())
    if isinstance(value, list):
        return "\n".join(words_of(one) for one in value)
    return str(value) if value is not None else ""


def folded(name: str) -> str:
    """A name as people meet it: dots, spaces and letter case do not count."""
    return re.sub(r"[.\s]", "", name).lower()


THEMES = list(branches(load(CONTENT / "themes.yaml")))
ORGANISATIONS = load(CONTENT / "organisations.yaml")
FIELDS = {path: front_matter(path) for path in RECORDS}
QUESTION_SETS = {path.stem: load(path) for path in CONTENT.glob("question_sets/*.yaml")}
NOTES = {
    fields["id"]: (fields, body)
    for path, (fields, body) in FIELDS.items()
    if path.parent.name == "notes"
}
LESSONS = [fields for path, (fields, _body) in FIELDS.items() if path.parent.name == "lessons"]


def each_record() -> list[Any]:
    """Parameters that name the file in the test's report."""
    return [pytest.param(path, id=f"{path.parent.name}/{path.stem}") for path in RECORDS]


def test_there_is_enough_for_a_first_visitor() -> None:
    kinds = Counter(fields["kind"] for fields, _body in NOTES.values())
    assert kinds["aar"] >= 2
    assert kinds["minutes"] >= 3
    assert kinds["page"] >= 1
    assert len(NOTES) >= 8
    assert len(LESSONS) >= 22
    assert len(list(CONTENT.glob("glossary/*.md"))) >= 24
    assert len(ORGANISATIONS) >= 45
    assert set(QUESTION_SETS) == {"one-box", "thai-km", "thai-km-organiser", "four-questions"}


@pytest.mark.parametrize("path", MINE, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_file_carries_broken_thai(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [name for name, trap in BROKEN_THAI.items() if trap.search(text)] == []


def test_the_themes_are_the_five_strategies_and_their_sub_themes() -> None:
    assert [theme["slug"] for theme in load(CONTENT / "themes.yaml")] == STRATEGIES
    slugs = [theme["slug"] for theme in THEMES]
    assert len(slugs) == len(set(slugs))
    assert {"community-welfare", "community-finance", "eco-tourism", "household-accounts"} <= {
        *slugs
    }
    for theme in THEMES:
        assert SLUG.fullmatch(theme["slug"])
        assert theme["name"] and theme["name_en"] and theme["about"]


def test_no_two_organisations_answer_to_one_name() -> None:
    owners: dict[str, set[str]] = {}
    for one in ORGANISATIONS:
        assert one["kind"] in ORGANISATION_KINDS, one["name"]
        assert one["about"], one["name"]
        for name in [one["name"], one["abbreviation"], *one["also"]]:
            if name:
                owners.setdefault(folded(name), set()).add(one["name"])
    assert {name: found for name, found in owners.items() if len(found) > 1} == {}


def test_organisations_lie_in_places_that_exist() -> None:
    for one in ORGANISATIONS:
        if one["place"] is not None:
            assert is_code(str(one["place"])), one["name"]


def test_an_abbreviation_is_written_with_its_dots() -> None:
    for one in ORGANISATIONS:
        if one["abbreviation"]:
            assert "." in one["abbreviation"], one["name"]


@pytest.mark.parametrize("name", sorted(QUESTION_SETS))
def test_only_the_first_question_is_required(name: str) -> None:
    questions = QUESTION_SETS[name]["questions"]
    assert QUESTION_SETS[name]["id"] == name
    assert [question["required"] for question in questions] == [True] + [False] * (
        len(questions) - 1
    )
    ids = [question["id"] for question in questions]
    assert len(ids) == len(set(ids))
    for question in questions:
        for field in ("ask", "ask_en", "help", "help_en", "example"):
            assert question[field], f"{name} {question['id']} {field}"


def test_every_id_and_every_title_is_used_once() -> None:
    ids = Counter(fields["id"] for fields, _body in FIELDS.values())
    titles = Counter(folded(fields["title"]) for fields, _body in FIELDS.values())
    assert [name for name, count in ids.items() if count > 1] == []
    assert [name for name, count in titles.items() if count > 1] == []
    for path, (fields, _body) in FIELDS.items():
        assert fields["id"] == path.stem


@pytest.mark.parametrize("path", each_record())
def test_a_record_names_only_what_exists(path: Path) -> None:
    fields, body = FIELDS[path]
    assert fields["kind"] in KINDS
    assert fields["visibility"] == "public"
    assert fields["title"] and body.strip()
    assert set(fields["themes"]) <= {theme["slug"] for theme in THEMES}
    known = {one["name"] for one in ORGANISATIONS}
    for one in fields.get("organisations", []):
        assert one["name"] in known
        assert one["part"] in PARTS
    for role in fields.get("roles", []):
        assert role["role"] in ROLES
        assert role["level"] in LEVELS
        assert role["did"]
        assert role.get("person") or role.get("organisation")
        assert role.get("organisation") in {None, *known}
        assert code_of(role["place"]), role["place"]


@pytest.mark.parametrize("path", each_record())
def test_every_place_of_a_record_has_a_code(path: Path) -> None:
    for place in FIELDS[path][0].get("places", []):
        assert code_of(place), place


@pytest.mark.parametrize("path", each_record())
def test_wiki_links_lead_to_titles_that_exist(path: Path) -> None:
    titles = {fields["title"] for fields, _body in FIELDS.values()}
    assert [name for name in LINK.findall(FIELDS[path][1]) if name not in titles] == []


@pytest.mark.parametrize("path", sorted(CONTENT.rglob("*.md")), ids=lambda path: path.name)
def test_a_paragraph_is_one_line_because_a_line_break_is_shown(path: Path) -> None:
    starts = re.compile(r"\s*([-*+] |\d+\. |[|#>]|```|$)")
    text = re.sub(r"```.*?```", "", front_matter(path)[1], flags=re.DOTALL)
    lines = text.splitlines()
    wrapped = [
        later for earlier, later in pairwise(lines) if earlier.strip() and not starts.match(later)
    ]
    assert wrapped == []


def test_an_after_action_review_answers_its_question_set() -> None:
    for name, (fields, _body) in NOTES.items():
        if fields["kind"] == "aar":
            asked = [one["id"] for one in QUESTION_SETS[fields["question_set"]]["questions"]]
            assert set(fields["answers"]) <= set(asked), name
            assert fields["answers"][asked[0]].strip(), name


def test_the_budget_of_phase_two_sums_to_what_was_announced() -> None:
    budget = NOTES["nakhon-board-minutes-2552"][0]["minutes"]["budget"]
    assert len(budget) == 8
    assert sum(line["amount"] for line in budget) == 35_978_000
    known = {one["name"] for one in ORGANISATIONS}
    assert {line["organisation"] for line in budget} <= known


def test_the_researchers_meet_again_on_27_december_2550() -> None:
    following = NOTES["phatthalung-minutes-2550"][0]["minutes"]["next_meeting"]
    assert following == {
        "date": "2550-12-27",
        "time": "09.00",
        "venue": "ศาลากลางจังหวัดพัทลุง",
    }


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson["id"])
def test_a_lesson_quotes_words_that_its_source_says(lesson: dict[str, Any]) -> None:
    assert lesson["lesson"]["sources"]
    for source in lesson["lesson"]["sources"]:
        fields, body = NOTES[source["note"]]
        said = "\n".join([body, words_of(fields.get("answers")), words_of(fields.get("minutes"))])
        assert source["passage"] in said


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson["id"])
def test_a_lesson_says_when_what_why_and_who(lesson: dict[str, Any]) -> None:
    parts = lesson["lesson"]
    assert parts["point"] and parts["what_to_do"] and parts["why"]
    assert parts["holds_when"].startswith("เมื่อ") and "ถ้า" in parts["holds_when"]
    assert parts["polarity"] in {"works", "does_not_work"}
    assert len(lesson["roles"]) >= 2


def test_lessons_are_spread_over_provinces_themes_and_both_outcomes() -> None:
    provinces = {code_of(place)[:2] for lesson in LESSONS for place in lesson["places"]}
    assert {"80", "93", "18", "40", "52", "22"} <= provinces
    assert len({theme for lesson in LESSONS for theme in lesson["themes"]}) >= 15
    outcomes = Counter(lesson["lesson"]["polarity"] for lesson in LESSONS)
    assert min(outcomes["works"], outcomes["does_not_work"]) >= 8
    assert {role["role"] for lesson in LESSONS for role in lesson["roles"]} == ROLES


def test_every_help_page_comes_in_thai_and_english() -> None:
    thai = [path for path in CONTENT.glob("help/*.md") if not path.stem.endswith(".en")]
    assert len(thai) >= 10
    slugs, orders = [], []
    for path in thai:
        fields, body = front_matter(path)
        assert fields["slug"] == path.stem
        assert fields["title"] and fields["title_en"] and body.strip()
        assert not list(wiki_titles(body))
        assert front_matter(path.with_suffix(".en.md"))[1].strip()
        slugs.append(fields["slug"])
        orders.append(fields["order"])
    assert len(slugs) == len(set(slugs))
    assert len(orders) == len(set(orders))


def is_code(code: str) -> bool:
    """Whether DOPA knows this code of 2, 4 or 6 digits."""
    find = {2: geothai.province, 4: geothai.district, 6: geothai.subdistrict}[len(code)]
    return find(code) is not None


def code_of(place: str) -> str:
    """The DOPA code of ``ต.… อ.… จ.…``; empty when there is no such place."""
    named = PLACE.fullmatch(place)
    if named is None:
        return ""
    areas = geothai.provinces()
    code = ""
    for level, beneath in (
        ("province", geothai.districts),
        ("amphoe", geothai.subdistricts),
        ("tambon", None),
    ):
        if named[level] is None:
            return code
        code = next((area.code for area in areas if area.name_th == named[level]), "")
        if not code:
            return ""
        areas = beneath(code) if beneath else []
    return code
