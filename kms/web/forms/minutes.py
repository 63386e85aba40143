"""The form of a meeting: who came, what was decided, who does what, and the money."""

from datetime import date

from kms.note_kinds import AgendaItem, Attendee, BudgetLine, Meeting, NoteContent
from kms.thai.numbers import baht, read_baht
from kms.web.forms import next_steps, when
from kms.web.forms.reading import Notices
from kms.web.forms.typed import Row, Typed, from_rows, plain

ATTENDEE_WORDS = ("name", "organisation")
AGENDA_WORDS = ("title", "discussion", "decision")
BUDGET_WORDS = ("organisation", "amount", "note")
PLAIN_FIELDS = ("venue", "starts", "ends", "chair", "next_time", "next_venue")
CLOCKS = ("starts", "ends", "next_time")


def read(typed: Typed, held: date | None, notices: Notices) -> Meeting:
    """The meeting as typed; each row that cannot be read gets its notice.

    ``held`` is the day of the meeting: days typed without a year come after it.
    """
    meeting = Meeting(
        **{name: typed.words(name) for name in PLAIN_FIELDS},
        attendees=_attendees(typed),
        agenda=_agenda(typed),
        actions=next_steps.read(typed, held, notices),
        budget=_budget(typed, notices),
        next_date=when.day("next_date", typed.text("next_date"), notices, after=held),
    )
    for name in CLOCKS:
        when.check_clock(name, getattr(meeting, name), notices)
    if meeting.budget:
        notices.hints["budget"] = baht(meeting.budget_sum_satang)
    return meeting


def _attendees(typed: Typed) -> tuple[Attendee, ...]:
    rows = typed.rows("attendees", ATTENDEE_WORDS)
    return tuple(
        Attendee(
            plain(row.get("name", "")),
            plain(row.get("organisation", "")),
            present=not row.get("absent"),
        )
        for row in rows
    )


def _agenda(typed: Typed) -> tuple[AgendaItem, ...]:
    rows = typed.rows("agenda", AGENDA_WORDS)
    return tuple(AgendaItem(*(plain(row.get(name, "")) for name in AGENDA_WORDS)) for row in rows)


def _budget(typed: Typed, notices: Notices) -> tuple[BudgetLine, ...]:
    rows = typed.rows("budget", BUDGET_WORDS)
    return tuple(
        BudgetLine(
            plain(row.get("organisation", "")),
            _satang(f"budget-{index}-amount", row.get("amount", ""), notices),
            plain(row.get("note", "")),
        )
        for index, row in enumerate(rows)
    )


def _satang(name: str, text: str, notices: Notices) -> int:
    try:
        return read_baht(text)
    except ValueError as problem:
        notices.problems[name] = str(problem)
        return 0


def fill(content: NoteContent) -> Typed:
    """The fields of the meeting."""
    meeting = content.meeting or Meeting()
    single = {name: getattr(meeting, name) for name in PLAIN_FIELDS}
    single["next_date"] = when.said(meeting.next_date)
    return Typed(
        {
            **{name: (value,) for name, value in single.items() if value},
            **from_rows("attendees", map(_attendee_row, meeting.attendees)),
            **from_rows("agenda", map(_agenda_row, meeting.agenda)),
            **next_steps.fill(content),
            **from_rows("budget", map(_budget_row, meeting.budget)),
        }
    )


def _attendee_row(one: Attendee) -> Row:
    absent = "" if one.present else "1"
    return {"name": one.name, "organisation": one.organisation, "absent": absent}


def _agenda_row(one: AgendaItem) -> Row:
    return {"title": one.title, "discussion": one.discussion, "decision": one.decision}


def _budget_row(one: BudgetLine) -> Row:
    whole, rest = divmod(one.amount_satang, 100)
    amount = f"{whole:,}.{rest:02}" if rest else f"{whole:,}"
    return {"organisation": one.organisation, "amount": amount, "note": one.note}
