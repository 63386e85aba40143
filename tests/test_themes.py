"""The tree of themes: agreed by curators, grown by writers' proposals."""

import pytest
from sqlalchemy.orm import Session

from kms import language, notes, themes
from kms.errors import Invalid, NotAllowed, NotFound
from kms.models import Theme
from kms.permissions import ANONYMOUS
from kms.saving import Store
from tests.cast import Cast
from tests.statements import counting
from tests.stories import a_review


@pytest.fixture
def welfare(session: Session, cast: Cast) -> Theme:
    """Wellbeing > welfare > funds, and economy beside it."""
    top = themes.add(
        session, by=cast.curator, name="ความมั่นคงและสุขภาวะ", name_en="Wellbeing", slug="wellbeing"
    )
    middle = themes.add(
        session,
        by=cast.curator,
        name="สวัสดิการชุมชน",
        name_en="Community welfare",
        slug="welfare",
        parent=top,
    )
    themes.add(session, by=cast.curator, name="กองทุนสวัสดิการ", slug="funds", parent=middle)
    themes.add(session, by=cast.curator, name="เศรษฐกิจ", slug="economy")
    session.commit()
    return middle


def test_the_tree_is_read_in_one_statement(store: Store, welfare: Theme) -> None:
    with store.sessions() as fresh, counting(store) as sent:
        tree = themes.load(fresh)
        assert [node.slug for node in tree.children()] == ["wellbeing", "economy"]
        assert [node.slug for node in tree.path("funds")] == ["wellbeing", "welfare", "funds"]
        assert tree.subtree("wellbeing") == {"wellbeing", "welfare", "funds"}
    assert len(sent) == 1
    assert tree.path("unknown") == []
    assert tree.subtree("unknown") == set()


def test_a_theme_is_called_in_the_language_of_the_reader(session: Session, welfare: Theme) -> None:
    tree = themes.load(session)
    assert tree.label("welfare") == "สวัสดิการชุมชน"
    with language.speaking("en"):
        assert tree.label("welfare") == "Community welfare"
        assert tree.label("funds") == "กองทุนสวัสดิการ"
    assert tree.label("unknown") == "unknown"


def test_a_slug_a_thai_name_and_an_english_name_are_one_theme(
    store: Store, session: Session, welfare: Theme
) -> None:
    ways = ["welfare", "สวัสดิการ\u200bชุมชน", "COMMUNITY welfare"]
    with store.sessions() as fresh, counting(store) as sent:
        found = themes.resolve(fresh, ways)
    assert len(sent) == 1
    assert [theme.slug for theme in found] == ["welfare"]


def test_new_names_are_proposed_once_each(session: Session) -> None:
    found = themes.resolve(session, ["ธนาคาร ปูม้า", "ธนาคาร-ปูม้า", "ธนาคาร  ปูม้า", "../../x", "?"])
    assert [theme.slug for theme in found] == ["ธนาคาร-ปูม้า", "ธนาคาร-ปูม้า-2", "x", "theme"]
    assert {theme.status for theme in found} == {"proposed"}
    assert themes.resolve(session, ["ธนาคาร ปูม้า"]) == found[:1]
    assert themes.load(session).children() == []
    assert len(themes.load(session).proposals) == 4


def test_a_long_proposal_keeps_its_name_and_a_short_address(session: Session) -> None:
    name = "การฟื้นฟูทรัพยากร" * 11
    (theme,) = themes.resolve(session, [name])
    assert theme.name == name
    assert len(theme.slug) <= 70


def test_an_agreed_proposal_joins_the_tree(session: Session, welfare: Theme, cast: Cast) -> None:
    (theme,) = themes.resolve(session, ["ธนาคารเวลา"])
    themes.agree(session, theme, by=cast.curator, parent=welfare)
    assert [node.name for node in themes.load(session).children("welfare")] == [
        "กองทุนสวัสดิการ",
        "ธนาคารเวลา",
    ]
    assert themes.load(session).proposals == []


def test_a_renamed_theme_keeps_its_address_and_its_notes_are_fresh(
    session: Session, welfare: Theme, cast: Cast
) -> None:
    note = notes.create(session, a_review(themes=("welfare",)), by=cast.facilitator)
    session.commit()
    before = notes.stamp(session, note.number, seen_by=ANONYMOUS)
    themes.rename(session, welfare, by=cast.curator, name="สวัสดิการโดยชุมชน")
    session.commit()
    assert notes.view(session, note.number, seen_by=ANONYMOUS).themes == (
        ("welfare", "สวัสดิการโดยชุมชน"),
    )
    assert notes.stamp(session, note.number, seen_by=ANONYMOUS) > before


def test_a_theme_never_moves_beneath_itself(session: Session, welfare: Theme, cast: Cast) -> None:
    top, below = themes.get(session, "wellbeing"), themes.get(session, "funds")
    for target in (top, below):
        with pytest.raises(Invalid):
            themes.move(session, top, by=cast.curator, parent=target)
    themes.move(session, below, by=cast.curator, parent=None)
    assert [node.slug for node in themes.load(session).children()][-1] == "funds"


def test_a_merged_theme_leads_to_the_other_with_all_its_notes(
    session: Session, welfare: Theme, cast: Cast
) -> None:
    old = notes.create(session, a_review(themes=("กองทุนออมทรัพย์",)), by=cast.facilitator)
    both = notes.create(session, a_review(themes=("กองทุนออมทรัพย์", "funds")), by=cast.facilitator)
    session.commit()
    before = notes.stamp(session, old.number, seen_by=ANONYMOUS)
    (proposed,) = themes.resolve(session, ["กองทุนออมทรัพย์"])
    target = themes.get(session, "funds")
    assert themes.merge(session, proposed, into=target, by=cast.curator) == 2
    session.commit()
    session.expire_all()
    for note in (old, both):
        assert notes.content_of(note).themes == ("funds",)
    assert notes.stamp(session, old.number, seen_by=ANONYMOUS) > before
    assert themes.resolve(session, ["กองทุนออมทรัพย์", proposed.slug]) == [target]
    assert themes.load(session).by_slug[proposed.slug].merged_into == "funds"
    # A writer who opens the note now changes nothing by saving it.
    notes.revise(session, old, notes.content_of(old), by=cast.facilitator, based_on=1)
    assert old.revision == 1


def test_a_theme_is_not_merged_into_its_own_branch(
    session: Session, welfare: Theme, cast: Cast
) -> None:
    for slug in ("welfare", "funds"):
        with pytest.raises(Invalid):
            themes.merge(session, welfare, into=themes.get(session, slug), by=cast.curator)
    themes.merge(session, welfare, into=themes.get(session, "economy"), by=cast.curator)
    assert [node.slug for node in themes.load(session).children("economy")] == ["funds"]


def test_a_retired_theme_is_offered_no_more_and_its_notes_keep_it(
    session: Session, welfare: Theme, cast: Cast
) -> None:
    note = notes.create(session, a_review(themes=("funds",)), by=cast.facilitator)
    with pytest.raises(Invalid):
        themes.retire(session, welfare, by=cast.curator)
    themes.retire(session, themes.get(session, "funds"), by=cast.curator)
    assert themes.load(session).children("welfare") == []
    assert notes.view(session, note.number, seen_by=ANONYMOUS).themes[0][0] == "funds"


def test_only_curators_keep_the_tree(session: Session, welfare: Theme, cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        themes.add(session, by=cast.facilitator, name="ใหม่")
    with pytest.raises(NotAllowed):
        themes.retire(session, welfare, by=cast.facilitator)


def test_a_bad_name_or_a_taken_address_is_said(
    session: Session, welfare: Theme, cast: Cast
) -> None:
    for name in ("", "  ", "ก" * 201):
        with pytest.raises(Invalid) as refused:
            themes.add(session, by=cast.curator, name=name)
        assert list(refused.value.problems) == ["name"]
    with pytest.raises(Invalid) as refused:
        themes.add(session, by=cast.curator, name="ใหม่", slug="welfare")
    assert list(refused.value.problems) == ["slug"]
    with pytest.raises(NotFound):
        themes.get(session, "unknown")
