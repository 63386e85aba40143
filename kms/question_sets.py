"""The question sets of after-action reviews: data in ``content/question_sets``, never code."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from kms import language
from kms.errors import BadSettings, NotFound
from kms.language import gettext as _
from kms.settings import PROJECT

FOLDER = PROJECT / "content" / "question_sets"


@dataclass(frozen=True)
class Question:
    """One question in both languages; ``rows`` is how tall its box opens.

    ``required`` marks where a page asks for an answer when none of the set was given.
    """

    id: str
    ask: str
    ask_en: str = ""
    help: str = ""
    help_en: str = ""
    example: str = ""
    example_en: str = ""
    required: bool = False
    rows: int = 4

    @property
    def said_ask(self) -> str:
        """The question in the current language."""
        return _said(self.ask, self.ask_en)

    @property
    def said_help(self) -> str:
        """The help in the current language."""
        return _said(self.help, self.help_en)

    @property
    def said_example(self) -> str:
        """The example in the current language."""
        return _said(self.example, self.example_en)


@dataclass(frozen=True)
class QuestionSet:
    """The questions of one way to review, in order."""

    id: str
    name: str
    name_en: str = ""
    about: str = ""
    about_en: str = ""
    order: int = 0
    questions: tuple[Question, ...] = ()

    @property
    def asks_once(self) -> bool:
        """Whether there is only one question."""
        return len(self.questions) == 1

    @property
    def said_name(self) -> str:
        """The name in the current language."""
        return _said(self.name, self.name_en)

    @property
    def said_about(self) -> str:
        """What it is for, in the current language."""
        return _said(self.about, self.about_en)


@cache
def load(folder: Path = FOLDER) -> tuple[QuestionSet, ...]:
    """Every set of the folder, in the order they ask to stand; read once.

    Raises BadSettings naming the file that cannot be read.
    """
    sets = [_read(path) for path in sorted(folder.glob("*.yaml"))]
    return tuple(sorted(sets, key=lambda one: (one.order, one.id)))


def get(set_id: str) -> QuestionSet:
    """The set of this id; raises NotFound."""
    for one in load():
        if one.id == set_id:
            return one
    raise NotFound(_("ไม่มีชุดคำถามนี้ เลือกชุดคำถามใหม่จากรายการ"))


def _read(path: Path) -> QuestionSet:
    try:
        kept: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        questions = tuple(Question(**one) for one in kept.pop("questions"))
        return QuestionSet(**kept, questions=questions)
    except (OSError, yaml.YAMLError, TypeError, KeyError, AttributeError, ValueError) as problem:
        raise BadSettings(
            _("อ่านชุดคำถาม %(name)s ไม่ได้: %(problem)s", name=path.name, problem=problem)
        ) from problem


def _said(thai: str, english: str) -> str:
    return english if language.current() == "en" and english else thai
