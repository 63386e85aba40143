"""The question sets that ship, and what a broken one says."""

from pathlib import Path

import pytest

from kms import language, question_sets
from kms.errors import BadSettings, NotFound


def test_four_sets_ship_in_order_and_each_asks_for_one_answer_at_most() -> None:
    sets = question_sets.load()
    assert [one.id for one in sets] == ["one-box", "thai-km", "thai-km-organiser", "four-questions"]
    for one in sets:
        assert [question.required for question in one.questions].count(True) == 1
        assert one.questions[0].required


def test_every_word_of_a_set_is_in_both_languages() -> None:
    for one in question_sets.load():
        said = [one.said_name, one.said_about]
        said += [text for q in one.questions for text in (q.said_ask, q.said_help, q.said_example)]
        with language.speaking("en"):
            english = [one.said_name, one.said_about]
            english += [
                text for q in one.questions for text in (q.said_ask, q.said_help, q.said_example)
            ]
        assert all(said)
        assert not set(said) & set(english)


def test_an_unknown_set_is_not_found() -> None:
    assert question_sets.get("one-box").id == "one-box"
    with pytest.raises(NotFound):
        question_sets.get("../../etc")


@pytest.mark.parametrize(
    "words", ["{", "name: ก", "[]", "id: x\nname: y\nquestions: [{id: a, colour: red}]", "\x00"]
)
def test_a_broken_file_is_named(tmp_path: Path, words: str) -> None:
    (tmp_path / "mine.yaml").write_text(words, encoding="utf-8")
    with pytest.raises(BadSettings, match=r"mine\.yaml"):
        question_sets.load(tmp_path)
