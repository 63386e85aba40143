"""The answers of an after-action review; question sets come from ``content/``."""

from collections.abc import Mapping
from datetime import date

from kms import question_sets
from kms.errors import KmsError
from kms.note_kinds import NoteContent, Review
from kms.question_sets import QuestionSet
from kms.thai.words import shorten
from kms.web.forms import next_steps, used_lessons
from kms.web.forms.reading import Notices
from kms.web.forms.typed import Typed, plain

LONGEST_LEAD = 80
SIMPLEST = "one-box"
_PREFIX = "answers-"


def question_set(typed: Typed) -> QuestionSet:
    """The chosen set; an unknown one means the simplest."""
    try:
        return question_sets.get(typed.text("questions", SIMPLEST))
    except KmsError:
        return question_sets.get(SIMPLEST)


def read(
    typed: Typed,
    held: date | None,
    lessons: Mapping[str, tuple[int, str]],
    notices: Notices,
) -> Review:
    """The answers given, by question; words for a question outside the set join the first.

    ``held`` is the day of the event; ``lessons`` gives number and title of those named that the
    writer may see.
    """
    kept = switch(typed, question_set(typed).id)
    asked = question_set(typed)
    answers = {one.id: kept.words(_PREFIX + one.id) for one in asked.questions}
    return Review(
        asked.id,
        {name: answer for name, answer in answers.items() if answer},
        actions=next_steps.read(typed, held, notices),
        used=used_lessons.read(typed, lessons, notices),
        briefing=typed.words("briefing"),
    )


def switch(typed: Typed, to: str) -> Typed:
    """The same answers under another question set.

    Answers to questions that both sets ask stay; every other one moves, in order, to the first
    question of the new set, where the writer sees it.
    """
    asked = question_set(typed.but(questions=to))
    names = [_PREFIX + one.id for one in asked.questions]
    strays = {
        name: plain(values[0])
        for name, values in typed.values.items()
        if name.startswith(_PREFIX) and name not in names and values
    }
    first = [typed.words(names[0]), *strays.values()]
    remaining = {name: values for name, values in typed.values.items() if name not in strays}
    joined = "\n\n".join(one for one in first if one)
    if not strays:
        return typed.but(questions=asked.id)
    return Typed(remaining).but(**{"questions": asked.id, names[0]: joined})


def title(review: Review) -> str:
    """A title for a review that was given none: the opening words of its first answer."""
    for answer in review.answers.values():
        return shorten(answer.split("\n")[0].strip(), LONGEST_LEAD)
    return ""


def fill(content: NoteContent) -> Typed:
    """The fields of the review."""
    review = content.review or Review()
    answers = {_PREFIX + name: (answer,) for name, answer in review.answers.items()}
    briefing = {"briefing": (review.briefing,)} if review.briefing else {}
    return Typed(
        {
            "questions": (review.question_set,),
            **answers,
            **used_lessons.fill(review.used),
            **briefing,
            **next_steps.fill(content),
        }
    )
