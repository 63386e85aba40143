"""What the form of an activity shows: the words typed, what was understood, and the choices."""

from dataclasses import dataclass, field

from flask import url_for

from kms.activities import ActivityLine
from kms.language import gettext as _
from kms.themes import Tree
from kms.web.addresses import address
from kms.web.form_page import ROWS_TO_ADD, ThemeBranch, theme_branches
from kms.web.forms import activity as form_words
from kms.web.forms.reading import Notices
from kms.web.forms.typed import Row, Typed

ROW_WORDS = {
    "places": form_words.PLACE_WORDS,
    "organisations": form_words.ORGANISATION_WORDS,
}
ROWS_TO_START = {"places": 1, "organisations": 2}


@dataclass(frozen=True)
class ActivityForm:
    """One showing of the form. ``alike`` are activities that this may be one of; ``kept`` is what
    somebody else has recorded since it was opened, with ``kept_about``."""

    typed: Typed
    tree: Tree
    note: int
    note_title: str
    activity: int | None = None
    notices: Notices = field(default_factory=Notices)
    alike: tuple[ActivityLine, ...] = ()
    added: str = ""
    kept: ActivityLine | None = None
    kept_about: str = ""

    @property
    def action(self) -> str:
        """Where it is sent."""
        if self.activity:
            return url_for("activities.edit", number=self.activity)
        return address(url_for("activities.new"), (("from", str(self.note)),))

    @property
    def themes(self) -> list[ThemeBranch]:
        """The agreed tree, with what was ticked."""
        return theme_branches(self.tree, self.typed.all("themes"))

    @property
    def parts(self) -> list[tuple[str, str]]:
        """What an organisation can do in it."""
        return list(form_words.part_names().items())

    @property
    def labels(self) -> dict[str, str]:
        """What the page calls each field that must be mended."""
        names = {
            "name": _("ชื่องานหรือโครงการ"),
            "organisations": _("ใครให้ทุน ใครทำ"),
            "places": _("สถานที่"),
            "period": _("ช่วงเวลา"),
            "amount": _("งบ (บาท)"),
        }
        return {one: names.get(one.split("-")[0], "") for one in self.notices.problems}

    def rows(self, prefix: str) -> list[tuple[int, Row, bool]]:
        """Index and words of each row, then blank ones; True for the row to begin typing in."""
        filled: list[Row] = list(self.typed.rows(prefix, ROW_WORDS[prefix]))
        wanted = max(ROWS_TO_START[prefix], len(filled))
        if self.added == prefix:
            wanted = max(len(filled) + ROWS_TO_ADD, wanted)
        begin = len(filled) if self.added == prefix else -1
        rows = [*filled, *({} for _blank in range(wanted - len(filled)))]
        return [(index, row, index == begin) for index, row in enumerate(rows)]


def theme_options(tree: Tree) -> list[tuple[str, str]]:
    """The agreed themes to choose one from, each under its top; all is a choice too."""
    options = [("", _("ทุกประเด็น"))]
    for branch in theme_branches(tree, ()):
        top, *others = branch.choices
        options.append((top.slug, top.label))
        options += [(one.slug, f"– {one.label}") for one in others]
    return options
