"""A new name of a theme, a person or an organisation is heard by every note it stands in."""

from kms.models import Note, Organisation, Person, Theme
from kms.note_kinds import Kind, LessonParts, OrganisationPart, RolePlayed, SourcePassage
from kms.saving import Store
from tests.search_helpers import counts, find, numbers, write


def version(store: Store, number: int) -> int:
    with store.reading() as session:
        return session.get_one(Note, number).version


def test_a_renamed_theme_is_found_by_its_new_name(store: Store) -> None:
    number = write(store, "เวที", themes=("เรือนแพ",))
    before = version(store, number)
    with store.saving() as session:
        theme = session.query(Theme).filter_by(name="เรือนแพ").one()
        theme.name = "บ้านลอยน้ำ"
    assert numbers(find(store, "บ้านลอยน้ำ")) == [number]
    assert numbers(find(store, "เรือนแพ")) == []
    assert version(store, number) > before


def test_a_moved_theme_takes_its_notes_under_the_new_parent(store: Store) -> None:
    parent = write(store, "เวทีใหญ่", themes=("ที่อยู่อาศัย",))
    child = write(store, "เวทีเล็ก", themes=("เรือนแพ",))
    grandchild = write(store, "เวทีจิ๋ว", themes=("แพไม้ไผ่",))
    with store.saving() as session:
        themes = {theme.name: theme for theme in session.query(Theme)}
        themes["แพไม้ไผ่"].parent_id = themes["เรือนแพ"].id
    with store.saving() as session:
        themes = {theme.name: theme for theme in session.query(Theme)}
        themes["เรือนแพ"].parent_id = themes["ที่อยู่อาศัย"].id
    found = find(store, theme="ที่อยู่อาศัย")
    assert sorted(numbers(found)) == [parent, child, grandchild]
    by_name = {value.label: value.count for value in found.facets["theme"]}
    assert by_name == {"ที่อยู่อาศัย": 3, "เรือนแพ": 2, "แพไม้ไผ่": 1}


def test_a_renamed_person_is_found_by_the_new_name(store: Store) -> None:
    role = RolePlayed("khun_ua", person="นายก อบต. หูล่อง")
    number = write(store, "เวที", roles=(role,))
    with store.saving() as session:
        session.query(Person).one().name = "นายกองค์การบริหารส่วนตำบลหูล่อง"
    assert numbers(find(store, "องค์การบริหาร")) == [number]


def test_a_renamed_organisation_is_found_by_the_new_name(store: Store) -> None:
    number = write(store, "เวที", organisations=(OrganisationPart("กลุ่มเรือนแพ"),))
    with store.saving() as session:
        session.query(Organisation).one().name = "กลุ่มบ้านลอยน้ำ"
    found = find(store, "ลอยน้ำ")
    assert numbers(found) == [number]
    assert list(counts(found, "organisation").values()) == [1]


def test_a_lesson_steps_the_version_of_the_notes_it_was_drawn_from(store: Store) -> None:
    source = write(store, "เวที", "เป้าหมายไม่ชัด คนเลยมาไม่ครบ")
    before = version(store, source)
    parts = LessonParts(point="เป้าหมายต้องชัด", sources=(SourcePassage(source, "เป้าหมายไม่ชัด"),))
    lesson = write(store, "บทเรียน", kind=Kind.LESSON, lesson=parts)
    drawn = version(store, source)
    assert drawn > before
    with store.saving() as session:
        session.get_one(Note, lesson).title = "บทเรียนเรื่องเป้าหมาย"
    assert version(store, source) > drawn


def test_a_lesson_does_not_give_away_words_of_a_source_one_may_not_see(store: Store) -> None:
    source = write(store, "เวทีปิด", "ความลับของสมาชิก", visibility="members")
    parts = LessonParts(point="ไว้ใจกัน", sources=(SourcePassage(source, "ความลับของสมาชิก"),))
    write(store, "บทเรียน", kind=Kind.LESSON, lesson=parts)
    assert find(store, "ความลับ").total == 0
