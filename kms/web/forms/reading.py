"""What the server understood of a form, to be said beside each field."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kms.note_kinds import NoteContent


@dataclass(frozen=True)
class Choice:
    """One way to understand what was typed."""

    value: str
    label: str


@dataclass
class Notices:
    """Collected while a form is read; every one is keyed by the field it stands beside.

    ``problems`` refuse the form, ``hints`` say how something was understood, ``warnings`` ask to
    look again, ``choices`` are offered where there is more than one way to understand the words
    in ``asked``, ``found`` is the value understood, and ``unread`` are places not understood.
    """

    problems: dict[str, str] = field(default_factory=dict)
    hints: dict[str, str] = field(default_factory=dict)
    warnings: dict[str, str] = field(default_factory=dict)
    choices: dict[str, tuple[Choice, ...]] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Reading:
    """The content that a form asks to save, and what to say about it."""

    content: NoteContent
    notices: Notices

    @property
    def problems(self) -> Mapping[str, str]:
        """Sentences by field; empty when the form can be saved as far as the form can tell."""
        return self.notices.problems
