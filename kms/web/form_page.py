"""What a writing form shows: the words typed, what was understood of them, and the choices."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kms import question_sets, roles
from kms.language import gettext as _
from kms.note_kinds import LEVELS, OUTCOMES, PARTS, ROLES, Kind
from kms.question_sets import QuestionSet
from kms.themes import Tree
from kms.web.attachments import FormFiles
from kms.web.drafts import NOTHING_BESIDE, Beside
from kms.web.forms import aar, common, lesson, minutes, next_steps, used_lessons
from kms.web.forms.conflict import names_of
from kms.web.forms.note_form import group_names, group_of
from kms.web.forms.reading import Notices
from kms.web.forms.typed import Row, Typed

ROW_WORDS: Mapping[str, Sequence[str]] = {
    "places": common.PLACE_WORDS,
    "organisations": common.ORGANISATION_WORDS,
    "roles": common.ROLE_WORDS,
    "attachments": common.FILE_WORDS,
    "attendees": minutes.ATTENDEE_WORDS,
    "agenda": minutes.AGENDA_WORDS,
    "actions": next_steps.ACTION_WORDS,
    "used": used_lessons.USED_WORDS,
    "budget": minutes.BUDGET_WORDS,
    "sources": lesson.SOURCE_WORDS,
}
ROWS_TO_START = {"attendees": 2}
ROWS_TO_ADD = 3
STEPPED = frozenset({Kind.AFTER_ACTION_REVIEW, Kind.MINUTES, Kind.LESSON})


@dataclass(frozen=True)
class ThemeChoice:
    """A theme with its box."""

    slug: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class ThemeBranch:
    """A theme of the top with all beneath it; open while one of them is chosen."""

    label: str
    choices: tuple[ThemeChoice, ...]

    @property
    def is_open(self) -> bool:
        """Whether something in it is chosen."""
        return any(one.chosen for one in self.choices)


@dataclass(frozen=True)
class FormPage:
    """One showing of a form. ``added`` names the rows that the writer asked more of."""

    kind: Kind
    typed: Typed
    notices: Notices
    tree: Tree
    writer: str
    action: str
    number: int | None = None
    notice: str = ""
    must_sign_in: bool = False
    added: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    beside: Beside = NOTHING_BESIDE
    files: FormFiles = field(default_factory=FormFiles)

    @property
    def heading(self) -> str:
        """What this page is for."""
        names = {
            Kind.AFTER_ACTION_REVIEW: _("เขียน AAR"),
            Kind.MINUTES: _("จดบันทึกการประชุม"),
            Kind.LESSON: _("เขียนบทเรียน"),
            Kind.PAGE: _("เขียนหน้าความรู้"),
            Kind.NOTE: _("เขียนบันทึก"),
        }
        return _("แก้ไขบันทึก") if self.number else names[self.kind]

    @property
    def question_set(self) -> QuestionSet:
        """The set whose questions are shown."""
        return aar.question_set(self.typed)

    @property
    def question_sets(self) -> tuple[QuestionSet, ...]:
        """Every set to choose from."""
        return question_sets.load()

    @property
    def simplest_set(self) -> QuestionSet:
        """The one box."""
        return question_sets.get(aar.SIMPLEST)

    @property
    def other_set(self) -> QuestionSet:
        """What one press leads to: the one box, or from there the first set of questions."""
        if not self.question_set.asks_once:
            return self.simplest_set
        return next((one for one in self.question_sets if not one.asks_once), self.simplest_set)

    @property
    def has_steps(self) -> bool:
        """Whether the form has parts that a phone can show one at a time."""
        return self.kind in STEPPED

    @property
    def roles(self) -> list[tuple[str, str]]:
        """Roles to choose from, the three of the Tuna model first."""
        return [(code, roles.name(code)) for code in ROLES]

    @property
    def levels(self) -> list[tuple[str, str]]:
        """Levels to choose from; none is a choice too."""
        return [("", _("ไม่ระบุ")), *((code, roles.level_name(code)) for code in LEVELS)]

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        """How a lesson used can have gone; none means that it was not used."""
        names = names_of("outcome")
        return [(code, names[code]) for code in ("", *OUTCOMES)]

    @property
    def parts(self) -> list[tuple[str, str]]:
        """Parts that an organisation can have."""
        names = {"organiser": _("ผู้จัด"), "funder": _("ผู้ให้ทุน"), "partner": _("ภาคี")}
        return [(code, names[code]) for code in PARTS]

    @property
    def themes(self) -> list[ThemeBranch]:
        """The agreed tree, each branch flattened with its top first."""
        return theme_branches(self.tree, self.typed.all("themes"))

    def rows(self, prefix: str) -> list[tuple[int, Row, bool]]:
        """Index and words of each row, then blank ones; True for the row to begin typing in."""
        filled: list[Row] = list(self.typed.rows(prefix, ROW_WORDS[prefix]))
        blanks = max(ROWS_TO_START.get(prefix, 1) - len(filled), 0)
        if self.added == prefix:
            blanks = max(self.typed.count(prefix) - len(filled) + 1, ROWS_TO_ADD)
        rows = [*filled, *({} for _blank in range(blanks))]
        begin = len(filled) if self.added == prefix else -1
        return [(index, row, index == begin) for index, row in enumerate(rows)]

    def is_open(self, *groups: str) -> bool:
        """Whether something was typed or must be mended in these parts of the form."""
        touched = {group_of(name) for name in (*self.notices.problems, self.added)}
        words = {group_of(name) for name, values in self._words() if any(values)}
        return bool(set(groups) & (touched | words))

    def _words(self) -> list[tuple[str, Sequence[str]]]:
        rows = [
            (prefix, [row.get(column, "").strip() for column in columns])
            for prefix, columns in ROW_WORDS.items()
            for row in self.typed.rows(prefix, columns)
        ]
        single = [
            (name, values)
            for name, values in self.typed.values.items()
            if group_of(name) not in ROW_WORDS and (name, values) != ("credit", ("own",))
        ]
        return [*rows, *single]


def theme_branches(tree: Tree, chosen: Iterable[str]) -> list[ThemeBranch]:
    """The agreed tree to choose from, with these slugs chosen already."""
    slugs = frozenset(chosen)
    return [
        ThemeBranch(top.label, tuple(_branch(tree, top.slug, slugs))) for top in tree.children()
    ]


def _branch(tree: Tree, slug: str, chosen: frozenset[str]) -> list[ThemeChoice]:
    found = [ThemeChoice(slug, tree.label(slug), slug in chosen)]
    for child in tree.children(slug):
        found.extend(_branch(tree, child.slug, chosen))
    return found


def labels_for(problems: Mapping[str, str], questions: QuestionSet, kind: Kind) -> dict[str, str]:
    """What the page calls each field that must be mended, and each part of the form."""
    names = group_names()
    if kind == Kind.MINUTES:
        names.update(title=_("ประชุมเรื่องอะไร"), held=_("ประชุมวันไหน"))
    elif kind == Kind.PAGE:
        names.update(title=_("ชื่อหน้า"))
    names.update({f"answers-{one.id}": one.said_ask for one in questions.questions})
    for problem in problems:
        group = group_of(problem)
        index = problem.split("-")[1] if "-" in problem and group in ROW_WORDS else ""
        if index.isdigit():
            names[problem] = _(
                "%(what)s แถวที่ %(n)s", what=names.get(group, group), n=int(index) + 1
            )
    return names
