"""The rows of what is to be done next, of minutes and of reviews alike."""

from datetime import date

from kms.note_kinds import ActionItem, NoteContent
from kms.web import asked
from kms.web.forms import when
from kms.web.forms.reading import Notices
from kms.web.forms.typed import Row, Typed, from_rows, plain

ACTION_WORDS = ("what", "owner", "due", "result")


def read(typed: Typed, held: date | None, notices: Notices) -> tuple[ActionItem, ...]:
    """The items typed; days without a year come after the day ``held``."""
    rows = typed.rows("actions", ACTION_WORDS)
    return tuple(
        ActionItem(
            plain(row.get("what", "")),
            plain(row.get("owner", "")),
            when.day(f"actions-{index}-due", row.get("due", ""), notices, after=held),
            done=bool(row.get("done")),
            result=plain(row.get("result", "")),
            carried_from=asked.whole(row.get("carried_from", "")) or None,
            carried_key=plain(row.get("carried_key", "")),
        )
        for index, row in enumerate(rows)
    )


def fill(content: NoteContent) -> dict[str, tuple[str, ...]]:
    """The fields of the items."""
    return from_rows("actions", map(_row, content.actions))


def _row(one: ActionItem) -> Row:
    return {
        "what": one.what,
        "owner": one.owner,
        "due": when.said(one.due),
        "done": "1" if one.done else "",
        "result": one.result,
        "carried_from": str(one.carried_from or ""),
        "carried_key": one.carried_key,
    }
