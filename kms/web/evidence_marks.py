"""Passages that lessons were drawn from, marked where their notes say them.

The pages given are safe already; see ``kms.marking`` for why they stay so.
"""

from dataclasses import dataclass

from flask import url_for
from markupsafe import Markup, escape

from kms import marking, note_text, passages
from kms.language import gettext as _
from kms.marking import Marking
from kms.note_kinds import NoteContent
from kms.note_views import Drawn, NoteView

# More would make a page of marks.
MOST_MARKED = 60


def of_note(main: str, note: NoteView) -> Markup:
    """The main text of a note's page with a link to the lesson after each of its passages."""
    return _marked(main, note, None)


def of_comment(said: str, note: NoteView, comment: int) -> Markup:
    """The same for the words of a comment."""
    return _marked(said, note, comment)


def _marked(page: str, note: NoteView, comment: int | None) -> Markup:
    drawn = [one for one in note.drawn if one.comment == comment]
    markings = [
        Marking(one.passage, f"said-{one.row}", "drawn", _to_lesson(one))
        for one in drawn[:MOST_MARKED]
    ]
    found = marking.marked(page, markings)
    # What could not be marked is led to all the same.
    missing = (one.row for one in drawn if f' id="said-{one.row}"' not in found)
    anchors = "".join(f'<span id="said-{row}"></span>' for row in missing)
    return Markup(anchors + found)  # noqa: S704  safe before


def _to_lesson(one: Drawn) -> str:
    said = _("บทเรียนที่ถอดจากข้อความนี้: %(title)s", title=one.title)
    address = url_for("notes.show", number=one.lesson)
    return str(
        Markup(' <a class="drawn-link" href="{}" title="{}" aria-label="{}">{}</a>').format(
            address, said, said, escape(_("บทเรียน"))
        )
    )


@dataclass(frozen=True)
class Quoted:
    """The words that a lesson quotes from a revision; ``which`` of several places is meant."""

    words: str
    which: int

    @classmethod
    def of(cls, content: NoteContent, passage: tuple[str, int | None]) -> "Quoted":
        """From the words and where they begin in the plain words of the revision."""
        words, starts_at = passage
        before = note_text.plain(content)[: starts_at or 0]
        bare = passages.Bare.of(before).text
        said = [passages.occurrences(bare, one) for one in passages.bare_forms(words)]
        return cls(words, max(map(len, said), default=0))

    def marked(self, page: str) -> Markup:
        """The page of that revision with the words marked, to be scrolled to."""
        found = marking.marked(page, [Marking(self.words, "passage", which=self.which)])
        return Markup(found)  # noqa: S704  safe before

    def is_in(self, page: str) -> bool:
        """Whether the words can be marked there."""
        return 'id="passage"' in self.marked(page)
